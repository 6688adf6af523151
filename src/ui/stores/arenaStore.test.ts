import { describe, expect, it } from "vitest";
import type { WorkerEvent } from "../../protocol/events.ts";
import {
  type ArenaView,
  addPairs,
  createArenaStore,
  isComplete,
  isHidden,
  type Pair,
  reduceArena,
  setBlind,
  shownPair,
  showPair,
  startPair,
} from "./arenaStore.ts";
import type { Memory } from "./settingsStore.ts";
import { castVote, createVotesStore, takeBack, voteOn } from "./votesStore.ts";

const EMPTY = createArenaStore().getState();
const PAIR: Pair = {
  id: "job-1",
  origin: "live",
  title: "nano",
  prompt: "two cups",
  seed: "77",
  contenders: [
    { key: "nano/model", name: "The model as it came", step: 0 },
    { key: "nano/run:a", name: "robust", step: 0 },
  ],
  pictures: [null, null],
  isSwapped: true,
};

const drawn = (source: number, step: number, jobId = "job-1"): WorkerEvent => ({
  type: "sampleDrawn",
  jobId,
  source,
  step,
  image: { width: 1, height: 1, rgb: new Uint8Array(3) },
  question: null,
  answer: null,
  probability: null,
});
const ended = (outcome: "finished" | "stopped" | "failed"): WorkerEvent => ({
  type: "jobEnded",
  jobId: "job-1",
  outcome,
});
const play = (arena: ArenaView, ...events: WorkerEvent[]) => events.reduce(reduceArena, arena);
const shown = (arena: ArenaView) => shownPair(arena, "live") as Pair;

describe("a live pair", () => {
  it("gets its pictures in the order of the screen, with the steps behind them", () => {
    // Swapped: the second contender stands on the left, so it was asked for first.
    const arena = play(startPair(EMPTY, PAIR), drawn(0, 12), drawn(1, 0), ended("finished"));
    expect(shown(arena).contenders).toMatchObject([
      { key: "nano/model@0", step: 0 },
      { key: "nano/run:a@12", step: 12 },
    ]);
    expect(isComplete(shown(arena))).toBe(true);
    expect([arena.job, arena.ending]).toEqual([null, null]);
  });

  it.each(["stopped", "failed"] as const)("keeps what was finished when it is %s", (outcome) => {
    const arena = play(startPair(EMPTY, PAIR), drawn(0, 12), ended(outcome));
    expect(shown(arena).pictures.map((picture) => picture !== null)).toEqual([false, true]);
    expect([arena.job, arena.ending]).toEqual([null, outcome]);
    // The next one takes its place.
    expect(startPair(arena, { ...PAIR, id: "job-2" }).pairs.live.map(({ id }) => id)).toEqual(["job-2"]);
  });

  it("ends with its worker, and hears nothing of other jobs", () => {
    const begun = startPair(EMPTY, PAIR);
    expect(play(begun, drawn(0, 3, "other"))).toBe(begun);
    const error = { code: "workerCrash" as const, message: "gone", data: {} };
    expect(play(begun, { type: "failed", error, isFatal: false, step: null }).job).not.toBeNull();
    expect(play(begun, { type: "failed", error, isFatal: true, step: null })).toMatchObject({
      job: null,
      ending: "failed",
    });
    // What comes late belongs to nobody.
    const over = play(begun, ended("stopped"));
    expect(play(over, drawn(0, 3))).toBe(over);
  });
});

describe("blindness", () => {
  const pairs = ["a", "b"].map((id): Pair => ({ ...PAIR, id, origin: "recorded" }));
  const [first, second] = pairs as [Pair, Pair];
  const arena = showPair(addPairs(EMPTY, "recorded", pairs), "recorded", "a");

  it("hides names until the vote", () => {
    expect(isHidden(arena, first, false)).toBe(true);
    expect(isHidden(arena, first, true)).toBe(false);
  });

  it("does not come back for names that were seen", () => {
    const again = setBlind(setBlind(arena, false), true);
    expect(isHidden(again, first, false)).toBe(false);
    expect(isHidden(again, second, false)).toBe(true);
  });

  it("is written down with the vote, and gone from one that was taken back", () => {
    const votes = castVote([], arena, first, "second", 1);
    expect(voteOn(votes, first)).toMatchObject({ choice: "second", isBlind: true });
    // The first vote stands.
    expect(castVote(votes, arena, first, "first", 2)).toBe(votes);
    const after = takeBack(votes, arena, first);
    expect(after.votes).toEqual([]);
    expect(castVote(after.votes, after.arena, first, "tie", 3)[0]).toMatchObject({ isBlind: false });
  });
});

describe("addPairs", () => {
  it("keeps what is known of a pair, such as its sides", () => {
    const once = addPairs(EMPTY, "recorded", [PAIR]);
    const twice = addPairs(once, "recorded", [
      { ...PAIR, isSwapped: false },
      { ...PAIR, id: "job-2" },
    ]);
    expect(twice.pairs.recorded.map(({ id, isSwapped }) => [id, isSwapped])).toEqual([
      ["job-1", true],
      ["job-2", true],
    ]);
  });
});

describe("votes over a reload", () => {
  const kept = new Map<string, string>();
  const memory: Memory = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
  };

  it("come back, and what is damaged is left out", () => {
    const votes = castVote([], EMPTY, PAIR, "tie", 1);
    createVotesStore(memory).setState({ votes });
    expect(createVotesStore(memory).getState().votes).toEqual(votes);
    kept.set("unirl.votes", JSON.stringify([{ ...votes[0], choice: "both" }, ...votes]));
    expect(createVotesStore(memory).getState().votes).toEqual(votes);
    kept.set("unirl.votes", "{");
    expect(createVotesStore(memory).getState().votes).toEqual([]);
  });

  it("hold without a memory, and with one that refuses", () => {
    const refuse = () => {
      throw new Error("full");
    };
    for (const none of [null, { getItem: refuse, setItem: refuse }]) {
      const store = createVotesStore(none);
      store.setState({ votes: castVote([], EMPTY, PAIR, "first", 1) });
      expect(store.getState().votes).toHaveLength(1);
    }
  });
});
