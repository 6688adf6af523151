import "@tensorflow/tfjs-backend-cpu";
import { fill, memory, setBackend } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeConfig, type RunConfig } from "../config.ts";
import { registerGradients } from "../device/gradients.ts";
import { EngineError } from "../errors.ts";
import { drawTableTask, judgeTable, TableModel, type TableTask } from "./__fixtures__/tableModel.ts";
import { createTrainerState, type TrainerEvent, type TrainerState, train } from "./trainer.ts";

let model: TableModel;
let state: TrainerState;

beforeAll(async () => {
  await setBackend("cpu");
  await registerGradients();
}, 240_000);

beforeEach(() => {
  model = new TableModel();
  model.attachAdapter({ rank: 1, alpha: 1, seed: 0 });
  state = createTrainerState(model);
});

afterEach(() => {
  state.optimizer.dispose();
  model.dispose();
});

const base = makeConfig("robust", { learningRate: 0.01, decodeSteps: 3 });

function start(config: () => RunConfig = () => base, signal?: AbortSignal) {
  return train<TableTask>({
    model,
    drawTask: drawTableTask,
    judge: judgeTable,
    state,
    config,
    ...(signal ? { signal } : {}),
  });
}

type Event = TrainerEvent<TableTask>;

async function runUntil(
  training: AsyncGenerator<Event>,
  isLast: (event: Event) => boolean,
): Promise<Event[]> {
  const events: Event[] = [];
  for (;;) {
    const next = await training.next();
    if (next.done) return events;
    events.push(next.value);
    if (isLast(next.value)) return events;
  }
}

/** Runs whole steps up to and including number `last`; returns their metrics. */
async function runSteps(last: number, config: RunConfig = base): Promise<Record<string, number>[]> {
  const training = start(() => config);
  const events = await runUntil(training, (event) => event.kind === "stepFinished" && event.step === last);
  await training.return();
  return events.flatMap((event) => (event.kind === "stepFinished" ? [event.metrics] : []));
}

const weights = () => model.adapterVariables().map(({ variable }) => Array.from(variable.dataSync()));

function withoutSeconds(metrics: Record<string, number>) {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.endsWith("Seconds")));
}

