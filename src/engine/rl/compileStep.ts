/** Compiles the shaders of a whole step before the first one is made: steps that draw, answer and learn nothing. */
import { CONFIG_FIELDS, type ConfigKey, type RunConfig } from "../config.ts";
import { compileAhead } from "../device/backend.ts";
import type { UnifiedModel } from "../models/unified.ts";
import type { Task } from "./task.ts";
import { createTrainerState, type TrainRun, train } from "./trainer.ts";

/** What a run is made of, without its position. */
export type StepSource<T extends Task> = Omit<TrainRun<T>, "state" | "signal">;

/**
 * As many programs as a step of `config` runs, in fewer calls: a second one of each kind runs what sums them up, and a third
 * would only take time.
 */
function abridge(config: RunConfig): RunConfig {
  return {
    ...config,
    promptsPerStep: Math.min(config.promptsPerStep, 2),
    decodeSteps: Math.min(config.decodeSteps, 2),
    remaskDraws: Math.min(config.remaskDraws, 2),
    innerUpdates: Math.min(config.innerUpdates, 2),
    questionsPerImage: 1,
    redraws: 0,
  };
}

/**
 * Calls of few rows run programs of their own, and where groups die or answers are short every step has some.
 * `images` in one call, answers of `tokens`.
 */
const SMALL_CALLS = [
  { images: 1, tokens: 1 },
  { images: 1, tokens: 2 },
  { images: 2, tokens: 2 },
  { images: 4, tokens: 2 },
] as const;

/** Rewards in turn: a group of equal ones would leave nothing to learn. */
const inTurn = (judged: number) => judged % 2;

/** A step whose state is thrown away. @param reward of the n-th answer */
async function tryStep<T extends Task>(run: StepSource<T>, reward = inTurn): Promise<void> {
  const { model } = run;
  const state = createTrainerState(model);
  const before = state.optimizer.snapshot();
  let judged = 0;
  const judge: typeof run.judge = (...answered) => {
    judged += 1;
    return { ...run.judge(...answered), reward: reward(judged) };
  };
  try {
    for await (const event of train({ ...run, judge, state })) {
      if (event.kind === "groupsSampled")
        await model.decodeImages(event.groups.flatMap(({ images }) => images));
      if (event.kind === "stepFinished") return;
    }
  } finally {
    before.restore();
    before.dispose();
    state.optimizer.dispose();
  }
}

/** What was compiled for a model, by `programKey`. A model lives on one device, and so do its programs. */
const compiledFor = new WeakMap<UnifiedModel, Set<string>>();

/** Configurations with the same key run the same programs: of numbers that may change live, only whether they are 0 counts. */
function programKey(config: RunConfig): string {
  const fields = Object.entries(config) as [ConfigKey, RunConfig[ConfigKey]][];
  const deciding = fields.filter(([key]) => key !== "seed");
  return JSON.stringify(
    deciding.map(([key, value]) => (CONFIG_FIELDS[key].applies === "live" ? value !== 0 : value)),
  );
}

/**
 * Compiles what a step of this run needs, and what shows its images, in parallel. Changes nothing: not the model, not its
 * adapter, no random stream. Does nothing where no shaders run, or when it was done for such a configuration before.
 * @param onProgress pipelines compiled so far, of how many
 * @throws EngineError("gpuError") when a shader does not compile
 */
export async function compileStep<T extends Task>(
  run: StepSource<T>,
  onProgress?: (compiled: number, total: number) => void,
): Promise<void> {
  const config = abridge(run.config());
  const known = compiledFor.get(run.model) ?? new Set();
  if (known.has(programKey(config))) return;
  await compileAhead(async () => {
    await tryStep({ ...run, config: () => config });
    // What is observed where every group is dead.
    if (config.objective === "grpo") await tryStep({ ...run, config: () => config }, () => 0);
    for (const { images, tokens } of SMALL_CALLS) {
      const groupSize = Math.max(2, images);
      const small = { ...config, promptsPerStep: 1, groupSize, answerMaxTokens: tokens };
      const limits = { imagesPerCall: images, imagesPerPass: images };
      await tryStep({ ...run, config: () => small, limits });
    }
  }, onProgress);
  compiledFor.set(run.model, known.add(programKey(config)));
}
