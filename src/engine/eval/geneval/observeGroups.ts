/** The outside judge as a looker-on while a model learns: its score of every step's own images. */
import type { Observe, Task } from "../../rl/task.ts";
import type { Metadata } from "../../world/sentences.ts";
import { mapBatches } from "../batches.ts";
import { type Contest, judgeCodes } from "./judgeDraws.ts";

/** A task whose content GenEval's rules can judge. */
type JudgeableTask = Task & { readonly metadata: Metadata };

/**
 * @returns for `TrainRun.observe`: `judgedMean`, the share of a step's images that the judge finds correct, and `judgeGap`,
 *   by how much the mean reward of the same images is above it
 */
export function observeGroups(contest: Contest): Observe<JudgeableTask> {
  return async (groups) => {
    const images = groups.flatMap(({ task, images: drawn }) =>
      drawn.map((codes) => ({ metadata: task.metadata, codes })),
    );
    const verdicts = await mapBatches(images, {}, (batch) => judgeCodes(contest, batch));
    const judgedMean = verdicts.filter(({ correct }) => correct).length / verdicts.length;
    const rewards = groups.flatMap((group) => group.rewards.map(({ reward }) => reward));
    const rewardMean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
    return { judgedMean, judgeGap: rewardMean - judgedMean };
  };
}
