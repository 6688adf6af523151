import { describe, expect, it } from "vitest";
import { createRng } from "../rng.ts";
import { drawTrainingPrompt } from "./prompts.ts";
import { colouredObject, counting, positioned, TAGS, twoObjects } from "./sentences.ts";
import { createSplits, drawFromSplit } from "./splits.ts";
import { parseWorldSpec, WORLD_PRESETS, type WorldSpec, worldPreset } from "./worldSpec.ts";

const spec = worldPreset("all");
const splits = createSplits(spec);

describe("splits", () => {
  it("does not depend on the order of classes and colours", () => {
    const reordered: WorldSpec = {
      ...spec,
      classes: spec.classes.toReversed(),
      colours: spec.colours.toReversed(),
    };
    const other = createSplits(reordered);
    expect(other.test).toEqual(splits.test);
    expect(other.validation).toEqual(splits.validation);
    const rng = createRng(3);
    for (let draw = 0; draw < 2000; draw++) {
      const metadata = drawFromSplit(spec, splits, "all", rng.pick(TAGS), rng);
      expect(other.isHeldOut(metadata)).toBe(splits.isHeldOut(metadata));
    }
  });

  it("holds out about 15 % of pairs and class colours, and four count cells", () => {
    let pairs = 0;
    let heldPairs = 0;
    for (const a of spec.classes) {
      for (const b of spec.classes) {
        if (a === b) continue;
        pairs += 1;
        const isHeld = splits.isHeldOutComposition(twoObjects(a, b));
        expect(splits.isHeldOutComposition(positioned(b, "above", a))).toBe(isHeld);
        if (isHeld) heldPairs += 1;
      }
    }
    expect(Math.abs(heldPairs / pairs - 0.15)).toBeLessThan(0.03);
    const colourCells = spec.classes.flatMap((name) => spec.colours.map((c) => colouredObject(name, c)));
    const heldColours = colourCells.filter((metadata) => splits.isHeldOutComposition(metadata)).length;
    expect(Math.abs(heldColours / colourCells.length - 0.15)).toBeLessThan(0.04);
    const countCells = spec.classes.flatMap((name) => [2, 3, 4].map((count) => counting(name, count)));
    expect(countCells.filter((metadata) => splits.isHeldOutComposition(metadata))).toHaveLength(4);
  });

  it.each(["all", "tiny"] as const)(
    "lists 400 test and 240 validation prompts of %s, all different",
    (preset) => {
      const { test, validation } = createSplits(worldPreset(preset));
      expect(test.length).toBeGreaterThanOrEqual(400);
      expect(validation.length).toBeGreaterThanOrEqual(240);
      const texts = [...test, ...validation].map(({ metadata }) => metadata.prompt);
      expect(new Set(texts).size).toBe(texts.length);
    },
  );

  it("lists prompts of all tags, half of them or more unseen where a tag has both kinds", () => {
    for (const list of [splits.test, splits.validation]) {
      for (const tag of TAGS) {
        const listed = list.filter(({ metadata }) => metadata.tag === tag);
        expect(listed.length).toBeGreaterThanOrEqual(25);
        const seen = listed.filter((prompt) => prompt.seen).length;
        if (tag === "single_object") expect(seen).toBe(listed.length);
        else if (tag === "counting") expect(seen).toBe(0);
        else {
          expect(seen).toBeGreaterThanOrEqual(20);
          expect(seen).toBeLessThanOrEqual(listed.length * 0.52);
        }
      }
    }
    const compositionsAgree = [...splits.test, ...splits.validation].every(
      ({ metadata, seen }) => !(seen && splits.isHeldOutComposition(metadata)),
    );
    expect(compositionsAgree).toBe(true);
  });

  it.each(WORLD_PRESETS)(
    "draws 100,000 training prompts of %s without one that is kept out",
    (preset) => {
      const world = worldPreset(preset);
      const worldSplits = createSplits(world);
      const listed = new Set(
        [...worldSplits.test, ...worldSplits.validation]
          .filter(({ metadata }) => metadata.tag !== "single_object")
          .map(({ metadata }) => metadata.prompt),
      );
      const rng = createRng(4, preset);
      const drawnTags = new Map<string, number>();
      const leaked: string[] = [];
      for (let draw = 0; draw < 100_000; draw++) {
        const { metadata } = drawTrainingPrompt(world, worldSplits, rng);
        drawnTags.set(metadata.tag, (drawnTags.get(metadata.tag) ?? 0) + 1);
        if (listed.has(metadata.prompt) || worldSplits.isHeldOutComposition(metadata))
          leaked.push(metadata.prompt);
      }
      expect(leaked).toEqual([]);
      for (const tag of TAGS) expect(Math.abs((drawnTags.get(tag) ?? 0) - 100_000 / 6)).toBeLessThan(700);
    },
    60_000,
  );
});

describe("parseWorldSpec", () => {
  it("reads back a preset and rejects what the world cannot draw", () => {
    const json = { format: "unirl-world", version: 1, ...spec, words: [] };
    expect(parseWorldSpec(JSON.parse(JSON.stringify(json)))).toEqual(spec);
    for (const damage of [
      { format: "x" },
      { side: 20 },
      { classes: ["dragon", "dog"] },
      { colours: ["gray", "red"] },
      { sizes: [40, 24] },
      { backgrounds: [[1, 2]] },
    ]) {
      expect(() => parseWorldSpec({ ...json, ...damage })).toThrow(
        expect.objectContaining({ code: "fileCorrupt" }),
      );
    }
    expect(() => parseWorldSpec(null)).toThrow(expect.objectContaining({ code: "fileCorrupt" }));
  });
});
