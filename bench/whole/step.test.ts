import { describe, expect, it } from "vitest";
import { turnBetween } from "./step.ts";

describe("turnBetween", () => {
  it("is 0 along a direction, 1 across it and 2 against it, whatever the lengths", () => {
    expect(turnBetween([3, 4], [6, 8])).toBeCloseTo(0, 12);
    expect(turnBetween([-4, 3], [6, 8])).toBeCloseTo(1, 12);
    expect(turnBetween([-3, -4], [6, 8])).toBeCloseTo(2, 12);
    // cos 60° between [1, 0] and [1, √3].
    expect(turnBetween([1, 0], [1, Math.sqrt(3)])).toBeCloseTo(0.5, 12);
  });

  it("is no number where an update is nothing, broken or too short", () => {
    expect(turnBetween([0, 0], [1, 0])).toBeNaN();
    expect(turnBetween([Number.NaN, 0], [1, 0])).toBeNaN();
    expect(turnBetween([1], [1, 0])).toBeNaN();
  });
});
