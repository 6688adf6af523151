import { describe, expect, it } from "vitest";
import { makeConfig } from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";
import type { Task, TrainerEvent } from "../engine/index.ts";
import type { Command } from "../protocol/commands.ts";
import { eventSchema, type WorkerEvent, type WorkerEventType } from "../protocol/events.ts";
import type { StoredRun } from "../storage/runRecord.ts";
import type { EngineRun, RunOrder, SessionEngine, SessionStorage } from "./ports.ts";
import { Session } from "./session.ts";

const TASK: Task = {
  metadata: { tag: "counting", prompt: "two apples" },
  question: "how many?",
  answer: "two",
};
const DECODE_STEPS = 3;

/** A trainer that goes through all phases with fixed numbers; the real one has its own tests. */
class FakeRun implements EngineRun {
  readonly filmRows = [{ prompt: "two apples", seed: "film/0" }];
  steps = 0;
  isPoisoned = false;
  /** Set by a test to hold the trainer inside "learn". */
  blocked: Promise<void> | null = null;
  readonly #config: RunOrder["config"];

  constructor(order: RunOrder) {
    this.#config = order.config;
    this.steps = order.checkpoint?.[0] ?? 0;
  }

  finishedSteps(): number {
    return this.steps;
  }

  async *train(signal: AbortSignal): AsyncGenerator<TrainerEvent<Task>, void> {
    for (;;) {
      const step = this.steps;
      const config = this.#config();
      yield { kind: "stepStarted", step, config, tasks: [TASK] };
      const images = [new Int32Array([1, 2]), new Int32Array([3, -1])];
      for (let decodeStep = 1; decodeStep <= DECODE_STEPS; decodeStep++) {
        if (signal.aborted) throw new EngineError("cancelled", "stopped");
        yield {
          kind: "drawProgress",
          step,
          decodeStep,
          decodeSteps: DECODE_STEPS,
          firstImage: 0,
          codes: images,
        };
      }
      const decidedAt = images.map((codes) => new Uint8Array(codes.length));
      const drawn = { task: TASK, images, decidedAt, seeds: ["a", "b"] };
      yield { kind: "groupsSampled", step, groups: [drawn] };
      const answers = images.map(() => ({
        text: "two",
        tokens: new Int32Array([5]),
        logProbs: new Float32Array([Math.log(0.5)]),
      }));
      const rewards = [
        { reward: 1, parts: [{ label: "count", earned: 1, possible: 1 }] },
        { reward: 0, parts: [] },
      ];
      yield { kind: "groupsJudged", step, groups: [{ ...drawn, answers, rewards }] };
      yield { kind: "groupsScored", step, advantages: [[1, -1]], deadGroups: [false] };
      await this.blocked;
      if (this.isPoisoned) throw new EngineError("nonFinite", "NaN in the loss");
      this.steps = step + 1;
      yield { kind: "stepFinished", step, metrics: { rewardMean: 0.5 } };
    }
  }

  async decodeImages(images: readonly Int32Array[]) {
    return images.map(() => ({ width: 1, height: 1, rgb: new Uint8Array([1, 2, 3]) }));
  }
  async drawFilm() {
    return [{ width: 1, height: 1, rgb: new Uint8Array([4, 5, 6]) }];
  }
  async encode() {
    return new Uint8Array([this.steps]);
  }
  async poison() {
    this.isPoisoned = true;
  }
  dispose() {}
}

const OPEN: Extract<Command, { type: "openModel" }> = {
  type: "openModel",
  modelId: "nano",
  modelUrl: "/models/nano/",
  judgeUrl: null,
  spritesUrl: "/world/",
  wasmUrl: "/wasm/",
  weights: "f32",
  backend: "auto",
  fail: null,
};
const START: Command = {
  type: "startRun",
  preset: "robust",
  config: makeConfig("robust", { checkpointEvery: 2 }),
};

