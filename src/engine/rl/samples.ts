/**
 * What each image of a step teaches: the tokens to score, how they are seen while scored, and with which sign and
 * strength they are pushed. GRPO pushes what was sampled by its advantage; SFT pushes the right answer, and, decoupled,
 * only images whose own answer was right.
 *
 * Source: spec/unirl.md 10.3 and 10.4. Differs: the gate reads the reward of the answers that the step sampled anyway,
 * where 10.3 asks once more, greedily. That spares a second round of answers for every image, and as an image passes with
 * the probability of a full score, it is weighed in expectation by p(right answer), the other choice of 3.3.
 */
import type { RunConfig } from "../config.ts";
import type { ImageCodes, UnifiedModel } from "../models/unified.ts";
import { createRng } from "../rng.ts";
import { isDeadGroup } from "./advantage.ts";
import { drawHiddenMask, drawRemaskViews, type ImageView, replayViews } from "./imageViews.ts";
import type { JudgedGroup } from "./task.ts";

/** One image and an answer about it, ready to learn from. */
export interface Sample {
  readonly prompt: string;
  readonly question: string;
  readonly codes: ImageCodes;
  /** Tokens whose log-probs the answer term moves: as sampled (GRPO), or the right answer's (SFT). */
  readonly answer: Int32Array;
  /** c of each term: sign and strength of the push, without the term's weight. */
  readonly signal: { readonly image: number; readonly answer: number };
  /** How the image is shown while its tokens are scored, one pass each. */
  readonly views: readonly ImageView[];
  /** [N], 1 where the differentiable image depends on the generator. */
  readonly softMask: Uint8Array;
  readonly noiseSeed: string;
}

/** Where a sample stands in its step. */
interface Place {
  readonly step: number;
  readonly group: number;
  readonly image: number;
}

function placeName({ seed }: RunConfig, use: string, { step, group, image }: Place): string {
  return [seed, "step", step, use, group, image].join("/");
}

/** All that does not depend on the objective. */
function describeImage(
  model: UnifiedModel,
  { task, images, decidedAt }: JudgedGroup,
  config: RunConfig,
  place: Place,
) {
  const { imageEstimator, remaskDraws, remaskMinRatio, seed } = config;
  const count = model.imageTokenCount;
  const rng = createRng(seed, "step", place.step, "mask", place.group, place.image);
  const views =
    imageEstimator === "replay"
      ? replayViews(decidedAt[place.image] ?? new Uint8Array(count), config.decodeSteps)
      : drawRemaskViews(count, remaskDraws, remaskMinRatio, rng);
  const ratio = remaskMinRatio + (1 - remaskMinRatio) * rng.uniform();
  return {
    prompt: task.metadata.prompt,
    question: task.question,
    codes: images[place.image] ?? new Int32Array(count),
    views,
    softMask: drawHiddenMask(count, ratio, rng),
    noiseSeed: placeName(config, "gumbel", place),
  };
}

/** The images of live groups, pushed by their advantages. The answer gate keeps wrong images from teaching answers. */
function grpoSamples(
  model: UnifiedModel,
  groups: readonly JudgedGroup[],
  advantages: readonly (readonly number[])[],
  config: RunConfig,
  step: number,
): Sample[] {
  return groups.flatMap((judged, group) => {
    const { answers, rewards } = judged;
    if (isDeadGroup(rewards.map(({ reward }) => reward))) return [];
    return judged.images.map((_, image) => {
      const advantage = advantages[group]?.[image] ?? 0;
      const teachesAnswer = (rewards[image]?.reward ?? 0) >= config.answerGate;
      return {
        ...describeImage(model, judged, config, { step, group, image }),
        answer: answers[image]?.tokens ?? new Int32Array(0),
        signal: { image: advantage, answer: teachesAnswer ? advantage : 0 },
      };
    });
  });
}

/**
 * All images with their right answers. Those that pass the gate are pushed by n / (images that pass), so that the loss
 * is a mean over them.
 */
function sftSamples(
  model: UnifiedModel,
  groups: readonly JudgedGroup[],
  config: RunConfig,
  step: number,
): Sample[] {
  const passes = ({ reward }: { reward: number }): boolean => reward >= config.answerGate;
  const all = groups.flatMap(({ rewards }) => rewards);
  const strength = all.length / Math.max(1, all.filter(passes).length);
  return groups.flatMap((judged, group) => {
    const answer = model.encodeAnswer(judged.task.answer);
    return judged.rewards.map((reward, image) => {
      const push = passes(reward) ? strength : 0;
      return {
        ...describeImage(model, judged, config, { step, group, image }),
        answer,
        signal: { image: push, answer: push },
      };
    });
  });
}

/** @param advantages [P][G], read by GRPO only */
export function collectSamples(
  model: UnifiedModel,
  groups: readonly JudgedGroup[],
  advantages: readonly (readonly number[])[],
  config: RunConfig,
  step: number,
): Sample[] {
  return config.objective === "sft"
    ? sftSamples(model, groups, config, step)
    : grpoSamples(model, groups, advantages, config, step);
}
