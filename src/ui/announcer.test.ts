import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ANNOUNCE_EVERY_MS, createAnnouncer } from "./announcer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("speaks at once, then at most every ten seconds, the newest news only", () => {
  const spoken: string[] = [];
  const announcer = createAnnouncer((news) => spoken.push(news));
  for (const news of ["one", "two", "three"]) announcer.offer(news);
  expect(spoken).toEqual(["one"]);
  vi.advanceTimersByTime(ANNOUNCE_EVERY_MS);
  expect(spoken).toEqual(["one", "three"]);
  vi.advanceTimersByTime(ANNOUNCE_EVERY_MS);
  announcer.offer("four");
  expect(spoken).toEqual(["one", "three", "four"]);
});