describe("train", () => {
  it("raises the reward", async () => {
    const metrics = await runSteps(39, { ...base, learningRate: 0.1, promptsPerStep: 3 });
    const mean = (part: typeof metrics) =>
      part.reduce((total, { rewardMean = 0 }) => total + rewardMean, 0) / part.length;
    expect(mean(metrics.slice(-10))).toBeGreaterThan(mean(metrics.slice(0, 10)) + 0.3);
  }, 60_000);

  it("improves the generator alone when the answer term is off", async () => {
    const metrics = await runSteps(39, {
      ...base,
      learningRate: 0.1,
      promptsPerStep: 3,
      answerWeight: 0,
      klAnswer: 0,
    });
    const mean = (part: typeof metrics) =>
      part.reduce((total, { rewardMean = 0 }) => total + rewardMean, 0) / part.length;
    expect(mean(metrics.slice(-10))).toBeGreaterThan(mean(metrics.slice(0, 10)) + 0.2);
    expect(weights()[1]?.every((value) => value === 0)).toBe(true);
    expect(metrics.every(({ klAnswer }) => klAnswer === 0)).toBe(true);
  }, 60_000);

  it("yields the phases in order, and nothing but finite numbers", async () => {
    const events = await runUntil(start(), (event) => event.kind === "stepFinished");
    const kinds = events.map(({ kind }) => kind).filter((kind, at, all) => kind !== all[at - 1]);
    expect(kinds).toEqual([
      "stepStarted",
      "drawProgress",
      "groupsSampled",
      "groupsJudged",
      "groupsScored",
      "learnProgress",
      "stepFinished",
    ]);
    const last = events.at(-1);
    if (last?.kind !== "stepFinished") throw new Error("the step did not finish");
    expect(Object.values(last.metrics).every(Number.isFinite)).toBe(true);
    expect(last.metrics.klImage).toBe(0);
    expect(last.metrics.klAnswer).toBe(0);
    expect(structuredClone(events)).toEqual(events);
  });

  it("has no KL before the first update, and some after it, end to end too", async () => {
    const config = { ...makeConfig("paper-showo"), decodeSteps: 3, learningRate: 0.1 };
    const [first, second] = await runSteps(1, config);
    expect(first?.klAnswer).toBe(0);
    expect(second?.klAnswer).toBeGreaterThan(0);
  });

  it("draws the same images in small batches as in one", async () => {
    const sampled = async (imagesPerCall: number) => {
      const training = train({
        model,
        drawTask: drawTableTask,
        judge: judgeTable,
        state,
        config: () => base,
        limits: { imagesPerCall },
      });
      const events = await runUntil(training, ({ kind }) => kind === "groupsSampled");
      await training.return();
      return events.at(-1);
    };
    expect(await sampled(5)).toEqual(await sampled(64));
  });

  it("leaks no tensor", async () => {
    const training = start();
    const memoryAfter = async (step: number) => {
      await runUntil(training, (event) => event.kind === "stepFinished" && event.step === step);
      const { numTensors, numBytes } = memory();
      return { numTensors, numBytes };
    };
    const early = await memoryAfter(2);
    expect(await memoryAfter(12)).toEqual(early);
    await training.return();
  });

  it("is the same run with or without a stop", async () => {
    const whole = await runSteps(5);
    const wholeWeights = weights();
    state.optimizer.dispose();
    model.attachAdapter({ rank: 1, alpha: 1, seed: 0 });
    state = createTrainerState(model);
    const parts = [...(await runSteps(2)), ...(await runSteps(5))];
    expect(parts.map(withoutSeconds)).toEqual(whole.map(withoutSeconds));
    expect(weights()).toEqual(wholeWeights);
  });
});

describe("train, stopped", () => {
  const kinds = [
    "stepStarted",
    "drawProgress",
    "groupsSampled",
    "groupsJudged",
    "groupsScored",
    "learnProgress",
  ] as const;

  it.each(kinds)("leaves the model as the last finished step left it, at %s", async (kind) => {
    await runSteps(1);
    const before = { weights: weights(), tensors: memory().numTensors, updates: state.optimizer.updates };
    const controller = new AbortController();
    const training = start(() => base, controller.signal);
    await runUntil(training, (event) => event.kind === kind);
    controller.abort();
    await expect(runUntil(training, () => false)).rejects.toMatchObject({ code: "cancelled" });
    expect(weights()).toEqual(before.weights);
    expect(memory().numTensors).toBe(before.tensors);
    expect(state).toMatchObject({ step: 2, optimizer: { updates: before.updates } });
  });

  it.each(kinds)("cleans up when the consumer leaves, at %s", async (kind) => {
    await runSteps(1);
    const before = { weights: weights(), tensors: memory().numTensors };
    const training = start();
    await runUntil(training, (event) => event.kind === kind);
    await training.return();
    expect(weights()).toEqual(before.weights);
    expect(memory().numTensors).toBe(before.tensors);
  });
});

