/** The outside judge as a looker-on while a model learns: its score of every step's own images. */
import type { Observe, Task } from "../../rl/task.ts";
import type { Metadata } from "../../world/sentences.ts";
import { mapBatches } from "../batches.ts";
import { type Contest, judgeCodes } from "./judgeDraws.ts";

/** A task whose content GenEval's rules can judge. */
type JudgeableTask = Task & { readonly metadata: Metadata };

/** @returns for `TrainRun.observe`: `judgedMean`, the share of a step's images that the judge finds correct */
export function observeGroups(contest: Contest): Observe<JudgeableTask> {
  return async (groups) => {
    const images = groups.flatMap(({ task, images: drawn }) =>
      drawn.map((codes) => ({ metadata: task.metadata, codes })),
    );
    const verdicts = await mapBatches(images, {}, (batch) => judgeCodes(contest, batch));
    return { judgedMean: verdicts.filter(({ correct }) => correct).length / verdicts.length };
  };
}
