/**
 * MaskGIT decoding in plain numbers: which codes are drawn in a step and which are hidden again. Knows no network;
 * `generate.ts` brings the logits and the noise.
 *
 * Source: Chang et al., arXiv 2202.04200; spec/showo.md 5.1 with its quirks (Show-o models/sampling.py@45a5a2de).
 */
import { EngineError } from "../../errors.ts";

/** Confidence of codes that are already decided: log of the largest f32. */
const KNOWN_LOG_CONFIDENCE = Math.log(3.4028234663852886e38);
const MIN_CONFIDENCE = 1e-20;

/** One position's distribution over the codes, not normalised. */
export interface CodeRow {
  /** [K] */
  readonly logits: Float32Array;
  /** [K], exp(logit − largest logit). */
  readonly weights: Float64Array;
  /** Sum of the weights. */
  readonly total: number;
}

/**
 * Noise of one image's step.
 * @remarks A step asks `pickCode` once for every hidden position in ascending order, then once for the confidences.
 */
export interface StepNoise {
  /** [N] in [0, 1), where `pickCode` inverts the cumulative sum at them: then a GPU can draw. */
  readonly uniforms?: Float32Array;
  /** Draws from the row's softmax. @returns a code */
  pickCode(position: number, row: CodeRow): number;
  /** [N] standard Gumbel numbers. */
  readonly confidence: Float32Array;
}

/** One image being decoded. */
export interface DecodeState {
  /** [N], −1 where hidden. */
  readonly codes: Int32Array;
  /** τ of the last step; starts at the requested temperature. */
  readonly temperature: number;
}

/** What a step gives. */
export interface DecodedStep {
  /** The next step's input. */
  readonly state: DecodeState;
  /** [N], complete: kept codes and this step's draws. After the last step, the image. */
  readonly sampled: Int32Array;
}

/**
 * How many codes stay hidden after a step by the cosine schedule, before it is limited to what is possible.
 * In f32 as the reference: at the last step cos(π/2) is −4.4e-8 and the floor −1.
 * @param step 0..steps − 1
 */
export function scheduledMaskCount(tokenCount: number, step: number, steps: number): number {
  const ratio = Math.fround((step + 1) / steps);
  const angle = Math.fround(Math.fround(ratio * Math.fround(Math.PI)) * 0.5);
  return Math.floor(Math.fround(tokenCount * Math.fround(Math.cos(angle))));
}

/** The noise's scale shrinks cumulatively: τ ← τ·(1 − (step + 1)/steps). */
export function annealTemperature(temperature: number, step: number, steps: number): number {
  return temperature * (1 - (step + 1) / steps);
}

/** What logits that give no distribution mean. */
export function brokenLogits(): EngineError {
  return new EngineError(
    "nonFinite",
    "The model's logits are not finite: its weights are broken. Go back to a saved step and lower the learning rate.",
    { metric: "logits" },
  );
}

/**
 * @param logits [K]
 * @throws EngineError("nonFinite") when they give no distribution, so that broken weights never draw in silence
 */
export function toCodeRow(logits: Float32Array): CodeRow {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > largest) largest = logit;
  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let code = 0; code < logits.length; code++) {
    const weight = Math.exp((logits[code] ?? 0) - largest);
    weights[code] = weight;
    total += weight;
  }
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) throw brokenLogits();
  return { logits, weights, total };
}

/** Draws with one uniform number by inverting the cumulative sum. @param uniform in [0, 1) */
export function pickByInversion({ weights, total }: CodeRow, uniform: number): number {
  let left = uniform * total;
  for (let code = 0; code < weights.length; code++) {
    left -= weights[code] ?? 0;
    if (left < 0) return code;
  }
  return weights.length - 1;
}

/** Draws as the argmax of logits + Gumbel noise. @param noise [K] */
export function pickByGumbel({ logits }: CodeRow, noise: Float32Array): number {
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let code = 0; code < logits.length; code++) {
    const score = (logits[code] ?? 0) + (noise[code] ?? 0);
    if (score > bestScore) {
      best = code;
      bestScore = score;
    }
  }
  return best;
}

/** Hides the `count` least certain positions: those strictly below the score at that rank. */
function hideUncertain(sampled: Int32Array, scores: Float64Array, count: number): Int32Array {
  const cut = scores.toSorted()[count] ?? Number.POSITIVE_INFINITY;
  return sampled.map((code, position) => ((scores[position] ?? 0) < cut ? -1 : code));
}

/**
 * One decoding step of one image.
 * @param logits rows [unknown][K] for the hidden positions in ascending order, guidance applied
 * @param step 0..steps − 1
 */
export function decodeStep(
  state: DecodeState,
  logits: readonly Float32Array[],
  noise: StepNoise,
  step: number,
  steps: number,
): DecodedStep {
  const { codes } = state;
  const temperature = annealTemperature(state.temperature, step, steps);
  const sampled = codes.slice();
  const scores = new Float64Array(codes.length);
  let unknown = 0;
  for (let position = 0; position < codes.length; position++) {
    const jitter = temperature * (noise.confidence[position] ?? 0);
    if ((codes[position] ?? -1) >= 0) {
      scores[position] = KNOWN_LOG_CONFIDENCE + jitter;
      continue;
    }
    const row = toCodeRow(logits[unknown] ?? new Float32Array(0));
    unknown += 1;
    const code = noise.pickCode(position, row);
    sampled[position] = code;
    const probability = (row.weights[code] ?? 0) / row.total;
    scores[position] = Math.log(Math.max(probability, MIN_CONFIDENCE)) + jitter;
  }
  const count = Math.max(1, Math.min(unknown - 1, scheduledMaskCount(codes.length, step, steps)));
  return { state: { codes: hideUncertain(sampled, scores, count), temperature }, sampled };
}