describe("train, edge cases", () => {
  it("lets an onlooker see every step's images, and learns nothing from it", async () => {
    await runSteps(1);
    const alone = weights();
    state.optimizer.dispose();
    model.dispose();
    model = new TableModel();
    model.attachAdapter({ rank: 1, alpha: 1, seed: 0 });
    state = createTrainerState(model);
    const training = train<TableTask>({
      model,
      drawTask: drawTableTask,
      judge: judgeTable,
      state,
      config: () => base,
      observe: async (groups) => ({ imagesSeen: groups.flatMap(({ images }) => images).length }),
    });
    const events = await runUntil(training, ({ kind, step }) => kind === "stepFinished" && step === 1);
    await training.return();
    const seen = events.flatMap((event) => (event.kind === "stepFinished" ? [event.metrics.imagesSeen] : []));
    expect(seen).toEqual([base.promptsPerStep * base.groupSize, base.promptsPerStep * base.groupSize]);
    expect(weights()).toEqual(alone);
  });

  it("drops dead groups, counts them and goes on", async () => {
    const training = train({
      model,
      drawTask: drawTableTask,
      judge: () => ({ reward: 0.5, parts: [] }),
      state,
      config: () => base,
    });
    const before = weights();
    const events = await runUntil(training, (event) => event.kind === "stepFinished");
    expect(events.at(-1)).toMatchObject({
      metrics: { deadGroupShare: 1, rewardMean: 0.5, rewardStd: 0, klImage: 0, klAnswer: 0 },
    });
    expect(weights()).toEqual(before);
    expect(state.step).toBe(1);
  });

  it("stops before writing when a gradient is not finite, and names the tensor", async () => {
    const [image] = model.adapterVariables();
    image?.variable.assign(fill(image.variable.shape, Number.NaN));
    const answerBefore = weights()[1];
    await expect(runSteps(3)).rejects.toSatisfy(
      (thrown) =>
        thrown instanceof EngineError && thrown.code === "nonFinite" && thrown.data.metric !== undefined,
    );
    expect(weights()[1]).toEqual(answerBefore);
    expect(state.optimizer.updates).toBe(0);
  });

  it("takes live changes inside a step and others with the next", async () => {
    let config = base;
    const training = start(() => config);
    await runUntil(training, (event) => event.kind === "groupsScored");
    config = { ...base, learningRate: 0.5, groupSize: 3 };
    const [first] = (await runUntil(training, (event) => event.kind === "stepFinished")).slice(-1);
    expect(first).toMatchObject({ metrics: { learningRate: 0.5 / 5 } });
    const [next] = await runUntil(training, (event) => event.kind === "stepStarted");
    expect(next).toMatchObject({ config: { groupSize: 3 } });
    await training.return();
  });

  it("refuses a model without an adapter", () => {
    const bare = new TableModel();
    expect(() => createTrainerState(bare)).toThrow(/attachAdapter/);
    bare.dispose();
  });
});

const mean = (values: readonly number[]) => values.reduce((all, value) => all + value, 0) / values.length;
const gain = (metrics: readonly Record<string, number>[]) => {
  const rewards = metrics.map(({ rewardMean = 0 }) => rewardMean);
  return mean(rewards.slice(-10)) - mean(rewards.slice(0, 10));
};

describe("train, every objective and way to the generator", () => {
  const quick = { learningRate: 0.1, promptsPerStep: 3, decodeSteps: 3 } as const;

  it.each([
    ["robust", 0.3],
    ["paper-showo", 0.2],
    ["sft-e2e", 0.3],
    ["sft-decoupled", 0.3],
  ] as const)(
    "%s raises the reward",
    async (preset, floor) => {
      const config = { ...makeConfig(preset), ...quick, groupSize: 8 };
      const metrics = await runSteps(39, config);
      expect(gain(metrics)).toBeGreaterThan(floor);
      for (const name of ["imageEntropy", "klImage", "klAnswer"] as const) {
        expect(metrics.every((step) => Number.isFinite(step[name]))).toBe(true);
        if (name !== "imageEntropy") expect(metrics.at(-1)?.[name]).toBeGreaterThan(0);
      }
    },
    60_000,
  );

  it.each([
    ["replayed trajectories", { imageEstimator: "replay" }],
    ["several clipped updates", { innerUpdates: 3, learningRate: 0.05 }],
    ["unscaled advantages", { advantageScale: "none", learningRate: 0.2 }],
    ["redraws of dead groups", { redraws: 2 }],
    ["a frozen judge", { frozenJudge: 0.5 }],
    ["several questions", { questionsPerImage: 3 }],
  ] as const)(
    "learns with %s",
    async (_, changes) => {
      const config = { ...makeConfig("robust"), ...quick, ...changes };
      expect(gain(await runSteps(39, config))).toBeGreaterThan(0.2);
    },
    60_000,
  );
});

