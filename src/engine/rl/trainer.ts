/**
 * The self-improvement loop, top to bottom: draw groups of images, let the model judge them by answering, turn the
 * rewards into advantages, learn, repeat. It yields a typed event per phase; whoever pulls the events sets the pace:
 * not pulling is pausing, aborting the signal stops, and either way the model is as the last finished step left it.
 * Source: spec/unirl.md 10.3 (SFT) and 10.4 (GRPO).
 */
import { util } from "@tensorflow/tfjs-core";
import type { RunConfig } from "../config.ts";
import { currentDevice, enterPhase, limitShare, takeGpuUse } from "../device/backend.ts";
import { type CheckDevice, catchDeviceErrors } from "../device/deviceErrors.ts";
import { EngineError } from "../errors.ts";
import type { StopSignal, UnifiedModel, WorkLimits } from "../models/unified.ts";
import { AdamW } from "../optim/adamw.ts";
import { computeAdvantages, isDeadGroup } from "./advantage.ts";
import { drawTasks, type GatherEvent, gatherGroups, type TaskSource } from "./gatherGroups.ts";
import { type LearnProgress, learn } from "./learn.ts";
import { takeChanges } from "./liveConfig.ts";
import { planMemory } from "./memoryPlan.ts";
import { computeMetrics, type StepMetrics } from "./metrics.ts";
import { findUnknownTerms, observeTerms } from "./observeTerms.ts";
import { type PassPlan, planPasses } from "./passes.ts";
import { renamed } from "./phases.ts";
import type { Timed } from "./rollout.ts";
import { collectSamples } from "./samples.ts";
import type { Observe, Task } from "./task.ts";

/** With the adapter's values, all that a run needs to go on: every random draw is named by seed and step. */
export interface TrainerState {
  /** Finished steps; the number of the next one. */
  step: number;
  readonly optimizer: AdamW;
}

export interface TrainRun<T extends Task> extends TaskSource<T> {
  /** With an adapter attached. Borrowed. */
  readonly model: UnifiedModel;
  /** Borrowed and advanced. */
  readonly state: TrainerState;
  /** Read at safe points; each field changes when its `applies` says. */
  readonly config: () => RunConfig;
  readonly signal?: StopSignal;
  /** Called once a step with all its groups. */
  readonly observe?: Observe<T>;
  /** Other cuts than the memory budget's. */
  readonly limits?: Partial<WorkLimits>;
}

interface Stepped<Kind extends string> {
  readonly kind: Kind;
  readonly step: number;
}

/** Plain data; images are codes. `step` counts from 0. */
export type TrainerEvent<T extends Task = Task> =
  | (Stepped<"stepStarted"> & { readonly config: RunConfig; readonly tasks: readonly T[] })
  | (GatherEvent<T> & { readonly step: number })
  /** `advantages` [P][G]; `deadGroups` [P]: all rewards equal, dropped from learning. */
  | (Stepped<"groupsScored"> & {
      readonly advantages: readonly (readonly number[])[];
      readonly deadGroups: readonly boolean[];
    })
  | (Stepped<"learnProgress"> & LearnProgress)
  | (Stepped<"stepFinished"> & { readonly metrics: StepMetrics });

/** A fresh state for a model with an adapter. Dispose its optimizer at the end of the run. */
export function createTrainerState(model: UnifiedModel): TrainerState {
  const variables = model.adapterVariables();
  if (variables.length === 0) {
    throw new EngineError("badInput", "The model has no adapter to train: call attachAdapter first.");
  }
  return { step: 0, optimizer: new AdamW(variables) };
}

/**
 * Trains until the consumer leaves or the signal aborts.
 * @throws EngineError("cancelled") at the next safe point after the signal (within a decoding step while drawing);
 *   EngineError("nonFinite"), EngineError("outOfMemory") (what cannot fit is refused before a step begins) or EngineError("gpuError") before anything is written
 */
export async function* train<T extends Task>(run: TrainRun<T>): AsyncGenerator<TrainerEvent<T>, void> {
  const first = run.config();
  limitShare(() => run.config().gpuShare / 100);
  for (;;) {
    const { step } = run.state;
    const work = (checkDevice: CheckDevice) => makeStep(run, first, checkDevice);
    const metrics = yield* catchDeviceErrors(currentDevice(), work);
    yield { kind: "stepFinished", step, metrics };
  }
}

