/**
 * The self-improvement loop, top to bottom: draw groups of images, let the model judge them by answering, turn the
 * rewards into advantages, learn, repeat. It yields a typed event per phase; whoever pulls the events sets the pace:
 * not pulling is pausing, aborting the signal stops, and either way the model is as the last finished step left it.
 * Source: spec/unirl.md 10.4, decoupled, one update per rollout.
 */
import type { RunConfig } from "../config.ts";
import { EngineError } from "../errors.ts";
import type { StopSignal, UnifiedModel } from "../models/unified.ts";
import { AdamW } from "../optim/adamw.ts";
import { createRng, type Rng } from "../rng.ts";
import { computeAdvantages, isDeadGroup } from "./advantage.ts";
import { planPasses, type Sample } from "./grpo.ts";
import { type LearnProgress, learn } from "./learn.ts";
import { takeChanges } from "./liveConfig.ts";
import { computeMetrics, type StepMetrics } from "./metrics.ts";
import { drawHiddenMasks } from "./remask.ts";
import { answerGroups, type DrawProgress, drawGroups } from "./rollout.ts";
import type { DrawnGroup, JudgedGroup, Reward, Task } from "./task.ts";

/** With the adapter's values, all that a run needs to go on: every random draw is named by seed and step. */
export interface TrainerState {
  /** Finished steps; the number of the next one. */
  step: number;
  readonly optimizer: AdamW;
}

/** Two bounds on memory, without influence on what is learnt beyond rounding. */
export interface TrainLimits {
  /** Images drawn or asked about in one call of the model. */
  readonly imagesPerCall: number;
  /** Images on one tape. */
  readonly imagesPerPass: number;
}

const DEFAULT_LIMITS: TrainLimits = { imagesPerCall: 64, imagesPerPass: 8 };

export interface TrainRun<T extends Task> {
  /** With an adapter attached. Borrowed. */
  readonly model: UnifiedModel;
  /** Draws a task; all its randomness comes from the stream. */
  readonly drawTask: (rng: Rng) => T;
  readonly judge: (task: T, answer: string) => Reward;
  /** Borrowed and advanced. */
  readonly state: TrainerState;
  /** Read at safe points; each field changes when its `applies` says. */
  readonly config: () => RunConfig;
  readonly signal?: StopSignal;
  readonly limits?: Partial<TrainLimits>;
}

interface Stepped<Kind extends string> {
  readonly kind: Kind;
  readonly step: number;
}

/** Plain data; images are codes. `step` counts from 0. */
export type TrainerEvent<T extends Task = Task> =
  | (Stepped<"stepStarted"> & { readonly config: RunConfig; readonly tasks: readonly T[] })
  | (Stepped<"drawProgress"> & DrawProgress)
  | (Stepped<"groupsSampled"> & { readonly groups: readonly DrawnGroup<T>[] })
  | (Stepped<"groupsJudged"> & { readonly groups: readonly JudgedGroup<T>[] })
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
 *   EngineError("nonFinite") before anything is written
 */