/** A session on fakes, with everything it said. */
function createStage() {
  const events: WorkerEvent[] = [];
  const stored = new Map<string, StoredRun>();
  const runs: FakeRun[] = [];
  const killed: string[] = [];
  let lost: EngineError | null = null;
  const waiting: { type: WorkerEventType; count: number; resolve: () => void }[] = [];
  const engine: SessionEngine = {
    start: async (_backend, _wasmUrl, isGpuHidden) => {
      lost = null;
      if (isGpuHidden) throw new EngineError("noWebGpu", "no GPU");
      return { backend: "wasm", adapter: "test", isSoftware: false, features: [], reason: "test" };
    },
    loadModel: async () => ({ family: "showo", imageSide: 16, imageTokenCount: 2, parameterCount: 10 }),
    openRun: async (order) => {
      order.onCompiled(2, 2);
      const run = new FakeRun(order);
      runs.push(run);
      return run;
    },
    measureMemory: () => ({ numTensors: 1, numBytes: 4, gpuBytes: null }),
    explainFailure: (thrown) => lost ?? thrown,
    destroyDevice: () => {
      lost = new EngineError("deviceLost", "gone");
      session.noteLost(lost);
    },
    close: () => undefined,
  };
  const storage: SessionStorage = {
    save: async (run) => {
      stored.set(run.record.runId, structuredClone(run));
      const { runId, step, savedAtMs } = run.record;
      return { runId, step, savedAtMs, sizeBytes: run.bytes.length };
    },
    load: async (runId) => {
      const run = stored.get(runId);
      if (!run) throw new EngineError("checkpointCorrupt", "nothing there");
      return { run: structuredClone(run), damage: null };
    },
    list: async () =>
      [...stored.values()].map(({ record }) => ({
        ...record,
        slot: 0 as const,
        generation: 1,
        rewardMean: null,
        sizeBytes: 1,
      })),
    delete: async (runId) => {
      stored.delete(runId);
    },
    lock: async () => () => undefined,
    estimate: async () => ({ usedBytes: 1, quotaBytes: 2 }),
  };
  const session = new Session({
    engine,
    storage,
    emit: (event) => {
      events.push(eventSchema.parse(structuredClone(event)));
      for (const wait of waiting) if (wait.type === event.type && --wait.count === 0) wait.resolve();
    },
    killer: { crash: () => killed.push("crash"), hang: () => killed.push("hang") },
    yieldToMessages: () => new Promise((resolve) => setTimeout(resolve, 0)),
    now: () => 0,
  });
  const send = (...commands: Command[]) => Promise.all(commands.map((command) => session.handle(command)));
  const until = (type: WorkerEventType, count = 1) =>
    new Promise<void>((resolve) => waiting.push({ type, count, resolve }));
  const settled = async () => {
    while (!["paused", "failed", "empty"].includes(state()))
      await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const types = () => events.map((event) => event.type);
  const of = <T extends WorkerEventType>(type: T) =>
    events.filter((event): event is Extract<WorkerEvent, { type: T }> => event.type === type);
  const state = () => of("stateChanged").at(-1)?.state ?? "empty";
  return { session, events, stored, runs, killed, send, until, settled, types, of, state };
}

describe("Session", () => {
  it("opens a model, starts a run paused at step 0 and finishes one whole step", async () => {
    const stage = createStage();
    await stage.send(OPEN, START);
    expect(stage.types()).toEqual([
      "backendStarted",
      "modelReady",
      "shadersCompiled",
      "runStarted",
      "stateChanged",
      "memoryMeasured",
    ]);
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("phaseStarted").map(({ phase }) => phase)).toEqual(["sample", "judge", "score", "learn"]);
    expect(stage.of("groupDrawn")[0]).toMatchObject({
      step: 1,
      prompt: "two apples",
      gold: "two",
      seeds: ["a", "b"],
    });
    expect(stage.of("groupJudged")[0]).toMatchObject({ answers: ["two", "two"], rewards: [1, 0] });
    expect(stage.of("groupJudged")[0]?.probabilities[0]).toBeCloseTo(0.5, 6);
    expect(stage.of("groupScored")[0]).toMatchObject({ advantages: [1, -1], isDead: false });
    expect(stage.of("stepFinished")).toMatchObject([{ step: 1, metrics: { rewardMean: 0.5 } }]);
    expect(stage.of("filmstripDrawn")).toMatchObject([{ step: 0, row: 0 }]);
    // Pausing saves.
    expect(stage.of("checkpointSaved")).toMatchObject([{ step: 1 }]);
    expect(stage.state()).toBe("paused");
  });

  it("pauses at the next phase and goes on inside the same step", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "play" });
    await stage.send({ type: "pause" });
    await stage.settled();
    expect(stage.of("stateChanged").map(({ state }) => state)).toEqual([
      "paused",
      "running",
      "pausing",
      "paused",
    ]);
    expect(stage.of("groupDrawn")).toHaveLength(1);
    expect(stage.of("groupJudged")).toHaveLength(0);
    await stage.send({ type: "stepPhase" });
    await stage.settled();
    expect(stage.of("groupJudged")).toHaveLength(1);
    expect(stage.of("groupScored")).toHaveLength(0);
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("stepStarted")).toHaveLength(1);
    expect(stage.of("stepFinished")).toHaveLength(1);
  });

  it("stops within a decoding step, keeps the last finished step and can go on", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const drawing = stage.until("drawProgressed");
    await stage.send({ type: "play" });
    await drawing;
    await stage.send({ type: "stop" });
    expect(stage.state()).toBe("paused");
    expect(stage.of("groupDrawn")).toHaveLength(1);
    expect(stage.of("failed")).toHaveLength(0);
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("stepFinished").map(({ step }) => step)).toEqual([1, 2]);
  });

  it("saves every N steps and once more on pause only if something changed", async () => {
    const stage = createStage();
    const four = stage.until("stepFinished", 4);
    await stage.send(OPEN, START, { type: "play" });
    await four;
    await stage.send({ type: "stop" });
    const steps = stage.of("checkpointSaved").map(({ step }) => step);
    expect(steps.slice(0, 2)).toEqual([2, 4]);
    expect(new Set(steps).size).toBe(steps.length);
  });

  it("offers the stored run to a new session, and resumes it with its history", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const runId = stage.of("runStarted")[0]?.runId ?? "";
    await stage.send(OPEN);
    expect(stage.of("resumeOffered")).toMatchObject([{ runId, step: 1 }]);
    await stage.send({ type: "resumeRun", runId });
    expect(stage.of("runStarted").at(-1)).toMatchObject({
      runId,
      step: 1,
      history: [{ rewardMean: 0.5 }],
      filmstrip: [{ step: 0, row: 0 }],
    });
  });

  it("changes live fields while running, and refuses the rest whole", async () => {
    const stage = createStage();
    await stage.send(OPEN, START);
    await stage.send({ type: "changeConfig", changes: { learningRate: 2e-4 } });
    expect(stage.of("configChanged")).toMatchObject([
      { keys: ["learningRate"], config: { learningRate: 2e-4 } },
    ]);
    for (const changes of [
      { loraRank: 4, learningRate: 1e-3 },
      { nonsense: 1 },
      { temperature: 99 },
      { groupSize: 2.5 },
    ]) {
      await stage.send({ type: "changeConfig", changes });
    }
    expect(stage.of("failed").map(({ error }) => error.code)).toEqual(Array(4).fill("badConfig"));
    expect(stage.of("configChanged")).toHaveLength(1);
    expect(stage.state()).toBe("paused");
  });

  it("a refused command does not disturb a running loop", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "play" });
    await stage.send({ type: "changeConfig", changes: { loraRank: 4 } });
    expect(stage.state()).toBe("running");
    await stage.send({ type: "stop" });
  });

  it("resets to step 0 with the same run and configuration", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "changeConfig", changes: { temperature: 2 } }, { type: "reset" });
    const [first, second] = stage.of("runStarted");
    expect(second).toMatchObject({ runId: first?.runId, step: 0, history: [], config: { temperature: 2 } });
    expect(stage.state()).toBe("paused");
  });

  it("answers commands that need a model or a run with a typed failure", async () => {
    const stage = createStage();
    await stage.send({ type: "play" }, START, { type: "reconnect", backend: "auto" });
    expect(stage.of("failed").map(({ error }) => error.code)).toEqual(["badInput", "badInput", "badInput"]);
    expect(stage.of("failed").every(({ isFatal }) => !isFatal)).toBe(true);
  });
});

