import { expect, it } from "vitest";
import { makeConfig } from "../../../engine/config.ts";
import { createFakeClient } from "../../__fixtures__/fakeClient.ts";
import { EMPTY_GALLERY, type GalleryView, reduceGallery } from "../../stores/galleryStore.ts";
import { MetricColumns } from "../../stores/metricColumns.ts";
import { cutFunction } from "./cutFunction.ts";
import { countTeaching, temper, tokenStates } from "./formulas.ts";
import { lookAtGroup, oddOneOut, scoredStep } from "./lookedAt.ts";
import { readMetrics, sparkPoints } from "./readMetrics.ts";
import { readFunction } from "./sources.ts";
import { CODE_PLACES, STOP_IDS, trialOf } from "./stops.ts";

/** The gallery after made-up steps, each up to a phase. */
function galleryAfter(...phases: number[]): GalleryView {
  let gallery = EMPTY_GALLERY;
  const client = createFakeClient(() => undefined);
  client.subscribe((event) => {
    gallery = reduceGallery(gallery, event);
  });
  phases.forEach((phase, at) => {
    client.playTo(at + 1, phase, 4);
  });
  return gallery;
}

it("shows the last finished step while the next one is drawn", () => {
  expect(scoredStep(galleryAfter(4, 1))?.step).toBe(1);
  expect(scoredStep(galleryAfter(4, 4))?.step).toBe(2);
});

it("shows the first step as soon as it is scored, and none before", () => {
  expect(scoredStep(EMPTY_GALLERY)).toBeNull();
  expect(scoredStep(galleryAfter(2))).toBeNull();
  expect(scoredStep(galleryAfter(3))?.step).toBe(1);
});

it("looks at the chosen group, within the step's groups", () => {
  const step = scoredStep(galleryAfter(4));
  expect(lookAtGroup(step, 2)?.group.drawn.group).toBe(2);
  expect(lookAtGroup(step, 99)?.at).toBe(3);
  expect(lookAtGroup(null, 0)).toBeNull();
});

it("finds the image that differs most", () => {
  expect(oddOneOut([0.38, 0.38, -2.64, 0.38])).toBe(2);
  expect(oddOneOut([0, 0])).toBe(0);
});

it("flattens a probability with temperature, and leaves it alone at 1", () => {
  expect(temper(0.8, 1)).toBeCloseTo(0.8, 12);
  // Odds of 4 become their root.
  expect(temper(0.8, 2)).toBeCloseTo(2 / 3, 12);
  expect(temper(0.8, 0.5)).toBeCloseTo(16 / 17, 12);
  expect([temper(1, 2), temper(0, 2)]).toEqual([1, 0]);
});

it("tells tokens decided just now from older and hidden ones", () => {
  const states = tokenStates(Uint8Array.from([2, 4, 6, 0]), 4, 2);
  expect(states).toEqual(["decided", "new", "hidden", "hidden"]);
});

it("counts the answers behind the gate", () => {
  expect(countTeaching([1, 0.75, 1, 0], 1)).toBe(2);
  expect(countTeaching([1, 0.75, 1, 0], 0)).toBe(4);
});

it("reads the metrics of a step and of those before it", () => {
  const columns = new MetricColumns();
  columns.push(1, { klImage: 0.001 });
  columns.push(2, { klAnswer: 0.5 });
  columns.push(3, { klImage: 0.004, klAnswer: 0.25 });
  const { history, klImage, klAnswer } = readMetrics(columns, 3);
  expect(history).toEqual([Math.fround(0.001), Math.fround(0.004)]);
  expect([klImage, klAnswer]).toEqual([Math.fround(0.004), 0.25]);
  expect(readMetrics(columns, 2)).toEqual({ history: [Math.fround(0.001)], klImage: null, klAnswer: 0.5 });
  expect(readMetrics(columns, 7)).toEqual({ history: [], klImage: null, klAnswer: null });
});

it("draws a small line from 0 to the largest value", () => {
  expect(sparkPoints([0, 1, 2], 10, 4)).toBe("0,4 5,2 10,0");
  expect(sparkPoints([0, 0], 10, 4)).toBe("0,4 10,4");
});

it("proposes a setting that differs from the run's", () => {
  for (const stop of STOP_IDS) {
    const config = makeConfig();
    const first = trialOf(stop, config, 1);
    expect(config[first.key]).not.toBe(first.value);
    const changed = { ...config, [first.key]: first.value };
    expect(trialOf(stop, changed, 1)).not.toEqual(first);
  }
});

it("cuts a function with its comment", () => {
  const source =
    "const a = 1;\n\n/** Adds. */\nexport function add() {\n  if (a) {\n  }\n}\n\nconst b = 2;\n";
  expect(cutFunction(source, "add")).toBe("/** Adds. */\nexport function add() {\n  if (a) {\n  }\n}");
  expect(cutFunction(source, "ad")).toBeNull();
});

it.each(STOP_IDS)("has the code that the stop %s names", async (stop) => {
  const code = await readFunction(CODE_PLACES[stop]);
  expect(code).toContain(`function ${CODE_PLACES[stop].name}`);
  expect(code.endsWith("\n}")).toBe(true);
});
