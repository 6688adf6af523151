import { expect, it } from "vitest";
import { BEATS, beatAt } from "./beats.ts";

it("goes from beat to beat and holds at both ends", () => {
  expect(BEATS.map((beat) => beatAt(beat, 1))).toEqual([
    "drawing",
    "question",
    "reward",
    "change",
    "curve",
    "curve",
  ]);
  expect(BEATS.map((beat) => beatAt(beat, -1))).toEqual([
    "prompts",
    "prompts",
    "drawing",
    "question",
    "reward",
    "change",
  ]);
});
