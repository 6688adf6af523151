/** Chooses what a screen reader hears: news at most every ten seconds, the newest winning, and errors at once. */

export const ANNOUNCE_EVERY_MS = 10_000;

export interface Announcer {
  /** Offers a piece of news; it is spoken now, later, or never when fresher news replaces it. */
  offer(news: string): void;
  dispose(): void;
}

/** @param speak puts the words into the live region */
export function createAnnouncer(speak: (news: string) => void): Announcer {
  let waiting: string | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const rest = () => {
    timer = setTimeout(() => {
      timer = null;
      if (waiting === null) return;
      speak(waiting);
      waiting = null;
      rest();
    }, ANNOUNCE_EVERY_MS);
  };
  return {
    offer(news) {
      if (timer !== null) {
        waiting = news;
        return;
      }
      speak(news);
      rest();
    },
    dispose() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
