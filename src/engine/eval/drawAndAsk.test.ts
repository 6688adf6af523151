import { expect, it } from "vitest";
import { TAGS } from "../world/sentences.ts";
import { createSplits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { planDraws } from "./drawAndAsk.ts";

it("draws more of each prompt where a task has few prompts, and the same images first", () => {
  const { test } = createSplits(worldPreset("nano"));
  const few = planDraws(test, 2, 0);
  const planned = planDraws(test, 2, 0, 100);
  for (const tag of TAGS) {
    const listed = test.filter(({ metadata }) => metadata.tag === tag).length;
    const drawn = planned.filter(({ metadata }) => metadata.tag === tag).length;
    expect(drawn).toBe(listed * Math.max(2, Math.ceil(100 / listed)));
  }
  const seeds = new Set(planned.map(({ seed }) => seed));
  expect(seeds.size).toBe(planned.length);
  expect(few.every(({ seed }) => seeds.has(seed))).toBe(true);
});
