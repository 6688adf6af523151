import { expect, it } from "vitest";
import type { StepView } from "./galleryStore.ts";
import { keepStep, recallStep } from "./pastSteps.ts";

function stepOf(step: number, bytes: number): StepView {
  const images = [{ width: 1, height: 1, rgb: new Uint8Array(bytes) }];
  const drawn = {
    type: "groupDrawn" as const,
    step,
    group: 0,
    tag: "counting",
    prompt: "two cats",
    question: "how many cats?",
    gold: "two",
    images,
    seeds: ["0"],
  };
  const groups = [{ drawn, judged: null, scored: null }];
  return { step, groupSize: 1, groups, draw: null, decoding: null };
}

it("keeps the newest steps within the limit, and the last one whatever it takes", () => {
  let past: readonly StepView[] = [];
  for (let step = 1; step <= 6; step++) past = keepStep(past, stepOf(step, 10), 30);
  expect(past.map(({ step }) => step)).toEqual([4, 5, 6]);
  expect(keepStep(past, stepOf(7, 99), 30).map(({ step }) => step)).toEqual([7]);
});

it("forgets what a roll-back undid, and recalls only what it kept", () => {
  const past = keepStep(keepStep(keepStep([], stepOf(1, 1)), stepOf(2, 1)), stepOf(3, 1));
  const again = keepStep(past, stepOf(2, 1));
  expect(again.map(({ step }) => step)).toEqual([1, 2]);
  expect(recallStep(again, 2)?.step).toBe(2);
  expect(recallStep(again, 3)).toBeNull();
});
