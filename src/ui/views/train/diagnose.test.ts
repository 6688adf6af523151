import { describe, expect, it } from "vitest";
import { makeConfig } from "../../../engine/config.ts";
import type { MetricName } from "../../../protocol/record.ts";
import { diagnose } from "./diagnose.ts";

const steps = (length: number, at: (step: number) => number) =>
  Float32Array.from({ length }, (_, step) => at(step));

function say(columns: Partial<Record<MetricName, Float32Array>>, learningRate = 1e-4): string[] {
  const config = makeConfig("robust", { learningRate });
  return diagnose((name) => columns[name] ?? new Float32Array(0), config).map((notice) => notice.id);
}

describe("diagnose", () => {
  it("says nothing about a young, healthy run", () => {
    expect(say({ rewardMean: steps(5, () => 0.5), deadGroupShare: steps(5, () => 0.25) })).toEqual([]);
  });

  it("tells steps that taught nothing from groups that often do not", () => {
    expect(say({ deadGroupShare: steps(5, () => 1) })).toEqual(["allDead"]);
    expect(say({ deadGroupShare: steps(4, () => 1) })).toEqual([]);
    expect(say({ deadGroupShare: steps(5, () => 0.75) })).toEqual(["manyDead"]);
  });

  it("sees a jump of the KL, but no slow growth and no tiny numbers", () => {
    expect(say({ klImage: steps(20, (step) => (step === 19 ? 0.4 : 0.02)) })).toEqual(["klSpike"]);
    expect(say({ klImage: steps(20, (step) => 0.01 * step) })).toEqual([]);
    expect(say({ klImage: steps(20, (step) => (step === 19 ? 0.01 : 0.0001)) })).toEqual([]);
  });

  it("sees entropy halved since the start", () => {
    expect(say({ imageEntropy: steps(20, (step) => (step < 10 ? 2 : 0.9)) })).toEqual(["entropyFall"]);
  });

  it("judges progress only after thirty steps", () => {
    expect(say({ rewardMean: steps(29, () => 0.5) })).toEqual([]);
    expect(say({ rewardMean: steps(30, () => 0.5) })).toEqual(["nothingLearned"]);
    expect(say({ rewardMean: steps(40, (step) => 0.4 + step * 0.01) })).toEqual(["learning"]);
    expect(say({ rewardMean: steps(40, (step) => 0.8 - step * 0.01) })).toEqual(["gettingWorse"]);
  });

  it("notices a learning rate of zero", () => {
    expect(say({ rewardMean: steps(3, () => 0.5) }, 0)).toEqual(["noRate"]);
  });
});
