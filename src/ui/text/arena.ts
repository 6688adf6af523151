/** The arena's words. */
import type { Hindrance } from "../arena/contest.ts";
import type { Verdict } from "../arena/arena.ts";
import type { Contender, Look, Place } from "../stores/arenaStore.ts";
import { formatShare } from "./numbers.ts";

/** The two pictures as they stand on the screen. */
export const LETTERS: Readonly<Record<Place, string>> = { left: "A", right: "B" };

export const VOTE_WORDS: Readonly<Record<Verdict, { label: string; help: string }>> = {
  left: { label: "A better", help: "In the arena: the left picture is better." },
  bothBad: { label: "Both bad", help: "In the arena: neither picture is any good." },
  tie: { label: "Tie", help: "In the arena: both pictures are as good." },
  right: { label: "B better", help: "In the arena: the right picture is better." },
};

export const LOOK_WORDS: Readonly<Record<Look, string>> = {
  side: "Side by side",
  swipe: "Swipe",
  blink: "Blink",
};

export const HINDRANCE_WORDS: Readonly<Record<Hindrance, string>> = {
  noModel: "",
  failed: "Something failed: see above for the way on.",
  drawing: "",
  noPrompt: "Say what to draw.",
  sameWeights: "Choose two different ones: the same weights draw the same picture.",
};

export const ARENA_WORDS = {
  look: "How to look",
  blind: "Blind",
  blindHelp: "Sides by chance, names only after the vote.",
  pair: "The pair",
  recorded: "recorded",
  recordedPair: (at: number, of: number) => `Pair ${at} of ${of}`,
  livePair: (seed: string) => `Seed ${seed}`,
  loading: "Fetching recorded pairs…",
  unreadable: "The recorded pairs could not be fetched. Check the connection, or draw pairs live.",
  next: "Next pair",
  draw: "Generate both",
  stop: "Stop",
  stopping: "Stopping…",
  nextHelp: "In the arena: the next recorded pair, or draw a new one.",
  tryLive: "Draw this live",
  undo: "Take back",
  first: "A",
  second: "B",
  firstBlind: "One",
  secondBlind: "Other",
  prompt: "Prompt",
  promptHint: "a photo of two red apples",
  seed: "Seed",
  roll: "Another seed",
  keepSeed: "keep",
  keepSeedHelp: "Draw with this seed every time.",
  setup: "What meets",
  pauses: "Training is running. It pauses while these are drawn.",
  needsModel: "Pairs are drawn here, in this browser, once the model is loaded.",
  empty: "Two states of the model draw the same prompt from the same seed. Which is better?",
  waiting: "not drawn yet",
  drawing: "drawing…",
  notDrawn: "not drawn",
  hiddenName: "names come after your vote",
  noQuestion: "not asked",
  noAnswer: "no answer",
  swipe: "Border between A and B",
  swiped: (percent: number) => `${percent} % A, ${100 - percent} % B`,
  swap: "Show the other",
  blink: "Blink",
  hold: "Hold still",
  votes: "Votes",
  noVotes: "No votes yet. The rate stands here with its 95 % interval as soon as you have said which is better.",
  export: "Votes as CSV",
  clear: "Clear votes",
  clearAsk: (count: number) => `Forget ${count === 1 ? "the vote" : `all ${count} votes`}?`,
  clearYes: "Forget",
  clearNo: "Keep",
  kept: "Kept in this browser only.",
  axis: "Share of decided votes",
  history: "Earlier pairs",
  historyEmpty: "Pairs you have voted on collect here.",
  lookAgain: (prompt: string, verdict: string) => `Look again at “${prompt}”: ${verdict}`,
  differences: "What differs",
  afterVote: "Shown after your vote.",
} as const;

/** "The model as it came", "robust, 26 Nov, 12:04, step 20" */
export const nameOf = ({ name, step }: Contender): string => (step === 0 ? name : `${name}, step ${step}`);

/** What a recording's contenders are called. */
export const RECORDED_NAMES = { before: "before training", after: "after training" } as const;

export function altOf(place: Place, prompt: string, contender: Contender | null): string {
  const letter = LETTERS[place];
  return contender ? `“${prompt}” drawn ${byWhom(contender)} (${letter})` : `Picture ${letter} for “${prompt}”`;
}

/** "before training", "by robust, 26 Nov, 12:04, step 20" */
function byWhom(contender: Contender): string {
  const isMoment = Object.values(RECORDED_NAMES).some((name) => name === contender.name);
  return isMoment ? nameOf(contender) : `by ${nameOf(contender)}`;
}

/** "67 % (39–86 %)" */
export function formatInterval({ mean, low, high }: { mean: number; low: number; high: number }): string {
  const ends = [low, high].map((share) => Math.round(share * 100));
  return `${formatShare(mean)} (${ends.join("–")} %)`;
}

/** "12 votes", "12 votes, 9 of them blind" */
export function formatVotes(total: number, blind: number): string {
  const count = total === 1 ? "1 vote" : `${total} votes`;
  if (blind === total) return total === 1 ? "1 blind vote" : `${total} blind votes`;
  return `${count}, ${blind} of them blind`;
}