describe("train, options", () => {
  it("replaces dead groups by groups of new tasks, and only those", async () => {
    const redrawing = (redraws: number) =>
      train<TableTask>({
        model,
        drawTask: drawTableTask,
        // Groups of the first word are dead.
        judge: (task, text) => (task.answer === "0" ? { reward: 1, parts: [] } : judgeTable(task, text)),
        state,
        config: () => ({ ...base, promptsPerStep: 12, redraws }),
      });
    const judged = async (redraws: number) => {
      const training = redrawing(redraws);
      const events = await runUntil(training, ({ kind }) => kind === "groupsScored");
      await training.return();
      return events.filter((event) => event.kind === "groupsJudged");
    };
    const [first] = await judged(0);
    const rounds = await judged(3);
    expect(rounds[0]).toEqual(first);
    const last = rounds.at(-1);
    const isDead = (group: { rewards: readonly { reward: number }[] }) =>
      new Set(group.rewards.map(({ reward }) => reward)).size === 1;
    const before = rounds[0]?.groups ?? [];
    const after = last?.groups ?? [];
    expect(before.some(isDead)).toBe(true);
    expect(after.filter(isDead).length).toBeLessThan(before.filter(isDead).length);
    for (const [at, group] of before.entries()) if (!isDead(group)) expect(after[at]).toEqual(group);
  });

  it("rewards an image by the mean over its questions", async () => {
    const [once] = await judgedRewards(1);
    const [thrice] = await judgedRewards(3);
    expect(once?.every((reward) => reward === 0 || reward === 1)).toBe(true);
    // The table model's answers to the same question differ by their seeds only.
    expect(thrice?.some((reward) => reward > 0.3 && reward < 0.7)).toBe(true);
    for (const reward of thrice ?? []) expect((reward * 3) % 1).toBeCloseTo(0, 9);
  });

  async function judgedRewards(questionsPerImage: number): Promise<number[][]> {
    const training = start(() => ({ ...base, groupSize: 32, questionsPerImage }));
    const events = await runUntil(training, ({ kind }) => kind === "groupsJudged");
    await training.return();
    const last = events.at(-1);
    if (last?.kind !== "groupsJudged") throw new Error("nothing was judged");
    return last.groups.map(({ rewards }) => rewards.map(({ reward }) => reward));
  }

  it("mixes the frozen judge's reward into the learner's and reports it", async () => {
    const [metrics] = await runSteps(0, { ...base, frozenJudge: 1 });
    expect(metrics?.rewardFrozen).toBeCloseTo(metrics?.rewardMean ?? Number.NaN, 12);
    const [plain] = await runSteps(1, base);
    expect(plain).not.toHaveProperty("rewardFrozen");
  });

  it("undoes the updates of an unfinished step", async () => {
    const config = { ...base, innerUpdates: 4 };
    await runSteps(1, config);
    const before = { weights: weights(), tensors: memory().numTensors, updates: state.optimizer.updates };
    const training = start(() => config);
    const half = ({ kind, ...event }: Event) =>
      kind === "learnProgress" && "done" in event && event.done > event.total / 2;
    await runUntil(training, half);
    expect(weights()).not.toEqual(before.weights);
    await training.return();
    expect(weights()).toEqual(before.weights);
    expect(memory().numTensors).toBe(before.tensors);
    expect(state.optimizer.updates).toBe(before.updates);
  });

  it("leaks no tensor with several updates end to end", async () => {
    const config = makeConfig("paper-showo", { innerUpdates: 2, decodeSteps: 3 });
    await runSteps(1, config);
    const early = memory().numTensors;
    await runSteps(4, config);
    expect(memory().numTensors).toBe(early);
  });
});
