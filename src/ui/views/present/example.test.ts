import { describe, expect, it } from "vitest";
import type { FilmstripRow, GroupView, StepView } from "../../stores/galleryStore.ts";
import { bestAndWorst, changeOf, pickExample, promptsOf } from "./example.ts";

const image = { width: 1, height: 1, rgb: Uint8Array.of(1, 2, 3) };

function groupOf(prompt: string, rewards: number[] | null): GroupView {
  const place = { step: 1, group: 0 };
  const images = [image, image];
  return {
    drawn: { type: "groupDrawn", ...place, tag: "", prompt, question: "?", gold: "", images, seeds: [] },
    judged: rewards && {
      type: "groupJudged",
      ...place,
      answers: rewards.map(String),
      probabilities: [],
      rewards,
      parts: [],
    },
    scored: rewards && { type: "groupScored", ...place, advantages: rewards, isDead: false },
  };
}

const stepOf = (step: number, ...groups: (GroupView | null)[]): StepView => ({
  step,
  groupSize: 2,
  groups,
  draw: null,
  decoding: null,
});

describe("the example", () => {
  it("is the group whose images differ most, the first of equals", () => {
    const finished = stepOf(3, groupOf("a", [1, 1]), groupOf("b", [0, 0.5]), groupOf("c", [0.5, 1]));
    expect(pickExample({ current: null, finished })).toMatchObject({
      step: 3,
      prompt: "b",
      answers: ["0", "0.5"],
    });
  });

  it("comes from the step at work as soon as that one is scored", () => {
    const finished = stepOf(3, groupOf("old", [0, 1]));
    expect(pickExample({ current: stepOf(4, groupOf("new", null)), finished })?.prompt).toBe("old");
    expect(pickExample({ current: stepOf(4, groupOf("new", [1, 1])), finished })?.prompt).toBe("new");
    expect(pickExample({ current: stepOf(1, null), finished: null })).toBeNull();
  });

  it("shows the best and the worst image, or one where all are alike", () => {
    expect(bestAndWorst([0.5, 1, 0, 1, 0])).toEqual([1, 2]);
    expect(bestAndWorst([1, 1])).toEqual([0]);
    expect(bestAndWorst([])).toEqual([]);
  });
});

describe("the prompts", () => {
  it("are a whole step's, each once", () => {
    const finished = stepOf(1, groupOf("a", [1]), groupOf("b", [1]), groupOf("a", [1]));
    expect(promptsOf({ current: null, finished })?.prompts).toEqual(["a", "b"]);
    expect(promptsOf({ current: stepOf(2, groupOf("c", null), null), finished })?.prompts).toEqual([
      "a",
      "b",
    ]);
    expect(promptsOf({ current: stepOf(2, groupOf("c", null)), finished })?.prompts).toEqual(["c"]);
  });

  it("are what is known of the very first step", () => {
    expect(promptsOf({ current: stepOf(1, groupOf("c", null), null), finished: null })?.prompts).toEqual([
      "c",
    ]);
    expect(promptsOf({ current: null, finished: null })).toBeNull();
  });
});

describe("before and now", () => {
  const row = (...steps: number[]): FilmstripRow => ({
    prompt: "a boat",
    seed: "0",
    frames: steps.map((step) => ({ step, image })),
  });

  it("are the first and the newest drawing of the first fixed prompt", () => {
    const change = changeOf([row(0, 5, 10), row(0)], null);
    expect([change?.before.step, change?.now?.step]).toEqual([0, 10]);
    expect(changeOf([row(0, 5, 10)], 7)?.now?.step).toBe(5);
  });

  it("have no now until it is drawn again, and are nothing without a film", () => {
    expect(changeOf([row(0)], null)).toMatchObject({ before: { step: 0 }, now: null });
    expect(changeOf([], null)).toBeNull();
  });
});
