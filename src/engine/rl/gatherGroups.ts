/**
 * What a step learns from: groups of images of one prompt each, the model's answers about them, and their rewards. Groups
 * of equal rewards teach GRPO nothing and may be replaced by groups of new prompts (DAPO's dynamic sampling).
 * Source: spec/unirl.md 10.4.
 */
import type { RunConfig } from "../config.ts";
import type { StopSignal, UnifiedModel } from "../models/unified.ts";
import { createRng, type Rng } from "../rng.ts";
import { isDeadGroup } from "./advantage.ts";
import type { PhaseSeconds } from "./metrics.ts";
import { renamed } from "./phases.ts";
import { answerGroups, type DrawProgress, drawGroups, type RolloutOptions } from "./rollout.ts";
import type { DrawnGroup, JudgedGroup, Reward, Task } from "./task.ts";

/** Where tasks and rewards come from. */
export interface TaskSource<T extends Task> {
  /** Draws a task; all its randomness comes from the stream. */
  readonly drawTask: (rng: Rng) => T;
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
  readonly seconds: PhaseSeconds;
}

/** The tasks of a step; those of a redraw are new ones. */
export function drawTasks<T extends Task>(
  { drawTask }: TaskSource<T>,
  { seed }: RunConfig,
  step: number,
  places: readonly number[],
  attempt = 0,
): T[] {
  const name = attempt === 0 ? ["task"] : ["redraw", attempt, "task"];
  return places.map((place) => drawTask(createRng(seed, "step", step, ...name, place)));
}

/** Places of the groups that teach nothing. */
function deadPlaces(groups: readonly JudgedGroup[]): number[] {
  return [...groups.keys()].filter((place) => {
    return isDeadGroup(groups[place]?.rewards.map(({ reward }) => reward) ?? []);
  });
}

/** The learner's own rewards, with a share c given by the starting model's greedy answers: (1 − c)·own + c·frozen. */
async function judgeGroups<T extends Task>(
  { judge }: TaskSource<T>,
  drawn: readonly DrawnGroup<T>[],
  model: UnifiedModel,
  options: RolloutOptions,
): Promise<Gathered<T>> {
  const { frozenJudge } = options.config;
  const own = await answerGroups(model, drawn, options);
  const frozen = frozenJudge > 0 ? await answerGroups(model, drawn, { ...options, isReference: true }) : null;
  const groups = drawn.map((group, place) => {
    const answers = own.value[place] ?? [];
    const ownRewards = answers.map(({ text }) => judge(group.task, text));
    if (!frozen) return { ...group, answers, rewards: ownRewards };
    const frozenRewards = (frozen.value[place] ?? []).map(({ text }) => judge(group.task, text).reward);
    const rewards = ownRewards.map(({ reward, parts }, image) => ({
      reward: (1 - frozenJudge) * reward + frozenJudge * (frozenRewards[image] ?? 0),
      parts,
    }));
    return { ...group, answers, rewards, frozenRewards };
  });
  return { groups, seconds: { draw: 0, answer: own.seconds + (frozen?.seconds ?? 0) } };
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
    const fresh = yield* renamed(drawing, (progress) => ({ kind: "drawProgress" as const, ...progress }));
    for (const [at, place] of places.entries()) drawn[place] = fresh.value[at] as DrawnGroup<T>;
    yield { kind: "groupsSampled", groups: [...drawn] };
    checkCancelled();

    const options = { config: readConfig(), step, attempt, imagesPerCall, signal };
    const verdict = await judgeGroups(source, fresh.value, model, options);
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
