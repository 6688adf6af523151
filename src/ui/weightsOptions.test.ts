import { describe, expect, it } from "vitest";
import { makeConfig } from "../engine/config.ts";
import type { RunSummary } from "../protocol/events.ts";
import { createRunsStore, reduceRuns } from "./stores/runsStore.ts";
import { findWeights, keyOf, listWeights } from "./weightsOptions.ts";

const RUN: RunSummary = {
  runId: "a",
  title: null,
  isPinned: false,
  isOpen: false,
  preset: "robust",
  config: makeConfig(),
  step: 12,
  createdAtMs: 0,
  savedAtMs: 0,
  rewardMean: 0.614,
  sizeBytes: 2e6,
};
const PINNED: RunSummary = { ...RUN, runId: "b", title: "Counts to three", isPinned: true, rewardMean: null };

describe("listWeights", () => {
  it("has the model as it came before anything else is known", () => {
    expect(listWeights(null, null).map(({ key }) => key)).toEqual(["model"]);
  });

  it("lists the open run once, as it is now, then pinned and stored ones", () => {
    const open = { runId: "a", step: 20, rewardMean: 0.7 };
    const options = listWeights([{ ...RUN, isOpen: true }, { ...RUN, runId: "c" }, PINNED], open);
    expect(options.map(({ key, group }) => [key, group])).toEqual([
      ["model", null],
      ["run:a", null],
      ["run:b", "Pinned"],
      ["run:c", "Stored runs"],
    ]);
    expect(options.map(({ progress }) => progress)).toEqual([
      "",
      "step 20 · reward 0.70",
      "step 12",
      "step 12 · reward 0.61",
    ]);
    expect(options[2]?.name).toBe("Counts to three");
  });

  it("falls back to the model when a run is gone", () => {
    const options = listWeights([PINNED], null);
    expect(findWeights(options, { of: "run", runId: "b" }).key).toBe(keyOf({ of: "run", runId: "b" }));
    expect(findWeights(options, { of: "run", runId: "gone" }).key).toBe("model");
  });
});

describe("reduceRuns", () => {
  it("takes the newest list and leaves other events alone", () => {
    const empty = createRunsStore().getState();
    expect(empty.runs).toBeNull();
    const listed = reduceRuns(empty, { type: "runsListed", runs: [PINNED] });
    expect(listed.runs).toEqual([PINNED]);
    expect(reduceRuns(listed, { type: "openingCancelled" })).toBe(listed);
  });

  it("keeps the steps of a run until it goes on or goes", () => {
    const { runId, savedAtMs } = PINNED;
    const listed = reduceRuns(createRunsStore().getState(), { type: "runsListed", runs: [PINNED] });
    const history = [{ rewardMean: 0.25 }, { rewardMean: 0.75 }];
    const read = reduceRuns(listed, { type: "historyRead", runId, step: 5, savedAtMs, history });
    const columns = read.histories[runId]?.columns;
    expect(Array.from(columns?.steps() ?? [])).toEqual([4, 5]);
    expect(Array.from(columns?.column("rewardMean") ?? [])).toEqual([0.25, 0.75]);
    const again = reduceRuns(read, { type: "runsListed", runs: [PINNED] });
    expect(again.histories[runId]?.columns).toBe(columns);
    const later = reduceRuns(read, { type: "runsListed", runs: [{ ...PINNED, savedAtMs: savedAtMs + 1 }] });
    expect(later.histories).toEqual({});
  });
});
