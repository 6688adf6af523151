import { describe, expect, it } from "vitest";
import { createFakeClient, fakeRunStarted } from "./__fixtures__/fakeClient.ts";
import { followStopRule } from "./followStopRule.ts";
import { isDue, isFlat, mayRest } from "./stopRule.ts";
import { connectStores, createStores } from "./stores/connectStores.ts";
import { MetricColumns } from "./stores/metricColumns.ts";
import { createSettingsStore } from "./stores/settingsStore.ts";

function run(rewards: readonly number[], stepSeconds = 1): MetricColumns {
  const columns = new MetricColumns();
  for (const [at, rewardMean] of rewards.entries()) columns.push(at + 1, { rewardMean, stepSeconds });
  return columns;
}

const rising = Array.from({ length: 40 }, (_, at) => 0.3 + at * 0.01);

describe("the rule", () => {
  it("brakes one step before the last, also when several passed unseen, and lets a run go on after it", () => {
    const rule = { kind: "step", amount: 40 } as const;
    expect([38, 39, 42].map((step) => isDue(rule, step, run(rising)))).toEqual([false, true, true]);
    expect([39, 40].map((finished) => mayRest(rule, finished))).toEqual([false, true]);
    expect(isDue({ ...rule, reachedAt: 40 }, 41, run(rising))).toBe(false);
  });

  it("counts the minutes that steps took", () => {
    const rule = { kind: "minutes", amount: 1 } as const;
    expect(isDue(rule, 31, run(rising.slice(0, 30), 1.9))).toBe(false);
    expect(isDue(rule, 31, run(rising.slice(0, 30), 2))).toBe(true);
  });

  it("tells a plateau from a rise, and says nothing before there is enough to compare", () => {
    expect(isFlat(Float32Array.from(rising), 20)).toBe(false);
    expect(isFlat(new Float32Array(40).fill(0.7), 20)).toBe(true);
    expect(isFlat(new Float32Array(39).fill(0.7), 20)).toBe(false);
    // 0.50 to 0.505 is no rise; 0.50 to 0.52 is one.
    const stairs = (rise: number) =>
      Float32Array.from({ length: 20 }, (_, at) => (at < 10 ? 0.5 : 0.5 + rise));
    expect([0.005, 0.02].map((rise) => isFlat(stairs(rise), 10))).toEqual([true, false]);
    expect(isDue({ kind: "plateau", amount: 10 }, 41, run(rising))).toBe(false);
    expect(isDue({ kind: "never", amount: 0 }, 41, run(rising))).toBe(false);
  });
});

describe("a live run", () => {
  function open() {
    const client = createFakeClient(() => undefined);
    const stores = createStores(createSettingsStore("light", null));
    const commits: (() => void)[] = [];
    connectStores(client, stores, (commit) => commits.push(commit));
    const nextFrame = () => {
      for (const commit of commits.splice(0)) commit();
    };
    followStopRule({ stores, session: client });
    client.emit(fakeRunStarted(3));
    client.emit({ type: "stateChanged", state: "running" });
    nextFrame();
    return { client, stores, nextFrame };
  }
  const asked = ({ client }: ReturnType<typeof open>) => client.sent.map(({ type }) => type);

  it("rests exactly after its last step, however late the word reaches the worker", () => {
    const live = open();
    const become = (state: "running" | "paused") => {
      live.client.emit({ type: "stateChanged", state });
      live.nextFrame();
    };
    live.stores.settings.setState({ stopRule: { kind: "step", amount: 5 } });
    live.client.playTo(4, 1, 8);
    live.nextFrame();
    expect(asked(live)).toEqual(["stepOnce"]);
    live.client.playTo(4, 4, 8);
    become("paused");
    // It rested in time, so it is owed a step.
    expect(asked(live)).toEqual(["stepOnce", "stepOnce"]);
    become("running");
    live.client.playTo(5, 4, 8);
    become("paused");
    expect(live.stores.settings.getState().stopRule).toEqual({ kind: "step", amount: 5, reachedAt: 5 });
    become("running");
    live.client.playTo(6, 1, 8);
    live.nextFrame();
    expect(asked(live)).toHaveLength(2);
  });

  it("leaves a run alone that somebody pauses by hand", () => {
    const live = open();
    live.stores.settings.setState({ stopRule: { kind: "step", amount: 6 } });
    live.client.playTo(5, 1, 8);
    live.nextFrame();
    expect(asked(live)).toEqual(["stepOnce"]);
    live.client.emit({ type: "stateChanged", state: "pausing" });
    live.nextFrame();
    live.client.emit({ type: "stateChanged", state: "paused" });
    live.nextFrame();
    expect(asked(live)).toEqual(["stepOnce"]);
    expect(live.stores.settings.getState().stopRule.reachedAt).toBeUndefined();
  });

  it("obeys anew in a new run", () => {
    const live = open();
    live.stores.settings.setState({ stopRule: { kind: "step", amount: 2, reachedAt: 3 } });
    live.client.emit(fakeRunStarted(0));
    live.nextFrame();
    expect(live.stores.settings.getState().stopRule).toEqual({ kind: "step", amount: 2 });
  });
});
