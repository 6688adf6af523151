import { expect, it } from "vitest";
import { tabAfter } from "./Tabs.tsx";

it("goes round with the arrow keys, and to both ends", () => {
  expect([0, 1, 2].map((at) => tabAfter("ArrowRight", at, 3))).toEqual([1, 2, 0]);
  expect([0, 1, 2].map((at) => tabAfter("ArrowLeft", at, 3))).toEqual([2, 0, 1]);
  expect(tabAfter("Home", 2, 3)).toBe(0);
  expect(tabAfter("End", 0, 3)).toBe(2);
  expect(tabAfter("Enter", 1, 3)).toBeNull();
});
