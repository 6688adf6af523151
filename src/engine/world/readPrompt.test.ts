import { describe, expect, it } from "vitest";
import { createRng } from "../rng.ts";
import { drawMetadata } from "./drawMetadata.ts";
import { readPrompt } from "./readPrompt.ts";
import { TAGS } from "./sentences.ts";
import { worldPreset } from "./worldSpec.ts";

describe("readPrompt", () => {
  const world = worldPreset("all");

  it.each(TAGS)("reads %s back to the record it was written from", (tag) => {
    for (let at = 0; at < 200; at++) {
      const metadata = drawMetadata(world, tag, createRng(at, "readPrompt", tag));
      expect(readPrompt(metadata.prompt, world)).toEqual(metadata);
    }
  });

  it.each([
    ["another opening", "a picture of an apple"],
    ["a wrong article", "a photo of a apple"],
    ["a class outside the world", "a photo of a submarine"],
    ["one colour of two", "a photo of a red apple and a dog"],
    ["coloured things side by side", "a photo of a red apple left of a dog"],
    ["more than the world counts to", "a photo of nine apples"],
    ["nothing", ""],
  ])("refuses %s", (_, prompt) => {
    expect(readPrompt(prompt, world)).toBeNull();
  });
});
