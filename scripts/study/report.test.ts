import { describe, expect, it } from "vitest";
import { counting, singleObject } from "../../src/engine/world/sentences.ts";
import type { Variant } from "./plan.ts";
import { drawCurves, meanAndSpread, reportStudy } from "./report.ts";
import type { MeasuredState, StudyRun } from "./results.ts";

const estimate = (mean: number) => ({ mean, low: mean, high: mean });
const share = (mean: number) => {
  const only = { share: estimate(mean) };
  return { all: only, tasks: { counting: only } };
};
const IMAGES = [
  { metadata: singleObject("dog"), seen: true },
  { metadata: counting("dog", 2), seen: false },
];

/** A state whose images the judge found right or wrong, dog first. */
function makeState(...verdicts: boolean[]): MeasuredState {
  const tasks = { single_object: Number(verdicts[0]), counting: Number(verdicts[1]) };
  const overall = (tasks.single_object + tasks.counting) / 2;
  const read = (shown: "real" | "blanked" | "swapped", mean: number) => {
    return {
      shown,
      exact: estimate(mean),
      exactByTag: { counting: estimate(mean) },
      exactUnseen: estimate(mean),
    };
  };
  return {
    geneval: {
      ...{
        overall,
        tasks,
        seen: { overall: tasks.single_object, tasks },
        unseen: { overall: tasks.counting, tasks },
      },
      self: { reward: estimate(0.75), excess: estimate(0.25) },
    },
    images: IMAGES.map((image, at) => ({
      ...image,
      ...{ number: 0, seed: "", answer: "", reward: 0, reasons: [], codes: new Int32Array() },
      correct: verdicts[at] ?? false,
    })),
    understanding: { real: read("real", 0.5), blanked: read("blanked", 0), swapped: read("swapped", 0.125) },
    frozen: { ablation: "frozenJudge", own: estimate(1), frozen: estimate(1), excess: estimate(0.0625) },
    variety: { ablation: "variety", tokenEntropy: estimate(2), tokenDistance: estimate(0.375) },
    balance: {
      "Acc(MMU|T2I)": { metric: "Acc(MMU|T2I)", ...share(0.875) },
      "Acc(T2I|MMU)": { metric: "Acc(T2I|MMU)", ...share(0.625) },
    },
  };
}

const robust: Variant = { name: "robust", preset: "robust", set: {}, seeds: [0, 1] };

/** Steps of 32 images each: 20 of them make one point of a curve. */
function makeRun(seed: number, state: MeasuredState, judged: readonly number[]): StudyRun {
  const steps = judged.map((judgedMean, at) => {
    return {
      type: "stepFinished" as const,
      step: 20 * at + 1,
      stepSeconds: 90,
      klImage: 0.25,
      judgedMean,
      rewardMean: 0.75,
    };
  });
  return { ...state, variant: robust, seed, steps };
}

const results = {
  base: makeState(true, false),
  runs: [makeRun(0, makeState(true, true), [0.5, 1]), makeRun(1, makeState(true, false), [0.25])],
  missing: [{ variant: robust, seed: 2 }],
};

describe("reportStudy", () => {
  const lines = reportStudy(results).split("\n");
  const rows = (name: string) => lines.filter((line) => line.startsWith(`| ${name}`));

  it("gives means and spreads over seeds", () => {
    expect(meanAndSpread([0, 1])).toBe("0.500 ± 0.707");
    expect(meanAndSpread([0.25])).toBe("0.250");
    expect(meanAndSpread([null, Number.NaN])).toBe("–");
    const [generation] = rows("robust, 2 seeds");
    // overall 1 and 0.5; single 1 and 1; nothing of two-object; counting 1 and 0
    expect(generation).toContain("| 0.750 ± 0.354 | 1.000 ± 0.000 | – | 0.500 ± 0.707 |");
    expect(rows("base")[0]).toContain("| 0.500 | 1.000 | – | 0.000 |");
  });

  it("pairs gains with the base over all seeds", () => {
    // One of two seeds gained the only counting prompt: +0.5 there, +0.25 of two tasks.
    const gains = rows("robust ");
    expect(gains[0]).toContain("+0.250");
    expect(gains[0]).not.toContain("NaN");
    expect(gains[0]).toContain("| +0.000 (+0.000 to +0.000) | +0.500 (+0.500 to +0.500) |");
    expect(gains[1]).toBe(
      "| robust | +0.000 (+0.000 to +0.000) | – | +0.500 (+0.500 to +0.500) | – | – | – |",
    );
  });

  it("tells the balance of each task", () => {
    expect(rows("robust, 2 seeds").at(-2)).toBe("| robust, 2 seeds | – | – | 0.875 ± 0.000 | – | – | – |");
    expect(rows("base").at(-1)).toBe("| base | – | – | 0.625 | – | – | – |");
  });

  it("names what is missing", () => {
    expect(lines).toContain("Not measured yet: robust (seed 2).");
  });
});

describe("drawCurves", () => {
  const pointsOf = (svg: string) => {
    return Array.from(svg.matchAll(/points="([^"]*)"/g), ([, points = ""]) =>
      points.split(" ").map((point) => point.split(",").map(Number)),
    );
  };

  it("draws the judge and the model's opinion of each variant, averaged over seeds", () => {
    const svg = drawCurves(results);
    expect(svg).toContain("robust: judge");
    expect(svg).toContain("robust: self-reward");
    expect(svg).not.toContain("NaN");
    const [judged, self] = pointsOf(svg);
    expect(pointsOf(svg)).toHaveLength(2);
    expect(new Set(self?.map(([, y]) => y)).size).toBe(1);
    // 0.375 of the first images of two seeds, 1 of the second images of the only seed that has them.
    const [first = [], second = []] = judged ?? [];
    const [, top = 0] = second;
    const [, floor = 0] = /y1="([\d.]+)"/.exec(svg)?.map(Number) ?? [];
    expect(((floor - (first[1] ?? 0)) / (floor - top)).toFixed(2)).toBe("0.38");
  });

  it("mixes no steps of runs of which one lacks some", () => {
    const [whole, other] = results.runs;
    if (!whole || !other) throw new Error("two runs are needed");
    const late = {
      ...other,
      steps: [{ ...whole.steps[1], judgedMean: 0.5 } as (typeof whole.steps)[number]],
    };
    const [judged = []] = pointsOf(drawCurves({ ...results, runs: [whole, late] }));
    const [first = [], second = []] = judged;
    const [, floor = 0] = /y1="([\d.]+)"/.exec(drawCurves(results))?.map(Number) ?? [];
    // 0.5 of one run, then (1 + 0.5) / 2 of both.
    expect(((floor - (first[1] ?? 0)) / (floor - (second[1] ?? 0))).toFixed(2)).toBe("0.67");
  });

  it("leaves out what has a single seed: a sweep", () => {
    const sweep = { ...robust, name: "robust, G 4", seeds: [0] };
    const runs = results.runs.map((run) => ({ ...run, variant: sweep }));
    expect(drawCurves({ ...results, runs })).not.toContain("<polyline");
  });
});
