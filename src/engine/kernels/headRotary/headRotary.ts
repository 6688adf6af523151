/**
 * What attention does to its projections before it looks: queries, keys and values apart, a norm of each query and key
 * head, their rotation, and the keys and values of earlier rows before the new ones.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { keepNamed, tapedOps } from "../tapedOp.ts";
import type { Rotary } from "./rotary.ts";
import {
  type HeadAttributes,
  type HeadBackward,
  type HeadInputs,
  splitGradientTwin,
  splitTwin,
} from "./twin.ts";
import { splitGradientOnGpu, splitOnGpu } from "./webgpu.ts";

/** Layer norms of query and key heads. */
export interface HeadNorms {
  /** [4, hd]: weights of queries and of keys, then their biases. */
  readonly values: tf.Tensor2D;
  readonly epsilon: number;
  /** They receive gradients. */
  readonly isTrainable: boolean;
}

/** Keys and values, after norm and rotation: [K, D] each. */
export interface KeysAndValues {
  readonly k: tf.Tensor2D;
  readonly v: tf.Tensor2D;
}

/** Keys and values of rows that came before. Constant: no gradient reaches them. */
export interface PastRows extends KeysAndValues {
  /**
   * S: there are as many sequences here as in the new rows, and the new rows of each go behind its own old ones. 1: all
   * new rows go behind all old ones.
   */
  readonly sequences: number;
}

const runForward = defineOp<HeadInputs, HeadAttributes>({
  name: "HeadRotary",
  twin: splitTwin,
  canRunOnGpu: (_, { isTrainable }) => !isTrainable,
  webgpu: splitOnGpu,
});

const runBackward = defineOp<HeadBackward, HeadAttributes>({
  name: "HeadRotaryGrad",
  twin: splitGradientTwin,
  canRunOnGpu: ({ norms, qkv }) => norms === undefined || qkv !== undefined,
  webgpu: splitGradientOnGpu,
});

function checkShapes(
  qkv: tf.Tensor2D,
  { cos }: Rotary,
  norms: HeadNorms | null,
  past: PastRows | null,
): void {
  const [rows, , headSize] = cos.shape;
  const [given, columns] = qkv.shape;
  const isWhole = given === rows && columns % (3 * headSize) === 0;
  const fits = !norms || norms.values.shape.join() === [4, headSize].join();
  const continues =
    !past ||
    ([past.k, past.v].every(({ shape }) => shape.join() === [past.k.shape[0], columns / 3].join()) &&
      [given, past.k.shape[0]].every((count) => count % past.sequences === 0));
  if (isWhole && fits && continues) return;
  throw new EngineError(
    "badInput",
    `Projections [${qkv.shape}] do not fit ${rows} positions, heads of ${headSize}, their norms or the rows before them.`,
  );
}

/**
 * Queries, keys and values of every head. Taped in `qkv` and in norms that learn.
 * @param qkv [R, 3·D]: queries, keys and values side by side, H heads of hd each @param rotary tables of the R positions
 * @param norms of query and key heads, or null @param past rows before these, or null
 * @returns q [R, D]; k and v [Rp + R, D]; owned by the caller
 * @throws EngineError("badInput") when shapes do not belong together
 */
export function splitHeads(
  qkv: tf.Tensor2D,
  rotary: Rotary,
  norms: HeadNorms | null,
  past: PastRows | null = null,
): { q: tf.Tensor2D } & KeysAndValues {
  checkShapes(qkv, rotary, norms, past);
  const { angles, cos, sin, turn, turnBack, half } = rotary;
  const { values, epsilon = 0, isTrainable = false } = norms ?? {};
  const attributes: HeadAttributes = {
    heads: qkv.shape[1] / 3 / cos.shape[2],
    half,
    epsilon,
    isTrainable,
    pastRows: past?.k.shape[0] ?? 0,
    sequences: past?.sequences ?? 1,
  };
  const scales = values ? { norms: values } : {};
  const before = past ? { pastK: past.k, pastV: past.v } : {};
  const [q, k, v] = tapedOps([qkv, ...(values && isTrainable ? [values] : [])], () => {
    const [ownQ, ownK, ownV, ...level] = runForward(
      { qkv, cos, sin, turn, angles, ...scales, ...before },
      attributes,
    );
    const [xHatQ, inverseQ, xHatK, inverseK] = level;
    const isTwins = xHatQ && inverseQ && xHatK && inverseK;
    const rows = isTwins ? { xHatQ, inverseQ, xHatK, inverseK } : values ? { qkv } : {};
    // The tables may be gone by the time of the backward pass, so they are kept too.
    const kept = keepNamed({ cos, sin, turnBack, angles, ...scales, ...rows });
    return {
      values: [ownQ, ownK, ownV] as tf.Tensor[],
      saved: kept.list,
      backward: (dys, saved) => {
        const [dq, dk, dv] = dys as [tf.Tensor, tf.Tensor, tf.Tensor];
        return runBackward({ dq, dk, dv, ...kept.read(saved) }, attributes);
      },
    };
  }) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  return { q, k, v };
}
