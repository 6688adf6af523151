/** A session on fakes: a trainer with fixed numbers, storage in memory, and every event it emitted. */
import { makeConfig } from "../../engine/config.ts";
import { EngineError } from "../../engine/errors.ts";
import { decodeCheckpoint, type Task, type TrainerEvent, writeCheckpoint } from "../../engine/index.ts";
import type { Command } from "../../protocol/commands.ts";
import { eventSchema, type WorkerEvent, type WorkerEventType } from "../../protocol/events.ts";
import type { LockOrder } from "../../storage/runLock.ts";
import type { StoredRun } from "../../storage/runRecord.ts";
import type { EngineRun, RunOrder, SessionEngine, SessionStorage } from "../ports.ts";
import { Session } from "../session.ts";

const TASK: Task = {
  metadata: { tag: "counting", prompt: "two apples" },
  question: "how many?",
  answer: "two",
};
export const DECODE_STEPS = 3;

/** A trainer that goes through all phases with fixed numbers; the real one has its own tests. */
export class FakeRun implements EngineRun {
  readonly filmRows = [{ prompt: "two apples", seed: "film/0" }];
  steps = 0;
  isPoisoned = false;
  /** Set by a test to hold the trainer inside "learn". */
  blocked: Promise<void> | null = null;
  readonly #config: RunOrder["config"];

  constructor(order: RunOrder, finishedSteps: number) {
    this.#config = order.config;
    this.steps = finishedSteps;
  }

  finishedSteps(): number {
    return this.steps;
  }

  planMemory() {
    return { peakBytes: 8, budgetBytes: 16, words: "one image a pass" };
  }

  async *train(signal: AbortSignal): AsyncGenerator<TrainerEvent<Task>, void> {
    for (;;) {
      const step = this.steps;
      const config = this.#config();
      yield { kind: "stepStarted", step, config, tasks: [TASK] };
      const images = [new Int32Array([1, 2]), new Int32Array([3, -1])];
      for (let decodeStep = 0; decodeStep < DECODE_STEPS; decodeStep++) {
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
  /** A real checkpoint, of a model without tensors. */
  async encode() {
    const config = this.#config();
    const [step, updates] = [this.steps, this.steps];
    return await writeCheckpoint({ modelId: "nano", step, updates, config, extra: null, tensors: new Map() });
  }
  async poison() {
    this.isPoisoned = true;
  }
  dispose() {}
}

const IMAGE = { width: 1, height: 1, rgb: new Uint8Array([7, 8, 9]) };

/** One image's verdict, named by its line. */
function verdict(line: string) {
  const estimate = { mean: 1, low: 1, high: 1, count: 1 };
  const facts = { tag: "counting", prompt: "two apples", number: 0, seen: true, seed: line, answer: "two" };
  const image = { ...facts, correct: true, reasons: [], reward: 1, image: IMAGE, line };
  return { images: [image], scores: { overall: estimate, tasks: [{ tag: "counting", estimate }] } };
}

export const OPEN: Extract<Command, { type: "openModel" }> = {
  type: "openModel",
  modelId: "nano",
  modelUrl: "/models/nano/",
  modelSha256: null,
  judgeUrl: null,
  spritesUrl: "/world/",
  wasmUrl: "/wasm/",
  weights: "f32",
  backend: "auto",
  fail: null,
};
export const START: Command = {
  type: "startRun",
  preset: "robust",
  config: makeConfig("robust", { checkpointEvery: 2 }),
};

/** A session on fakes, with everything it said. */
export function createStage() {
  const events: WorkerEvent[] = [];
  const stored = new Map<string, StoredRun>();
  const runs: FakeRun[] = [];
  const killed: string[] = [];
  let lost: EngineError | null = null;
  let loading: Promise<void> = Promise.resolve();
  let working: Promise<void> = Promise.resolve();
  const locks: LockOrder[] = [];
  const judged = new Map<string, string[]>();
  const waiting: { type: WorkerEventType; count: number; resolve: () => void }[] = [];
  const engine: SessionEngine = {
    start: async (_backend, _wasmUrl, lack) => {
      lost = null;
      if (lack === "gpu") throw new EngineError("noWebGpu", "no GPU");
      const features = lack === "f16" ? [] : ["shader-f16"];
      return { backend: "wasm", adapter: "test", isSoftware: false, features, reason: "test" };
    },
    loadModel: async (_source, _onProgress, signal) => {
      await loading;
      if (signal.aborted) throw new EngineError("cancelled", "stopped");
      return { family: "showo", imageSide: 16, imageTokenCount: 2, parameterCount: 10 };
    },
    openRun: async (order) => {
      if (order.config().memoryBudget < 0.01) throw new EngineError("outOfMemory", "too much", { peak: 8 });
      order.onCompiled(2, 2);
      const { checkpoint } = order;
      const run = new FakeRun(order, checkpoint ? (await decodeCheckpoint(checkpoint)).step : 0);
      runs.push(run);
      return run;
    },
    requireFit: async (bytes) => {
      if ((await decodeCheckpoint(bytes)).tensors.size > 0) throw new EngineError("checkpointMismatch", "no");
    },
    drawSamples: async ({ weights, question, signal, onDrawn }) => {
      for (const [source, bytes] of weights.entries()) {
        await working;
        if (signal.aborted) throw new EngineError("cancelled", "stopped");
        const step = bytes ? (await decodeCheckpoint(bytes)).step : 0;
        const said = question === null ? [null, null] : (["two", 0.5] as const);
        onDrawn({ source, step, image: IMAGE, question, answer: said[0], probability: said[1] });
      }
    },
    judgePrompts: async ({ imagesPerPrompt, weights, isStoredOnly, signal, recall, onStarted, onJudged }) => {
      const step = weights ? (await decodeCheckpoint(weights)).step : 0;
      const evaluation = { key: `step ${step}`, judge: "judge", header: "header\n", total: imagesPerPrompt };
      const recalled = await recall(evaluation.key);
      onStarted(evaluation, recalled.length);
      for (const line of recalled) await onJudged(evaluation, verdict(line), false);
      for (let at = recalled.length; at < imagesPerPrompt && !isStoredOnly; at++) {
        await working;
        if (signal.aborted) throw new EngineError("cancelled", "stopped");
        await onJudged(evaluation, verdict(`line ${at}\n`), true);
      }
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
    lock: async (_runId, { onWanted, isForced }) => {
      locks.push({ onWanted, isForced });
      return () => undefined;
    },
    estimate: async () => ({ usedBytes: 1, quotaBytes: 2 }),
    readJudgements: async (key) => judged.get(key) ?? [],
    addJudgements: async (key, judgements) => {
      judged.set(key, [...(judged.get(key) ?? []), ...judgements.map(({ line }) => line)]);
    },
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
  /** Makes the model's download last until the returned function is called. */
  const holdLoading = () => {
    let release = () => {};
    loading = new Promise((resolve) => {
      release = resolve;
    });
    return () => release();
  };
  /** Makes the next image of a job last until the returned function is called. */
  const holdJob = () => {
    let release = () => {};
    working = new Promise((resolve) => {
      release = resolve;
    });
    return () => release();
  };
  const loseDevice = () => engine.destroyDevice();
  return {
    locks,
    loseDevice,
    holdJob,
    judged,
    session,
    events,
    stored,
    runs,
    killed,
    send,
    until,
    settled,
    types,
    of,
    state,
    holdLoading,
  };
}
