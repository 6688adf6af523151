/** The linear layer and its gradients from stock ops. */
import * as tf from "@tensorflow/tfjs-core";
import type { ProductVariant, WeightFormat } from "./operands.ts";
import type { Span } from "./terms.ts";

/** The weight is `weight` or else `packed` with `scales`; adapters are `a` and `b`, P of them one under the other. */
export interface ForwardInputs<T = tf.Tensor> {
  /** [R, in] */
  readonly x: T;
  /** [in, out] */
  readonly weight?: T;
  /** int32 [out, wordsPerRow] */
  readonly packed?: T;
  /** int32 [out, scaleWordsPerRow] */
  readonly scales?: T;
  /** [out] */
  readonly bias?: T;
  /** [R, out] */
  readonly residual?: T;
  /** [P·r, in] */
  readonly a?: T;
  /** [Σ columns, r] */
  readonly b?: T;
}

export interface BackwardInputs<T = tf.Tensor> extends Omit<ForwardInputs<T>, "x" | "bias" | "residual"> {
  /** [R, out] */
  readonly dy: T;
  /** [R, in]; where adapters learn */
  readonly x?: T;
  /** x·Aᵀ [R, P·r]; where adapters learn */
  readonly low?: T;
}

/** Of both directions. */
export interface LinearAttributes {
  readonly format: WeightFormat;
  readonly inSize: number;
  readonly outSize: number;
  /** [P] output columns of each adapter, ascending. */
  readonly spans: readonly Span[];
  /** Of all adapters; 1 without one. */
  readonly scale: number;
  /** Gives dx. */
  readonly needsInput: boolean;
  /** Gives dA and dB. */
  readonly needsAdapter: boolean;
  /** The form of the product over many rows; null: the device's. */
  readonly variant: ProductVariant | null;
  /** For the twins, the weight as f32: [in, out] and [out, in], borrowed or of the surrounding tidy. */
  readonly dense: () => tf.Tensor;
  readonly transposed: () => tf.Tensor;
}

/** Some columns, or all without a copy. */
function columns(x: tf.Tensor, { start, count }: Span): tf.Tensor2D {
  const [rows, width] = x.shape as [number, number];
  return count === width ? (x as tf.Tensor2D) : tf.slice(x as tf.Tensor2D, [0, start], [rows, count]);
}

function rows(x: tf.Tensor, { start, count }: Span): tf.Tensor2D {
  const [height, width] = x.shape as [number, number];
  return count === height ? (x as tf.Tensor2D) : tf.slice(x as tf.Tensor2D, [start, 0], [count, width]);
}

function joinColumns(parts: readonly tf.Tensor2D[]): tf.Tensor2D {
  const [first] = parts;
  return parts.length === 1 && first ? first : tf.concat([...parts], 1);
}

/** Calls `compute` for each adapter. @returns what it returns, in order */
function eachTerm<T>(
  b: tf.Tensor,
  spans: readonly Span[],
  compute: (term: { readonly span: Span; readonly ranks: Span; readonly b: tf.Tensor2D }) => T,
): T[] {
  const rank = b.shape[1] ?? 0;
  let start = 0;
  return spans.map((span, at) => {
    const own = rows(b, { start, count: span.count });
    start += span.count;
    return compute({ span, ranks: { start: at * rank, count: rank }, b: own });
  });
}

/** What the adapters add, zeros where there is none. @param low x·Aᵀ [R, P·r] @returns [R, out] */
function liftLow(
  low: tf.Tensor,
  b: tf.Tensor,
  { spans, scale, outSize }: Pick<LinearAttributes, "spans" | "scale" | "outSize">,
): tf.Tensor {
  const pieces: tf.Tensor2D[] = [];
  let end = 0;
  const fillTo = (column: number) => {
    if (column > end) pieces.push(tf.zeros([low.shape[0] ?? 0, column - end]));
  };
  eachTerm(b, spans, ({ span, ranks, b: own }) => {
    fillTo(span.start);
    pieces.push(tf.matMul(columns(low, ranks), tf.transpose(tf.mul(own, scale)) as tf.Tensor2D));
    end = span.start + span.count;
  });
  fillTo(outSize);
  return joinColumns(pieces);
}

/** @returns y [R, out] and, with an adapter, x·Aᵀ [R, P·r] */
export function applyLinear(
  { x, bias, residual, a, b }: ForwardInputs,
  { dense, ...attributes }: LinearAttributes,
): tf.Tensor[] {
  const product = tf.fused.matMul({
    a: x as tf.Tensor2D,
    b: dense() as tf.Tensor2D,
    ...(bias ? { bias } : {}),
  });
  const base = residual ? tf.add(product, residual) : product;
  if (!a || !b) return [base];
  const low = tf.matMul(x, tf.transpose(a));
  return [tf.add(base, liftLow(low, b, attributes)), low];
}

/** @returns of dx [R, in], each adapter's dA [r, in] and dB [columns, r] those that are needed, in this order */
export function linearGradients(
  { dy, a, b, x, low }: BackwardInputs,
  { transposed, spans, scale, needsInput, needsAdapter }: LinearAttributes,
): tf.Tensor[] {
  const base = needsInput ? tf.matMul(dy, transposed()) : null;
  if (!a || !b) return base ? [base] : [];
  const terms = eachTerm(b, spans, ({ span, ranks, b: own }) => {
    const part = columns(dy, span);
    // (lowᵀ·dy)ᵀ transposes two narrow matrices instead of the wide dy.
    const learn = (lowered: tf.Tensor) =>
      tf.transpose(tf.matMul(tf.mul(columns(lowered, ranks), scale), part, true));
    return {
      ranks,
      dLow: tf.matMul(part, tf.mul(own, scale)) as tf.Tensor2D,
      dB: needsAdapter && low ? learn(low) : null,
    };
  });
  const dLow = joinColumns(terms.map((term) => term.dLow));
  const dA = needsAdapter && x ? tf.matMul(dLow, x, true) : null;
  const learnt = terms.flatMap(({ ranks, dB }) => (dA && dB ? [rows(dA, ranks), dB] : []));
  return base ? [tf.add(base, tf.matMul(dLow, a)), ...learnt] : learnt;
}
