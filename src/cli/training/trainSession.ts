/** One `unirl train` run: score, train, score again, leave files behind. Knows the terminal only through `report`. */
import { diffConfig, type RunConfig } from "../../engine/config.ts";
import { EngineError } from "../../engine/errors.ts";
import {
  type Checkpoint,
  compileStep,
  createSplits,
  createTaskSource,
  createTrainerState,
  decodeCheckpoint,
  describePlan,
  encodeCheckpoint,
  judgeAnswer,
  observeGroups,
  planMemory,
  restoreCheckpoint,
  type Splits,
  settleKernelChoices,
  type TrainerState,
  train,
} from "../../engine/index.ts";
import { UNKEPT_CHOICES } from "../node/kernelChoices.ts";
import {
  type ComparePlan,
  type CompareSetting,
  evaluationMetrics,
  planComparison,
  type Scores,
  scoreModel,
  summariseGain,
  summariseScores,
  warnOfHacking,
} from "./compare.ts";
import type { Progress } from "./progress.ts";
import { RunFolder, readCheckpointFile } from "./runFolder.ts";
import { chooseConfig, type TrainOptions, validateConfig } from "./trainOptions.ts";

/** What a session works with; all borrowed. */
export interface TrainSetting extends CompareSetting {
  readonly progress: Progress;
  /** Takes each record as it comes: `evaluated`, `stepFinished`, `runFinished`. */
  readonly report: (record: Readonly<Record<string, unknown>>) => void;
  /** Takes what a person should know at once. */
  readonly warn: (text: string) => void;
  /** Takes what a person may like to know. */
  readonly say: (text: string) => void;
}

const CHECKPOINT_FILE = "checkpoint.safetensors";

/** The saved configuration with --set on top; a fresh run's is the preset's. @throws EngineError("badConfig") */
function settleConfig(options: TrainOptions, checkpoint: Checkpoint | null): RunConfig {
  if (!checkpoint) return chooseConfig(options);
  const config = validateConfig({ ...checkpoint.config, ...options.set });
  const fixed = diffConfig(checkpoint.config, config).filter((key) =>
    ["seed", "loraRank", "loraAlpha"].includes(key),
  );
  if (fixed.length === 0) return config;
  throw new EngineError(
    "badConfig",
    `A resumed run cannot change ${fixed.join(", ")}. Leave --set ${fixed[0]} out.`,
  );
}

/**
 * Trains up to `options.steps` finished steps. When the signal aborts, the last finished step is saved and the run ends.
 * @returns whether all steps were made
 * @throws EngineError of loading, training or writing
 */
export async function runTraining(setting: TrainSetting): Promise<boolean> {
  const { model, sprites, options, report, warn, say } = setting;
  const checkpoint = options.resume ? await decodeCheckpoint(readCheckpointFile(options.resume)) : null;
  const config = settleConfig(options, checkpoint);
  const folder = new RunFolder(options.out);
  folder.openMetrics(checkpoint?.step ?? 0);
  const splits = createSplits(sprites.spec);
  const plan = planComparison(setting, splits, config);
  say(`Memory: ${describePlan(planMemory(model, config))}.`);
  model.attachAdapter({ rank: config.loraRank, alpha: config.loraAlpha, seed: config.seed });
  const state = createTrainerState(model);
  try {
    await compileShaders(setting, splits, config);
    // The fresh adapter changes nothing (B = 0), so this scores the base model, for a resumed run too.
    const before = await unlessStopped(() => scoreModel(model, plan, null));
    if (!before) return false;
    report({ type: "evaluated", step: 0, ...summariseScores(before, plan) });
    await folder.writeSheet("before.png", model, before);
    if (checkpoint) restoreCheckpoint(checkpoint, model, state);
    const isComplete = await trainSteps(setting, folder, state, config, splits, plan, before);
    folder.write(CHECKPOINT_FILE, await encodeCheckpoint(state, model, config));
    await folder.writeAdapter(model, config);
    const after = isComplete ? await unlessStopped(() => scoreModel(model, plan, before)) : null;
    if (!after) return false;
    await folder.writeSheet("after.png", model, after);
    const warning = warnOfHacking(before, after, plan);
    if (warning) warn(warning);
    const result = { type: "runFinished", step: state.step, config, ...summariseGain(before, after, plan) };
    report(result);
    folder.write("result.json", `${JSON.stringify(result, null, 2)}\n`);
    return true;
  } finally {
    state.optimizer.dispose();
  }
}

