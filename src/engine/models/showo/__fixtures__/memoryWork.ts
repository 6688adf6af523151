/** For tests of the memory estimate: the parts of a run at the sizes of a demand, with rows as long as the estimate takes them. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import type { MemoryBytes, MemoryDemand, UnifiedModel } from "../../unified.ts";

export const DEMAND: MemoryDemand = {
  imagesPerCall: 4,
  imagesPerPass: 4,
  isRecomputed: false,
  loraRank: 4,
  isGuided: false,
  isEndToEnd: false,
  isRepeated: false,
  answerMaxTokens: 4,
  imagesPerStep: 4,
  textTokens: 8,
};

const END_TO_END: MemoryDemand = { ...DEMAND, isEndToEnd: true };

/** Of every part. */
const DEMANDS: readonly MemoryDemand[] = [
  DEMAND,
  { ...DEMAND, imagesPerPass: 1, imagesPerCall: 1, imagesPerStep: 1 },
];

/** What only the tape depends on. */
const LEARNING_DEMANDS: readonly MemoryDemand[] = [
  END_TO_END,
  { ...DEMAND, isRecomputed: true },
  { ...END_TO_END, isRecomputed: true },
];

const SEED = { rank: DEMAND.loraRank, alpha: 8, seed: 0 };

/** Runs a part of a step. Attach the adapter before. */
type Work = (model: UnifiedModel, demand: MemoryDemand) => Promise<void>;

function scenes({ imageTokenCount, codebookSize }: UnifiedModel, count: number) {
  const codes = (of: number) =>
    Int32Array.from({ length: imageTokenCount }, (_, at) => (at * 7 + of) % codebookSize);
  const images = Array.from({ length: count }, (_, at) => codes(at));
  return {
    images,
    prompts: images.map((_, at) => `a photo of ${at} cats`),
    questions: images.map(() => "what is in the image ?"),
    hidden: images.map(() => new Uint8Array(imageTokenCount).fill(1)),
  };
}

function learnFrom(model: UnifiedModel, loss: () => tf.Tensor): void {
  const variables = model.adapterVariables().map(({ variable }) => variable);
  const { value, grads } = tf.variableGrads(() => tf.sum(loss()) as tf.Scalar, variables);
  tf.dispose([value, grads]);
}

/** By the part of `MemoryBytes` that it fills. */
export const WORK = {
  drawing: async (model, { imagesPerCall }) => {
    const { prompts } = scenes(model, imagesPerCall);
    const settings = { guidanceScale: 0, temperature: 1, steps: 2 };
    await model.drawImages({ prompts, seeds: prompts, ...settings });
  },
  answering: async (model, { imagesPerCall, answerMaxTokens }) => {
    const { images, questions } = scenes(model, imagesPerCall);
    await model.answerQuestions({ images, questions, maxTokens: answerMaxTokens });
  },
  images: async (model, { imagesPerCall }) => {
    await model.decodeImages(scenes(model, imagesPerCall).images);
  },
  learning: async (model, { imagesPerPass, isRecomputed, isEndToEnd }) => {
    const { images, prompts, questions, hidden } = scenes(model, imagesPerPass);
    const answers = images.map(() => model.encodeAnswer("a cat"));
    if (!isEndToEnd) {
      learnFrom(model, () => model.imageLogProbs({ prompts, images, hidden, isRecomputed }));
      learnFrom(model, () => model.answerLogProbs({ images, questions, answers, isRecomputed }).logProbs);
      return;
    }
    learnFrom(model, () => {
      const soft = { prompts, images, hidden, noiseSeeds: prompts, tau: 1, isRecomputed };
      const image = model.differentiableImage(soft);
      return model.answerLogProbs({ images: image, questions, answers, isRecomputed }).logProbs;
    });
  },
} satisfies Partial<Record<keyof MemoryBytes, Work>>;

/** A model as it stands between two parts. */
export async function openForWork(model: UnifiedModel): Promise<UnifiedModel> {
  model.attachAdapter(SEED);
  return model;
}

const describeDemand = ({ imagesPerCall, isRecomputed, isEndToEnd }: MemoryDemand): string =>
  `${imagesPerCall} at once${isEndToEnd ? ", end to end" : ""}${isRecomputed ? ", recomputed" : ""}`;

const inMib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

/**
 * The tests of every part's bound; each tells the plan beside the use as its annotations.
 * @param peakDuring most bytes in use during `work` beyond those before
 * @param most how many times the use the plan may be
 */
export function itBoundsEveryPart(
  openModel: () => UnifiedModel,
  peakDuring: (work: () => Promise<void>) => Promise<number>,
  most: number,
): void {
  const parts = Object.entries(WORK) as [keyof typeof WORK, Work][];
  it.for(parts)("bounds %s, and not by far", async ([part, work], { annotate }) => {
    const model = openModel();
    for (const demand of part === "learning" ? [...DEMANDS, ...LEARNING_DEMANDS] : DEMANDS) {
      await work(model, demand);
      const peak = await peakDuring(() => work(model, demand));
      const planned = model.estimateMemory(demand)[part];
      const ratio = (planned / peak).toFixed(2);
      await annotate(
        `${part}, ${describeDemand(demand)}: planned ${inMib(planned)}, used ${inMib(peak)}, ×${ratio}`,
      );
      expect(planned).toBeGreaterThanOrEqual(peak);
      expect(planned).toBeLessThan(most * peak);
    }
  });
}
