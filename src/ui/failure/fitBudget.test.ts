import { describe, expect, it } from "vitest";
import { fitBudget } from "./fitBudget.ts";

const GIB = 2 ** 30;

describe("fitBudget", () => {
  it("allows what the smallest cut takes, rounded up, where the run was refused", () => {
    expect(fitBudget(3.33 * GIB, undefined)).toEqual({
      budget: 3.35,
      isNewRun: true,
      words: "Let it take 3.35 GiB",
    });
    expect(fitBudget(1000, undefined)?.budget).toBe(0.05);
    expect(fitBudget(500 * GIB, undefined)).toBeNull();
  });

  it("halves the plan where the device had less than it promised, as long as a half can be set", () => {
    expect(fitBudget(undefined, { peakBytes: 1.5 * GIB })).toEqual({
      budget: 0.75,
      isNewRun: false,
      words: "Go on with 0.75 GiB",
    });
    expect(fitBudget(undefined, { peakBytes: 0.09 * GIB })).toBeNull();
    expect(fitBudget(undefined, undefined)).toBeNull();
  });
});