export async function* train<T extends Task>(run: TrainRun<T>): AsyncGenerator<TrainerEvent<T>, void> {
  const { model, state, signal } = run;
  const { imagesPerCall, imagesPerPass } = { ...DEFAULT_LIMITS, ...run.limits };
  let config = run.config();
  const takeLiveChanges = () => {
    config = takeChanges(config, run.config(), ["live"]);
    return config;
  };
  const checkCancelled = () => {
    if (signal?.aborted) throw new EngineError("cancelled", "Training was stopped.", { step: state.step });
  };

  for (;;) {
    checkCancelled();
    const { step } = state;
    config = takeChanges(config, run.config(), ["live", "nextStep"]);

    // Choose what to draw.
    const tasks = drawTasks(run, config, step);
    yield { kind: "stepStarted", step, config, tasks };

    // Sample: G images for each prompt.
    const drawing = drawGroups(model, tasks, { config: takeLiveChanges(), step, imagesPerCall, signal });
    const drawn = yield* renamed(drawing, (progress) => ({
      kind: "drawProgress" as const,
      step,
      ...progress,
    }));
    yield { kind: "groupsSampled", step, groups: drawn.value };
    checkCancelled();

    // Judge: the model answers about its own images, the answers earn rewards.
    const answered = await answerGroups(model, drawn.value, {
      config: takeLiveChanges(),
      step,
      imagesPerCall,
      signal,
    });
    const groups = drawn.value.map((group, at) => {
      const answers = answered.value[at] ?? [];
      return { ...group, answers, rewards: answers.map(({ text }) => run.judge(group.task, text)) };
    });
    yield { kind: "groupsJudged", step, groups };
    checkCancelled();

    // Score: advantages within each group.
    takeLiveChanges();
    const rewards = groups.map((group) => group.rewards.map(({ reward }) => reward));
    const advantages = rewards.map((group) => computeAdvantages(group, config.advantageClip));
    yield { kind: "groupsScored", step, advantages, deadGroups: rewards.map(isDeadGroup) };
    checkCancelled();

    // Learn: one update from the groups that are not dead.
    takeLiveChanges();
    const passes = planPasses(collectSamples(model, groups, advantages, config, step), {
      image: { policy: config.imageWeight, kl: config.klImage },
      answer: { policy: config.answerWeight, kl: config.klAnswer },
      draws: config.remaskDraws,
      imagesPerPass,
    });
    const learning = learn(model, passes, state.optimizer, takeLiveChanges, checkCancelled);
    const report =
      passes.length === 0
        ? null
        : yield* renamed(learning, (progress) => ({ kind: "learnProgress" as const, step, ...progress }));
    state.step = step + 1;

    const seconds = { draw: drawn.seconds, answer: answered.seconds };
    yield { kind: "stepFinished", step, metrics: computeMetrics(groups, report, seconds) };
  }
}

function drawTasks<T extends Task>(run: TrainRun<T>, config: RunConfig, step: number): T[] {
  return Array.from({ length: config.promptsPerStep }, (_, prompt) =>
    run.drawTask(createRng(config.seed, "step", step, "task", prompt)),
  );
}

/** The images of live groups with all that learning needs of them. */
function collectSamples(
  model: UnifiedModel,
  groups: readonly JudgedGroup[],
  advantages: readonly (readonly number[])[],
  config: RunConfig,
  step: number,
): Sample[] {
  const { remaskDraws, remaskMinRatio, answerGate, seed } = config;
  return groups.flatMap(({ task, images, answers, rewards }, group) => {
    if (isDeadGroup(rewards.map(({ reward }) => reward))) return [];
    return images.map((codes, image) => ({
      prompt: task.metadata.prompt,
      question: task.question,
      codes,
      answer: answers[image]?.tokens ?? new Int32Array(0),
      advantage: advantages[group]?.[image] ?? 0,
      teachesAnswer: (rewards[image]?.reward ?? 0) >= answerGate,
      masks: drawHiddenMasks(
        model.imageTokenCount,
        remaskDraws,
        remaskMinRatio,
        createRng(seed, "step", step, "mask", group, image),
      ),
    }));
  });
}

/** Passes a phase's progress on as trainer events, and hands back its result. Leaving closes the phase. */
async function* renamed<P, E, R>(
  phase: AsyncGenerator<P, R>,
  toEvent: (progress: P) => E,
): AsyncGenerator<E, R> {
  let isOpen = true;
  try {
    for (;;) {
      const next = await phase.next();
      if (next.done) {
        isOpen = false;
        return next.value;
      }
      yield toEvent(next.value);
    }
  } finally {
    // The value given to return() is never read: nobody is left to receive it.
    if (isOpen) await phase.return(undefined as never);
  }
}
