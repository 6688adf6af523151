/** The engine's side of GenEval on the page: draws test prompts, has the outside judge look, and adds up what it says. */
import {
  chunk,
  decodeCheckpoint,
  EngineError,
  type JudgedHeader,
  type JudgedImage,
  judgeDraws,
  limitPrompts,
  type ObjectDetector,
  parseJudgedFile,
  peftOfCheckpoint,
  planDraws,
  type Splits,
  scoreImages,
  splitDone,
  type UnifiedModel,
  withCheckpoint,
  writeJudgedHeader,
  writeJudgedImage,
} from "../../engine/index.ts";
import { encodeText } from "../../formats/bytes.ts";
import { sha256 } from "../../formats/sha256.ts";
import type { EventOf } from "../../protocol/events.ts";
import type { Evaluation, JudgeOrder } from "../ports.ts";

/** Images between two messages: enough for the device to be busy, few enough to be watched. */
const BATCH = 16;

/** Everything about a model that decides an image and its verdict, but the adapter. */
export interface Jury {
  readonly model: UnifiedModel;
  readonly detector: ObjectDetector;
  readonly splits: Splits;
  /** Digest of the weights and their format, digest of the image tokenizer, and the backend's name. */
  readonly describe: () => Promise<Pick<JudgedHeader, "weights" | "tokenizer" | "backend">>;
}

type Batch = Omit<EventOf<"imagesJudged">, "type" | "jobId">;

/** @throws EngineError("cancelled") within one decoding step; finished batches have been reported */
export async function judgePrompts(jury: Jury, order: JudgeOrder): Promise<void> {
  const { model, splits } = jury;
  const { promptCount, imagesPerPrompt, seed, signal, onJudged } = order;
  const checkpoint = order.weights && (await decodeCheckpoint(order.weights));
  const adapter = checkpoint && (await sha256((await peftOfCheckpoint(checkpoint)).weights));
  const prompts = limitPrompts(splits.test, promptCount ?? splits.test.length);
  const draws = planDraws(prompts, imagesPerPrompt, seed);
  const evaluation = await planEvaluation(jury, { adapter, seed, total: draws.length });
  const { done, left } = splitDone(draws, await recall(order, evaluation));
  order.onStarted(evaluation, done.length);
  const soFar: JudgedImage[] = [];
  const report = async (images: readonly JudgedImage[], isNew: boolean) => {
    soFar.push(...images);
    await onJudged(evaluation, await showBatch(model, images, soFar, seed), isNew);
  };
  for (const batch of chunk(done, BATCH)) {
    if (signal.aborted) throw new EngineError("cancelled", "The evaluation was stopped.");
    await report(batch, false);
  }
  if (order.isStoredOnly || left.length === 0) return;
  await withCheckpoint(model, checkpoint, async () => {
    for (const batch of chunk(left, BATCH)) {
      await report(await judgeDraws(jury, batch, { ...model.generation, signal }), true);
    }
  });
}

async function planEvaluation(
  { model, detector, describe }: Jury,
  { adapter, seed, total }: { adapter: string | null; seed: number; total: number },
): Promise<Evaluation> {
  const drawing = { seed, ...model.generation };
  const judge = detector.id;
  const header = writeJudgedHeader({
    model: model.id,
    ...(await describe()),
    adapter,
    judge,
    prompts: "test",
    ...drawing,
  });
  return { key: await sha256(encodeText(header)), judge, header, total };
}

async function recall({ recall: read }: JudgeOrder, { key, header }: Evaluation) {
  const lines = await read(key);
  return parseJudgedFile({ name: "the stored verdicts", text: header + lines.join("") })?.images ?? [];
}

async function showBatch(
  model: UnifiedModel,
  images: readonly JudgedImage[],
  soFar: readonly JudgedImage[],
  seed: number,
): Promise<Batch> {
  const pictures = await model.decodeImages(images.map(({ codes }) => codes));
  const { overall, tasks } = scoreImages(soFar, seed);
  return {
    images: images.flatMap((judged, at) => {
      const image = pictures[at];
      const { metadata, number, seen, seed: name, correct, reasons, answer, reward } = judged;
      const { tag, prompt } = metadata;
      const facts = { tag, prompt, number, seen, seed: name, correct, answer, reward };
      const sentences = reasons.map(({ text }) => text);
      return image ? [{ ...facts, reasons: sentences, image, line: writeJudgedImage(judged) }] : [];
    }),
    scores: { overall, tasks: [...tasks].map(([tag, estimate]) => ({ tag, estimate })) },
  };
}
