/** The loop's tasks and rewards in the emoji world: training prompts, and the keyword matcher as judge. */
import { matchAnswer } from "../reward/matchAnswer.ts";
import type { Rng } from "../rng.ts";
import { drawTrainingPrompt, type TrainingPrompt } from "../world/prompts.ts";
import type { Splits } from "../world/splits.ts";
import type { WorldSpec } from "../world/worldSpec.ts";
import type { Reward } from "./task.ts";

/** A source of training tasks for `TrainRun.drawTask`: never a held-out prompt, UniRL's template question. */
export function createTaskSource(spec: WorldSpec, splits: Splits): (rng: Rng) => TrainingPrompt {
  return (rng) => drawTrainingPrompt(spec, splits, rng);
}

/** Rewards an answer to a prompt's question: satisfied attributes / all attributes of the gold answer. */
export function judgeAnswer(task: Pick<TrainingPrompt, "metadata">, answer: string): Reward {
  const { reward, parts } = matchAnswer(task.metadata, answer);
  return {
    reward,
    parts: parts.map(({ label, expected, satisfied }) => ({
      label: `${label} ${expected}`,
      earned: satisfied ? 1 : 0,
      possible: 1,
    })),
  };
}
