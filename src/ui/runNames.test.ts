import { describe, expect, it } from "vitest";
import { makeConfig } from "../engine/config.ts";
import { configOf, LESSONS } from "./lessons/lessons.ts";
import { nameByDifference } from "./runNames.ts";
import { spellValue } from "./text/config.ts";

describe("nameByDifference", () => {
  it("names a preset, and every lesson by its title", () => {
    expect(nameByDifference({ preset: "robust", config: makeConfig("robust") })).toBe("Robust");
    expect(nameByDifference({ preset: "paper-showo", config: makeConfig("paper-showo") })).toBe(
      "Paper-showo",
    );
    for (const lesson of LESSONS) {
      expect(nameByDifference({ preset: lesson.preset, config: configOf(lesson) })).toBe(lesson.title);
    }
  });

  it("names what differs from the nearest of them, two at most, and nothing about keeping", () => {
    const config = makeConfig("robust", { learningRate: 2e-4, groupSize: 4, temperature: 2, gpuShare: 50 });
    expect(nameByDifference({ preset: "robust", config })).toBe(
      "Learning rate 2e-4, group size G 4 and 1 more",
    );
    const counting = LESSONS.find(({ id }) => id === "counting");
    if (!counting) throw new Error("There is no lesson about counting.");
    const seeded = { ...configOf(counting), seed: 3 };
    expect(nameByDifference({ preset: "robust", config: seeded })).toBe("Counting, seed 3");
  });

  it("keeps the name of a preset it does not know, beside what differs from the usual one", () => {
    const config = makeConfig("robust", { groupSize: 16 });
    expect(nameByDifference({ preset: "later", config })).toBe("Later, group size G 16");
  });
});

describe("spellValue", () => {
  it("uses the recipe's words, powers of ten for the small, and units", () => {
    expect(spellValue("promptKind", "color_attr")).toBe("colour binding");
    expect(spellValue("learningRate", 6e-4)).toBe("6e-4");
    expect(spellValue("klImage", 0)).toBe("0");
    expect(spellValue("klImage", 0.02)).toBe("0.02");
    expect(spellValue("checkpointEvery", 5)).toBe("5 steps");
  });
});
