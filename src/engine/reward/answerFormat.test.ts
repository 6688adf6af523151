import { describe, expect, it } from "vitest";
import { createRng } from "../rng.ts";
import { answerOf, TAGS } from "../world/sentences.ts";
import { createSplits, drawFromSplit } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { answerFormat } from "./answerFormat.ts";

describe("answerFormat", () => {
  it("finds every tag's own gold answers", () => {
    const spec = worldPreset("tiny");
    const splits = createSplits(spec);
    for (const tag of TAGS) {
      for (let seed = 0; seed < 40; seed++) {
        const gold = answerOf(drawFromSplit(spec, splits, "train", tag, createRng(tag, seed)));
        expect(answerFormat(gold), gold).toBe(tag);
      }
    }
  });

  it("does not care whether an answer is right, and says so when it has no form", () => {
    expect(answerFormat("a cat is under a dog")).toBe("position");
    expect(answerFormat("the car is red")).toBe("colors");
    expect(answerFormat("")).toBe("other");
    expect(answerFormat("the the of")).toBe("other");
    expect(answerFormat("dog dog dog")).toBe("other");
  });
});