/** The work's result, or null when the user stopped it. */
async function unlessStopped<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError && error.code === "cancelled") return null;
    throw error;
  }
}

/** Compiles what a step needs in parallel, before the first thing is run; only WebGPU compiles anything. */
async function compileShaders(
  { model, detector, sprites, progress, say }: TrainSetting,
  splits: Splits,
  config: RunConfig,
): Promise<void> {
  const startedMs = performance.now();
  let count = 0;
  await compileStep(
    {
      model,
      drawTask: createTaskSource(sprites.spec, splits),
      judge: judgeAnswer,
      config: () => config,
      ...(detector ? { observe: observeGroups({ model, detector }) } : {}),
    },
    (compiled, total) => {
      count = total;
      progress.update(0, undefined, `compiling shaders ${compiled}/${total}`);
    },
  );
  // Timed in every run: it takes a second, and a stale file would cost more.
  await settleKernelChoices(UNKEPT_CHOICES);
  if (count > 0)
    say(`${count} shaders compiled in ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
}

/** Scores, reports and warns. @returns what belongs to the metrics of the step @throws EngineError("cancelled") */
async function evaluateOnTheWay(
  { model, report, warn }: TrainSetting,
  step: number,
  plan: ComparePlan,
  before: Scores,
): Promise<Record<string, number>> {
  const scores = await scoreModel(model, plan, before);
  report({ type: "evaluated", step, ...summariseScores(scores, plan) });
  const warning = warnOfHacking(before, scores, plan);
  if (warning) warn(warning);
  return evaluationMetrics(scores);
}

async function trainSteps(
  setting: TrainSetting,
  folder: RunFolder,
  state: TrainerState,
  config: RunConfig,
  splits: Splits,
  plan: ComparePlan,
  before: Scores,
): Promise<boolean> {
  const { model, detector, sprites, options, signal, progress, report } = setting;
  if (state.step >= options.steps) return true;
  const drawTask = createTaskSource(sprites.spec, splits);
  const training = train({
    model,
    drawTask,
    judge: judgeAnswer,
    state,
    config: () => config,
    signal,
    ...(detector ? { observe: observeGroups({ model, detector }) } : {}),
  });
  const finished = await unlessStopped(async () => {
    for await (const event of training) {
      // Between passes nothing else gives up the thread: lets a waiting Ctrl-C in.
      await new Promise((resolve) => setImmediate(resolve));
      progress.update(state.step, undefined, event.kind);
      if (event.kind !== "stepFinished") continue;
      const record = { type: "stepFinished", step: state.step, ...event.metrics };
      report(record);
      progress.update(state.step, event.metrics.rewardMean, event.kind);
      const isLast = state.step >= options.steps;
      const isDue = !isLast && options.evalEvery > 0 && state.step % options.evalEvery === 0;
      // A step has one line, evaluated or not, and has it before a checkpoint says that it is done.
      let evaluated: Record<string, number> = {};
      try {
        if (isDue) evaluated = await evaluateOnTheWay(setting, state.step, plan, before);
      } finally {
        folder.appendMetrics({ ...record, ...evaluated });
      }
      if (state.step % config.checkpointEvery === 0) {
        folder.write(CHECKPOINT_FILE, await encodeCheckpoint(state, model, config));
      }
      if (isLast) return true;
    }
    return false;
  });
  return finished ?? false;
}
