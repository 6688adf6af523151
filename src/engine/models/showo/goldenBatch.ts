/** The fixture's batches, run by the plain path: every row, pads too, through all layers and the whole head. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import type { Linear } from "../../nn/linear.ts";
import type { ShowoConfig } from "./config.ts";
import { countPositions, embed, runForward } from "./forward.ts";
import type { Expected } from "./goldenCompare.ts";
import { ownLayout } from "./layouts.ts";
import { crossEntropy, shiftedCrossEntropy } from "./losses.ts";
import { answerMask, drawMask, type RowRanges } from "./masks.ts";
import type { ShowoNetwork } from "./weights.ts";

/** A padded batch of the plain path: rows of ids and the masks they ask for. */
export interface GoldenBatch {
  readonly ids: Int32Array;
  readonly batch: number;
  readonly length: number;
  /** [B] */
  readonly masks: readonly RowRanges[];
}

/** One view a row. @param values [B·L] */
export function splitRows(values: Int32Array, batch: number): Int32Array[] {
  const length = values.length / batch;
  return Array.from({ length: batch }, (_, row) => values.subarray(row * length, (row + 1) * length));
}

/** Number of pads a row begins with. */
export function countPads(row: Int32Array, pad: number): number {
  const first = row.findIndex((id) => id !== pad);
  return first < 0 ? row.length : first;
}

/** The t2i rows. */
export function drawBatch(expected: Expected, { special }: ShowoConfig): GoldenBatch {
  const [batch = 0, length = 0] = expected.shape("t2i.input_ids");
  const ids = expected.ints("t2i.input_ids");
  const masks = splitRows(ids, batch).map((row) =>
    drawMask(length, countPads(row, special.pad), row.indexOf(special.soi)),
  );
  return { ids, batch, length, masks };
}

/** The mmu rows. */
export function answerBatch(expected: Expected, { special }: ShowoConfig): GoldenBatch {
  const [batch = 0, length = 0] = expected.shape("mmu.input_ids");
  const ids = expected.ints("mmu.input_ids");
  const masks = splitRows(ids, batch).map((row) => answerMask(length, 0, row.indexOf(special.eoi)));
  return { ids, batch, length, masks };
}

/** The head over every id, as the reference has it. @throws EngineError("badInput") when weights are packed */
export function wholeHead({ head }: ShowoNetwork): Linear {
  if (head) return head;
  throw new EngineError("badInput", "Packed weights have no head over all ids: load the model in f32.");
}

/** @returns [B, L, V] */
export function plainLogits(network: ShowoNetwork, { ids, batch, length, masks }: GoldenBatch): tf.Tensor3D {
  const { hidden } = runForward(network, {
    embedded: embed(network, ids),
    positions: countPositions(0, length, batch),
    layout: ownLayout(masks, length),
  });
  return tf.reshape(wholeHead(network).apply(hidden), [batch, length, network.config.vocabSize]);
}

/** Rows of the image in every sequence. @returns [B·N, V] */
function imageLogits(logits: tf.Tensor3D, { imageTokenCount: count, vocabSize }: ShowoConfig): tf.Tensor2D {
  const [batch, length] = logits.shape;
  const rows = tf.slice(logits, [0, length - 1 - count, 0], [batch, count, vocabSize]);
  return tf.reshape(rows, [batch * count, vocabSize]);
}

/** `loss.t2i`: masked-token loss at the image rows, without the markers. Taped. */
export function drawLoss(network: ShowoNetwork, batch: GoldenBatch, expected: Expected): tf.Scalar {
  const logits = imageLogits(plainLogits(network, batch), network.config);
  return crossEntropy(logits, expected.ints("loss.t2i_labels"));
}

/** `loss.mmu`: next-token loss. Taped. */
export function answerLoss(network: ShowoNetwork, batch: GoldenBatch, expected: Expected): tf.Scalar {
  return shiftedCrossEntropy(plainLogits(network, batch), expected.ints("loss.mmu_labels"));
}