describe("Session under failure", () => {
  it("reports a missing GPU and opens again with another backend", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, backend: "webgpu", fail: "nogpu" });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "noWebGpu" }, isFatal: false }]);
    await stage.send({ type: "reconnect", backend: "wasm" });
    expect(stage.of("modelReady")).toHaveLength(1);
  });

  it("after a lost device reconnects to the last checkpoint", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "lost" }, START);
    const lost = stage.until("failed");
    await stage.send({ type: "play" });
    await lost;
    await stage.session.handle({ type: "pause" });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "deviceLost" }, isFatal: true }]);
    expect(stage.state()).toBe("failed");
    await stage.send({ type: "play" });
    expect(stage.state()).toBe("failed");
    await stage.send({ type: "reconnect", backend: "auto" });
    expect(stage.state()).toBe("paused");
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("stepFinished").length).toBeGreaterThan(1);
  });

  it("stops before the optimizer writes when numbers are not finite, and stays usable", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "nan" }, START, { type: "play" });
    await stage.settled();
    expect(stage.of("failed")).toMatchObject([{ error: { code: "nonFinite" }, isFatal: false, step: 2 }]);
    expect(stage.state()).toBe("paused");
    expect(stage.runs[0]?.steps).toBe(1);
  });

  it("trains on unsaved when storage is full, and says so once", async () => {
    const stage = createStage();
    const six = stage.until("stepFinished", 6);
    await stage.send({ ...OPEN, fail: "quota" }, START, { type: "play" });
    await six;
    expect(stage.of("failed")).toMatchObject([{ error: { code: "storageFull" }, isFatal: false }]);
    expect(stage.state()).toBe("running");
    await stage.send({ type: "stop" });
    await stage.send({ type: "saveCheckpoint" });
    expect(stage.of("failed")).toHaveLength(2);
  });

  it("keeps the page empty when a stored run cannot be read", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "corrupt" }, { type: "resumeRun", runId: "x" });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "checkpointCorrupt" }, isFatal: false }]);
    expect(stage.state()).toBe("empty");
    await stage.send(START);
    expect(stage.state()).toBe("paused");
  });

  it("kills the thread on demand, once", async () => {
    const stage = createStage();
    const two = stage.until("stepFinished", 2);
    await stage.send({ ...OPEN, fail: "crash" }, START, { type: "play" });
    await two;
    await stage.send({ type: "stop" });
    expect(stage.killed).toEqual(["crash"]);
  });
});
