import { expect, test } from "vitest";
import { compareShapes, describeDifferences, describeFaults, shapesOf } from "./compareShapes.ts";

const expected = new Map([
  ["a", [2, 3]],
  ["b", [4]],
  ["c", [1]],
]);
const found = shapesOf(
  new Map([
    ["a", { shape: [3, 2] }],
    ["c", { shape: [1] }],
    ["d", { shape: [5] }],
    ["buffer", { shape: [] }],
  ]),
);

test("names every missing, misshapen and unexpected tensor, and no derivable one", () => {
  expect(describeDifferences(compareShapes(expected, found, ["buffer"]))).toEqual([
    "b is missing",
    "a is [3, 2] instead of [2, 3]",
    "d is unexpected",
  ]);
});

test("a file that is opened may have more than is read", () => {
  expect(describeFaults(expected, found)).toEqual(["b is missing", "a is [3, 2] instead of [2, 3]"]);
  expect(describeFaults(expected, expected)).toEqual([]);
});
