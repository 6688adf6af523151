import { describe, expect, it } from "vitest";
import { planStudy, runFolder, stepsFor, VARIANTS } from "./plan.ts";

const options = {
  out: "runs/study",
  model: "public/models/nano",
  judge: "public/models/judge-nano",
  images: 960,
  n: 4,
  variants: VARIANTS,
};

describe("planStudy", () => {
  it("lets every variant draw the same number of images", () => {
    const steps = Object.fromEntries(VARIANTS.map((variant) => [variant.name, stepsFor(variant, 960)]));
    expect(steps).toMatchObject({ robust: 30, "paper-showo": 40, "robust, G 4": 60, "robust, G 16": 15 });
  });

  it("writes every result once, and needs only what some job writes before", () => {
    const jobs = planStudy(options);
    const results = jobs.map(({ result }) => result);
    expect(new Set(results).size).toBe(results.length);
    expect(jobs.flatMap(({ needs }) => needs).every((need) => results.includes(need))).toBe(true);
    // Twelve runs of four presets, four of the sweeps; the base is not trained.
    expect(jobs.filter(({ args }) => args[0] === "train")).toHaveLength(16);
    expect(jobs).toHaveLength(16 * 4 + 3);
  });

  it("can always go on: no job waits for itself by way of others", () => {
    const jobs = planStudy(options);
    const done = new Set<string>();
    for (let round = 0; round < jobs.length && done.size < jobs.length; round++) {
      for (const { result, needs } of jobs) if (needs.every((need) => done.has(need))) done.add(result);
    }
    expect(done.size).toBe(jobs.length);
  });

  it("names folders that a shell can bear", () => {
    expect(runFolder("runs", "robust, β 0.1", 2)).toBe("runs/robust-beta-0.1-2");
  });
});
