import { describe, expect, it } from "vitest";
import type { JudgedPicture } from "../../stores/evaluationStore.ts";
import { compareOpinions, filterRows, reasonsOf, rowsOf, sortByFailures } from "./promptRows.ts";

const picture = (prompt: string, number: number, reasons: string[], reward = 1): JudgedPicture => ({
  tag: prompt.includes("two") ? "counting" : "colors",
  prompt,
  number,
  seen: true,
  seed: `0/${prompt}/${number}`,
  correct: reasons.length === 0,
  reasons,
  answer: "",
  reward,
  image: null,
  line: "{}",
});

const BEFORE = [
  picture("two cups", 0, ["asked for 2 cup, found 1"]),
  picture("two cups", 1, ["asked for 2 cup, found 1"]),
  picture("a red cup", 0, [], 0.5),
];
const AFTER = [
  picture("a red cup", 1, ["asked for 1 red cup, the most confident is blue"]),
  picture("two cups", 1, []),
];

describe("rows of prompts", () => {
  it("puts the same seed of every state into the same place", () => {
    const [cups, red, ...rest] = rowsOf([BEFORE, AFTER]);
    expect(rest).toEqual([]);
    expect(cups?.places.map(({ pictures }) => pictures.map((at) => at?.correct ?? null))).toEqual([
      [false, null],
      [false, true],
    ]);
    expect(red?.places.map(({ number }) => number)).toEqual([0, 1]);
  });

  it("filters by task and by what is wrong in any state", () => {
    const rows = rowsOf([BEFORE, AFTER]);
    const names = (filter: Parameters<typeof filterRows>[1]) =>
      filterRows(rows, filter).map((row) => row.prompt);
    expect(names({ tag: null, isWrongOnly: true })).toEqual(["two cups", "a red cup"]);
    expect(names({ tag: "colors", isWrongOnly: false })).toEqual(["a red cup"]);
    expect(filterRows(rowsOf([BEFORE]), { tag: "colors", isWrongOnly: true })).toEqual([]);
  });

  it("has the failures of the last state first", () => {
    const rows = rowsOf([BEFORE, AFTER]);
    expect(sortByFailures(rows, 2).map(({ prompt }) => prompt)).toEqual(["a red cup", "two cups"]);
    expect(sortByFailures(rowsOf([BEFORE]), 1).map(({ prompt }) => prompt)).toEqual([
      "two cups",
      "a red cup",
    ]);
  });

  it("counts the reasons, state by state", () => {
    const [cups] = rowsOf([BEFORE, AFTER]);
    expect(cups && reasonsOf(cups, 2)).toEqual([{ text: "asked for 2 cup, found 1", counts: [2, 0] }]);
  });
});

it("sets the model's opinion beside the judge's", () => {
  expect(compareOpinions([])).toBeNull();
  const { reward, correct } = compareOpinions(BEFORE) ?? { reward: Number.NaN, correct: Number.NaN };
  // Two cups: 1 and 0; a red cup: 0.5 and 1.
  expect(reward).toBeCloseTo(0.75, 12);
  expect(correct).toBeCloseTo(0.5, 12);
});
