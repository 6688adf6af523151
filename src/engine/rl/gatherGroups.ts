/**
 * What a step learns from: groups of images of one prompt each, the model's answers about them, and their rewards. Groups
 * of equal rewards teach GRPO nothing and may be replaced by groups of new prompts (DAPO's dynamic sampling).
 * Source: spec/unirl.md 10.4.
 */
import type { RunConfig } from "../config.ts";
import { enterPhase } from "../device/backend.ts";
import type { Answer, StopSignal, UnifiedModel } from "../models/unified.ts";
import { createRng, type Rng } from "../rng.ts";
import { isDeadGroup } from "./advantage.ts";
import type { PhaseSeconds } from "./metrics.ts";
import { renamed } from "./phases.ts";
import {
  type AnswerOptions,
  answerGroups,
  type DrawProgress,
  drawGroups,
  type RolloutOptions,
} from "./rollout.ts";
import type { DrawnGroup, JudgedGroup, Reward, Task } from "./task.ts";

/** Where tasks and rewards come from. */
export interface TaskSource<T extends Task> {
  /** Draws a task of the kind that the run asks for; all its randomness comes from the stream. */
  readonly drawTask: (rng: Rng, config: RunConfig) => T;
  readonly judge: (task: T, answer: string) => Reward;
}

export interface GatherOptions {
  readonly model: UnifiedModel;
  readonly step: number;
  readonly imagesPerCall: number;
  /** The configuration with what may change inside a step. */
  readonly readConfig: () => RunConfig;
  readonly signal: StopSignal | undefined;
  readonly checkCancelled: () => void;
}

export type GatherEvent<T extends Task> =
  | ({ readonly kind: "drawProgress" } & DrawProgress)
  | { readonly kind: "groupsSampled"; readonly groups: readonly DrawnGroup<T>[] }
  | { readonly kind: "groupsJudged"; readonly groups: readonly JudgedGroup<T>[] };

export interface Gathered<T extends Task> {
  readonly groups: readonly JudgedGroup<T>[];
  readonly seconds: Omit<PhaseSeconds, "observe">;
}

/** The tasks of a step; those of a redraw are new ones. */
export function drawTasks<T extends Task>(
  { drawTask }: TaskSource<T>,
  config: RunConfig,
  step: number,
  places: readonly number[],
  attempt = 0,
): T[] {
  const name = attempt === 0 ? ["task"] : ["redraw", attempt, "task"];
  return places.map((place) => drawTask(createRng(config.seed, "step", step, ...name, place), config));
}

/** Places of the groups that teach nothing. */
function deadPlaces(groups: readonly JudgedGroup[]): number[] {
  return [...groups.keys()].filter((place) => {
    return isDeadGroup(groups[place]?.rewards.map(({ reward }) => reward) ?? []);
  });
}

/** Rewards [P][G] of one opinion's answers. */
function rewardAnswers<T extends Task>(
  { judge }: TaskSource<T>,
  drawn: readonly DrawnGroup<T>[],
  answers: readonly (readonly Answer[])[],
): Reward[][] {
  return drawn.map(({ task }, place) => (answers[place] ?? []).map(({ text }) => judge(task, text)));
}

/**
 * Each image's reward: the mean over its questions of the learner's own answers, with a share c given by the starting
 * model's most likely answer, (1 − c)·own + c·frozen. Answers and reward parts are those of the first question.
 */
async function judgeGroups<T extends Task>(
  source: TaskSource<T>,
  drawn: readonly DrawnGroup<T>[],
  model: UnifiedModel,
  options: RolloutOptions,
): Promise<Gathered<T>> {
  const { frozenJudge, questionsPerImage } = options.config;
  const first = await answerGroups(model, drawn, options);
  const own = [rewardAnswers(source, drawn, first.value)];
  let { seconds } = first;
  const ask = async (more: Partial<AnswerOptions>) => {
    const answered = await answerGroups(model, drawn, { ...options, ...more });
    seconds += answered.seconds;
    return rewardAnswers(source, drawn, answered.value);
  };
  for (let question = 1; question < questionsPerImage; question++) own.push(await ask({ question }));
  const frozen = frozenJudge > 0 ? await ask({ isReference: true }) : null;
  const groups = drawn.map((group, place) => {
    const rewards = (own[0]?.[place] ?? []).map((answered, image) => {
      const mean = own.reduce((sum, asked) => sum + (asked[place]?.[image]?.reward ?? 0), 0) / own.length;
      const judged = frozen?.[place]?.[image]?.reward ?? 0;
      return { ...answered, reward: (1 - frozenJudge) * mean + frozenJudge * judged };
    });
    const frozenRewards = frozen?.[place]?.map(({ reward }) => reward);
    const answers = first.value[place] ?? [];
    return { ...group, answers, rewards, ...(frozenRewards ? { frozenRewards } : {}) };
  });
  return { groups, seconds: { draw: 0, answer: seconds } };
}

/**
 * Draws and judges a group for each task; then, up to `redraws` times, new tasks in the places of dead groups.
 * @throws EngineError("cancelled") within one decoding step of the signal
 */
export async function* gatherGroups<T extends Task>(
  source: TaskSource<T>,
  tasks: readonly T[],
  { model, step, imagesPerCall, readConfig, signal, checkCancelled }: GatherOptions,
): AsyncGenerator<GatherEvent<T>, Gathered<T>> {
  const judged: JudgedGroup<T>[] = [];
  const drawn: DrawnGroup<T>[] = [];
  const seconds = { draw: 0, answer: 0 };
  const { redraws, objective } = readConfig();
  const attempts = objective === "grpo" ? redraws : 0;
  let places = [...tasks.keys()];
  let pending = tasks;
  for (let attempt = 0; ; attempt++) {
    const drawing = drawGroups(model, pending, {
      config: readConfig(),
      step,
      attempt,
      imagesPerCall,
      signal,
    });
    enterPhase("draw");
    const fresh = yield* renamed(drawing, (progress) => ({ kind: "drawProgress" as const, ...progress }));
    enterPhase(null);
    for (const [at, place] of places.entries()) drawn[place] = fresh.value[at] as DrawnGroup<T>;
    yield { kind: "groupsSampled", groups: [...drawn] };
    checkCancelled();

    const options = { config: readConfig(), step, attempt, imagesPerCall, signal };
    enterPhase("answer");
    const verdict = await judgeGroups(source, fresh.value, model, options);
    enterPhase(null);
    for (const [at, place] of places.entries()) judged[place] = verdict.groups[at] as JudgedGroup<T>;
    yield { kind: "groupsJudged", groups: [...judged] };
    checkCancelled();

    seconds.draw += fresh.seconds;
    seconds.answer += verdict.seconds.answer;
    places = attempt < attempts ? deadPlaces(judged) : [];
    if (places.length === 0) return { groups: judged, seconds };
    pending = drawTasks(source, readConfig(), step, places, attempt + 1);
  }
}
