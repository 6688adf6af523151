import { describe, expect, it } from "vitest";
import { about, describeJudging, describePicture, nameTask, TASK_NAMES } from "./judging.ts";

describe("about", () => {
  it("is as exact as anybody knows, and rounds up", () => {
    expect([2, 31, 89, 90, 3599, 7750].map(about)).toEqual([
      "about 10 s",
      "about 40 s",
      "about 90 s",
      "about 2 min",
      "about 1 h 0 min",
      "about 2 h 10 min",
    ]);
  });
});

describe("describeJudging", () => {
  const state = (done: number, mean: number | null) => {
    return { total: 60, done, scores: mean === null ? null : { overall: { mean } } };
  };

  it("says how far it is and how it stands, and nothing before there is anything", () => {
    expect(describeJudging([state(0, null)], true)).toBeNull();
    expect(describeJudging([state(60, 0.4), state(20, 0.5)], true)).toBe(
      "Judging: 80 of 120 images, score 0.40 and 0.50",
    );
    expect(describeJudging([state(60, 0.4)], false)).toBe("Judged: 60 of 60 images, score 0.40");
  });
});

it("describes a picture with verdict, reasons and the model's own opinion", () => {
  const picture = { prompt: "two cups", number: 0, answer: "two", reward: 1 };
  const right = { ...picture, correct: true, reasons: [] };
  const wrong = { ...picture, correct: false, reasons: ["asked for 2 cup, found 1"] };
  expect(describePicture(right, "The open run")).toBe(
    "“two cups” by The open run, image 1, right. Its own answer “two”, reward 1.00.",
  );
  expect(describePicture(wrong, "The open run")).toContain("wrong: asked for 2 cup, found 1.");
});

it("names GenEval's six tasks in its order, and no seventh", () => {
  expect(Object.keys(TASK_NAMES)).toEqual([
    "single_object",
    "two_object",
    "counting",
    "colors",
    "position",
    "color_attr",
  ]);
  expect(nameTask("color_attr")).toBe("colour binding");
  expect(nameTask("other")).toBe("other");
});
