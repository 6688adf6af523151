import { beforeEach, describe, expect, it } from "vitest";
import type { Command } from "../protocol/commands.ts";
import type { RunSummary, WireJudgedImage } from "../protocol/events.ts";
import { createFakeClient, FAKE_MODEL, type FakeClient, fakeRunStarted } from "./__fixtures__/fakeClient.ts";
import { FAKE_RUNS } from "./__fixtures__/fakeJudge.ts";
import {
  changePlan,
  chooseContestants,
  contestantsIn,
  followJobs,
  isJudging,
  judge,
  judgedNow,
  listContestants,
  lookUp,
  pauseJudging,
} from "./judging.ts";
import type { Side } from "./page.ts";
import { connectStores, createStores, type Stores } from "./stores/connectStores.ts";
import { fitPixels } from "./stores/evaluationStore.ts";
import { createSettingsStore } from "./stores/settingsStore.ts";
import { listWeights, MODEL_OPTION } from "./weightsOptions.ts";

let client: FakeClient;
let stores: Stores;
let side: Side;

const asked = () => client.sent.filter((command) => command.type === "evaluate");
const lastJob = () => (asked().at(-1) as Extract<Command, { type: "evaluate" }>).jobId;
const shown = () => listContestants(contestantsIn(stores));
const judgedOf = (key: string) => stores.evaluation.getState().judged[key];

const pictureOf = (seed: string, correct = true): WireJudgedImage => ({
  tag: "counting",
  prompt: "two cups",
  number: 0,
  seen: true,
  seed,
  correct,
  reasons: [],
  answer: "",
  reward: 1,
  image: { width: 1, height: 1, rgb: new Uint8Array(3) },
  line: seed,
});

const start = (jobId: string, total: number, done: number, header = "h") =>
  client.emit({ type: "jobStarted", jobId, total, done, judge: "judge-nano", header });
const tell = (jobId: string, mean: number, ...seeds: string[]) => {
  const estimate = { mean, low: 0, high: 1, count: seeds.length };
  const scores = { overall: estimate, tasks: [{ tag: "counting", estimate }] };
  client.emit({ type: "imagesJudged", jobId, images: seeds.map((seed) => pictureOf(seed)), scores });
};
const end = (jobId: string, outcome: "finished" | "stopped" | "failed" = "finished") =>
  client.emit({ type: "jobEnded", jobId, outcome });

beforeEach(() => {
  client = createFakeClient(() => undefined);
  stores = createStores(createSettingsStore("light", null));
  side = { stores, session: { send: client.send } as unknown as Side["session"] };
  connectStores(client, stores, (commit) => commit());
  followJobs(side);
  client.emit(FAKE_MODEL);
  client.emit({ type: "runsListed", runs: [...FAKE_RUNS] as RunSummary[] });
});

describe("who is shown", () => {
  it("compares the model with the newest stored run, and with the open one once it has learnt", () => {
    expect(shown().map(({ key }) => key)).toEqual(["model", "run:run-7"]);
    client.emit(fakeRunStarted(0));
    expect(shown().map(({ key }) => key)).toEqual(["model", "run:run-7"]);
    client.emit(fakeRunStarted(4));
    expect(shown().map(({ key }) => key)).toEqual(["model", "run:run-1"]);
  });

  it("shows one state where there is nothing to compare with, or nothing is wanted", () => {
    const options = listWeights(FAKE_RUNS, null);
    const run = { of: "run", runId: "run-5" } as const;
    expect(chooseContestants([MODEL_OPTION], { a: null, b: null }).b).toBeNull();
    expect(chooseContestants(options, { a: null, b: "none" }).b).toBeNull();
    expect(chooseContestants(options, { a: run, b: run }).b).toBeNull();
    expect(chooseContestants(options, { a: run, b: { of: "model" } }).b?.key).toBe("model");
  });
});

