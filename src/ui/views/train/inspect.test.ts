import { describe, expect, it } from "vitest";
import type { GroupView, StepView } from "../../stores/galleryStore.ts";
import { inspect, neighbour } from "./inspect.ts";

const image = { width: 1, height: 1, rgb: new Uint8Array(3) };
const drawn = {
  type: "groupDrawn" as const,
  step: 4,
  group: 0,
  tag: "counting",
  prompt: "a photo of two cats",
  question: "how many cats are in the image ?",
  gold: "two",
  images: [image, image],
  seeds: ["4/0", "4/1"],
};
const judged = {
  type: "groupJudged" as const,
  step: 4,
  group: 0,
  answers: ["two", "three"],
  probabilities: [0.9, 0.4],
  rewards: [1, 0.5],
  parts: [
    [{ label: "count", earned: 1, possible: 1 }],
    [
      { label: "class", earned: 1, possible: 1 },
      { label: "count", earned: 0, possible: 1 },
    ],
  ],
};
const scored = { type: "groupScored" as const, step: 4, group: 0, advantages: [1, -1], isDead: false };
const step = { step: 4, groupSize: 2, groups: [], draw: null, decoding: null } satisfies StepView;
const look = (group: Partial<GroupView>, at: number) =>
  inspect(step, { drawn, judged: null, scored: null, ...group }, at);

describe("inspect", () => {
  it("puts the image's own parts together", () => {
    expect(look({ judged, scored }, 1)).toMatchObject({
      step: 4,
      seed: "4/1",
      answer: "three",
      probability: 0.4,
      reward: 0.5,
      advantage: -1,
      parts: judged.parts[1],
    });
    expect(look({}, 2)).toBeNull();
  });

  it("says how the reward stands in its group and what follows", () => {
    expect(look({}, 0)?.verdict).toBe("Not judged yet.");
    expect(look({ judged }, 1)?.verdict).toBe(
      "The group earned 0.75 on average; this image −0.25 against it.",
    );
    expect(look({ judged, scored }, 0)?.verdict).toMatch(
      /\+0\.25 against it\. Drawings like it become more likely\.$/,
    );
    expect(look({ judged, scored }, 1)?.verdict).toMatch(/less likely\.$/);
    const dead = { ...scored, advantages: [0, 0], isDead: true };
    expect(look({ judged, scored: dead }, 0)?.verdict).toMatch(/none of them teaches anything\.$/);
  });
});

describe("neighbour", () => {
  it("goes round the group", () => {
    expect([neighbour(0, -1, 8), neighbour(7, 1, 8), neighbour(3, 1, 8)]).toEqual([7, 0, 4]);
  });
});