/** @param first the run's configuration when training began: what only a new run may change stays as it is there */
async function* makeStep<T extends Task>(
  run: TrainRun<T>,
  first: RunConfig,
  checkDevice: CheckDevice,
): AsyncGenerator<TrainerEvent<T>, StepMetrics> {
  const { model, state, signal } = run;
  const { step } = state;
  let config = takeChanges(first, run.config(), ["live", "nextStep"]);
  const limits = { ...planMemory(model, config).limits, ...run.limits };
  const takeLiveChanges = () => {
    config = takeChanges(config, run.config(), ["live"]);
    return config;
  };
  const checkCancelled = () => {
    if (signal?.aborted) throw new EngineError("cancelled", "Training was stopped.", { step });
  };
  checkCancelled();
  // What an abandoned step or the page asked of the GPU since is not this step's.
  enterPhase(null);
  await takeGpuUse();

  // Choose what to draw.
  const places = Array.from({ length: config.promptsPerStep }, (_, place) => place);
  const tasks = drawTasks(run, config, step, places);
  yield { kind: "stepStarted", step, config, tasks };

  // Sample and judge: G images for each prompt; the model answers about its own images, the answers earn rewards.
  const gathering = gatherGroups(run, tasks, {
    model,
    step,
    imagesPerCall: limits.imagesPerCall,
    readConfig: takeLiveChanges,
    signal,
    checkCancelled,
  });
  const { groups, seconds } = yield* renamed(gathering, (event) => ({ ...event, step }));

  // Look on: an outsider's opinion of the same images, which reaches the log and nothing else.
  const observed = await timeObserving(async () => (await run.observe?.(groups)) ?? {});
  checkCancelled();

  // Score: advantages within each group.
  takeLiveChanges();
  const rewards = groups.map((group) => group.rewards.map(({ reward }) => reward));
  const isDropped = (group: number[]) => config.objective === "grpo" && isDeadGroup(group);
  const advantages = rewards.map((group) =>
    computeAdvantages(group, config.advantageClip, config.advantageScale),
  );
  yield { kind: "groupsScored", step, advantages, deadGroups: rewards.map(isDropped) };
  checkCancelled();

  // Learn: μ updates from what the images teach.
  takeLiveChanges();
  const samples = collectSamples(model, groups, advantages, config, step);
  const passes = planPasses(samples, describePasses(config, step, limits));
  const terms = await timeObserving(() => {
    return observeTerms({ model, groups, terms: findUnknownTerms(passes), config, step, limits, signal });
  });
  checkCancelled();
  const learning = learn({
    model,
    passes,
    updates: config.innerUpdates,
    optimizer: state.optimizer,
    readConfig: takeLiveChanges,
    signal,
    checkCancelled,
    checkDevice,
  });
  const report =
    passes.length === 0
      ? null
      : yield* renamed(learning, (progress) => ({ kind: "learnProgress" as const, step, ...progress }));
  state.step = step + 1;
  enterPhase(null);
  const gpuUse = await takeGpuUse();

  const observe = observed.seconds + terms.seconds;
  const metrics = computeMetrics(groups, { ...terms.value, ...report }, { ...seconds, observe }, gpuUse);
  return { ...metrics, ...observed.value };
}

/** What looks at a step and teaches nothing, and the time it took. */
async function timeObserving<R>(work: () => Promise<R>): Promise<Timed<R>> {
  const startedMs = util.now();
  enterPhase("observe");
  try {
    return { value: await work(), seconds: (util.now() - startedMs) / 1000 };
  } finally {
    enterPhase(null);
  }
}

function describePasses(
  config: RunConfig,
  step: number,
  { imagesPerPass, isRecomputed }: WorkLimits,
): PassPlan {
  const { objective, imagePath, gumbelTau, holdUnderstanding } = config;
  const holdsUnderstanding = holdUnderstanding > 0 && step % holdUnderstanding === 0;
  return {
    objective,
    image: { policy: config.imageWeight, kl: config.klImage },
    answer: { policy: config.answerWeight, kl: config.klAnswer },
    endToEnd: imagePath === "endToEnd" ? { tau: gumbelTau, holdsUnderstanding } : null,
    clip: { low: config.clipLow, high: config.clipHigh },
    imagesPerPass,
    isRecomputed,
  };
}