describe("jobs", () => {
  it("go to the worker one at a time, and what is stored is looked up once", () => {
    lookUp(stores, shown());
    lookUp(stores, shown());
    expect(asked()).toMatchObject([
      { source: { of: "model" }, isStoredOnly: true, promptCount: 60, imagesPerPrompt: 4, seed: 0 },
    ]);
    start("judge-1", 240, 2);
    tell("judge-1", 0.5, "a", "b");
    expect(asked()).toHaveLength(1);
    end("judge-1");
    expect(asked()).toHaveLength(2);
    expect(asked()[1]).toMatchObject({ source: { of: "run", runId: "run-7" }, isStoredOnly: true });
    expect(judgedOf("model")).toMatchObject({ total: 240, done: 2, outcome: "finished" });
    end("judge-2");
    lookUp(stores, shown());
    expect(asked()).toHaveLength(2);
  });

  it("draw what is missing, pause, and go on with what was judged", () => {
    judge(stores, shown());
    start("judge-1", 4, 0);
    tell("judge-1", 1, "a", "b");
    expect(isJudging(stores.evaluation.getState())).toBe(true);
    pauseJudging(side);
    expect(client.sent.at(-1)).toEqual({ type: "endJob", jobId: "judge-1" });
    expect(isJudging(stores.evaluation.getState())).toBe(false);
    judge(stores, shown());
    expect(asked()).toHaveLength(1);
    end("judge-1", "stopped");
    // Asked for while the last one was ending, so it goes on.
    expect(asked()[1]).toMatchObject({ source: { of: "model" }, isStoredOnly: false });
    start(lastJob(), 4, 2);
    tell(lastJob(), 0.1, "a");
    expect(judgedOf("model")).toMatchObject({ done: 2, scores: { overall: { mean: 1 } } });
    tell(lastJob(), 0.5, "c", "d");
    expect(judgedOf("model")).toMatchObject({ done: 4, scores: { overall: { mean: 0.5 } } });
    expect(judgedOf("model")?.images.map(({ seed }) => seed)).toEqual(["a", "b", "c", "d"]);
    end(lastJob());
    expect(asked()[2]).toMatchObject({ source: { of: "run", runId: "run-7" }, isStoredOnly: false });
  });

  it("are dropped with those that wait when the worker stops or loses one", () => {
    judge(stores, shown());
    start("judge-1", 4, 0);
    end("judge-1", "stopped");
    expect(asked()).toHaveLength(1);
    judge(stores, shown());
    const error = { code: "deviceLost" as const, message: "gone", data: {} };
    client.emit({ type: "failed", error, isFatal: true, step: null });
    expect(stores.evaluation.getState()).toMatchObject({ active: null, queue: [] });
    expect(judgedOf("model")?.outcome).toBe("failed");
  });

  it("of another plan say nothing any more, and the new plan is looked up behind them", () => {
    judge(stores, shown());
    start("judge-1", 240, 0);
    changePlan(side, { promptCount: 12 });
    lookUp(stores, shown());
    tell("judge-1", 1, "a");
    expect(stores.evaluation.getState().judged).toEqual({});
    end("judge-1", "stopped");
    expect(asked().at(-1)).toMatchObject({ promptCount: 12, isStoredOnly: true });
  });

  it("of somebody else are not ours", () => {
    lookUp(stores, shown());
    const before = stores.evaluation.getState();
    start("arena-1", 2, 0);
    end("arena-1");
    expect(stores.evaluation.getState()).toBe(before);
  });
});

describe("what is known", () => {
  const [model = MODEL_OPTION] = [MODEL_OPTION];

  it("is of the weights as they were, and goes when training has changed them", () => {
    client.emit(fakeRunStarted(4));
    const [, run = model] = shown();
    judge(stores, [run]);
    start("judge-1", 2, 0);
    tell("judge-1", 1, "a", "b");
    end("judge-1");
    expect(judgedNow(stores.evaluation.getState(), run)?.done).toBe(2);
    client.emit({ type: "stepFinished", step: 5, metrics: {} });
    const [, later = model] = shown();
    expect(later.step).toBe(5);
    expect(judgedNow(stores.evaluation.getState(), later)).toBeNull();
    lookUp(stores, [later]);
    start(lastJob(), 2, 0, "another header");
    expect(judgedOf(later.key)).toMatchObject({ step: 5, done: 0, images: [], scores: null });
  });

  it("is asked for again where something came between the stored images", () => {
    lookUp(stores, [model]);
    start("judge-1", 4, 3);
    tell("judge-1", 1, "a");
    end("judge-1", "stopped");
    expect(judgedNow(stores.evaluation.getState(), model)).toBeNull();
  });

  it("is not asked for again and again where asking fails", () => {
    lookUp(stores, [model]);
    end("judge-1", "failed");
    lookUp(stores, [model]);
    expect(asked()).toHaveLength(1);
  });
});

describe("fitPixels", () => {
  const images = [pictureOf("a"), pictureOf("b", false), pictureOf("c"), pictureOf("d", false)];
  const kept = (room: number) =>
    fitPixels(images, room)
      .filter(({ image }) => image !== null)
      .map(({ seed }) => seed);

  it("lets right images go first, then the newest wrong ones, and no verdicts", () => {
    expect(fitPixels(images, 12)).toBe(images);
    expect(kept(9)).toEqual(["a", "b", "d"]);
    expect(kept(6)).toEqual(["b", "d"]);
    expect(kept(5)).toEqual(["b"]);
    expect(fitPixels(images, 0)).toHaveLength(4);
  });
});
