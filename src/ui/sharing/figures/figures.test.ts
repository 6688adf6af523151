import { expect, it } from "vitest";
import { columnsOf } from "../../groupLayout.ts";
import { planFrames } from "../animation/filmFrames.ts";
import { spreadSteps } from "./filmFigure.ts";

it("shows the first and the last step, and evenly what lies between", () => {
  expect(spreadSteps([0, 5, 10], 6)).toEqual([0, 5, 10]);
  expect(
    spreadSteps(
      Array.from({ length: 21 }, (_, at) => at * 5),
      6,
    ),
  ).toEqual([0, 20, 40, 60, 80, 100]);
  expect(spreadSteps([], 6)).toEqual([]);
});

it("sets a group in rows as the page does", () => {
  expect([2, 3, 4, 5, 6, 8, 9, 32].map(columnsOf)).toEqual([2, 3, 4, 5, 3, 4, 4, 4]);
});

it("shows steps as long as there is patience for, the last one longer", () => {
  expect(planFrames([0, 5, 10])).toEqual([
    { step: 0, durationMs: 400 },
    { step: 5, durationMs: 400 },
    { step: 10, durationMs: 1600 },
  ]);
  expect(planFrames(Array.from({ length: 64 }, (_, at) => at))[0]?.durationMs).toBe(200);
});
