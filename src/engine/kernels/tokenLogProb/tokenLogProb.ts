/** Log-probability of one chosen token per row, from logits or straight from hidden states. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import type { WeightFormat } from "../quantMatMul/operands.ts";
import type { PackedWeight } from "../quantMatMul/packedWeight.ts";
import { describeWeight } from "../quantMatMul/quantMatMul.ts";
import { tapedOp } from "../tapedOp.ts";
import { logitGradients, projectedGradient, scoreLogits, scoreProjected } from "./twin.ts";
import { projectedGradientOnGpu, scoreProjectedOnGpu } from "./webgpu.ts";
import { logitGradientsOnGpu, scoreLogitsOnGpu } from "./webgpuLogits.ts";

/** A frozen projection to the vocabulary (or a slice of it), without an adapter. */
export interface TokenHead {
  /** f32 [D, V], or packed by the tokens' rows. */
  readonly weight: tf.Tensor2D | PackedWeight;
  /** [V] */
  readonly bias: tf.Tensor1D;
  /** Wᵀ [V, D], borrowed. Only the twin's gradient asks for it. */
  transposedWeight(): tf.Tensor2D;
}

/** The same rows without their condition, and how far to move away from them. */
export interface Guidance {
  /** [R, D] */
  readonly unconditional: tf.Tensor2D;
  /** w ≥ 0; 0 changes nothing. */
  readonly scale: number;
}

export interface ScoreOptions {
  /** Logits are divided by it; above 0, 1 unless told. */
  readonly temperature?: number;
  readonly guidance?: Guidance;
}

/** Of R rows, [R] each, in nats; owned by the caller. */
export interface TokenScores {
  /** log p of the chosen tokens. Taped in the hidden states. */
  readonly logProbs: tf.Tensor1D;
  /** Entropy of the distribution. Constant: on no tape. */
  readonly entropies: tf.Tensor1D;
  /** log Σ exp z of the logits after temperature and guidance. Constant. */
  readonly logSumExps: tf.Tensor1D;
}

interface LogitsBackward {
  readonly ids: tf.Tensor;
  readonly dy: tf.Tensor;
  /** The twin's softmax [R, V] or the shader's log-sum-exp [R]; its rank says which. */
  readonly statistics: tf.Tensor;
  /** Only for the shader. */
  readonly logits?: tf.Tensor;
}

/** The head's matrix is `weight` or else `packed` with `scales`. */
interface Projected {
  readonly hidden: tf.Tensor;
  readonly weight?: tf.Tensor;
  readonly packed?: tf.Tensor;
  readonly scales?: tf.Tensor;
  readonly bias: tf.Tensor;
  readonly ids: tf.Tensor;
}

/** The shader needs the hidden states and the head, the twin the head's transpose. */
interface ProjectedBackward extends Partial<Projected> {
  readonly ids: tf.Tensor;
  readonly dy: tf.Tensor;
  /** As above. */
  readonly statistics: tf.Tensor;
  readonly columns?: tf.Tensor;
}

interface Attributes {
  readonly temperature: number;
  readonly hasEntropy: boolean;
  readonly format: WeightFormat;
  readonly inSize: number;
  readonly outSize: number;
  /** For the twin, the head's matrix as f32 [D, V], borrowed. */
  readonly dense: () => tf.Tensor;
}

const isShaders = ({ statistics }: { readonly statistics: tf.TensorInfo }) => statistics.shape.length === 1;

const runLogits = defineOp<{ readonly logits: tf.Tensor; readonly ids: tf.Tensor }>({
  name: "TokenLogProb",
  twin: scoreLogits,
  webgpu: scoreLogitsOnGpu,
});

const runLogitsBackward = defineOp<LogitsBackward>({
  name: "TokenLogProbGrad",
  twin: logitGradients,
  canRunOnGpu: isShaders,
  webgpu: logitGradientsOnGpu,
});

const runProjected = defineOp<Projected, Attributes>({
  name: "TokenScores",
  twin: scoreProjected,
  webgpu: scoreProjectedOnGpu,
});

const runProjectedBackward = defineOp<ProjectedBackward, Attributes>({
  name: "TokenScoresGrad",
  twin: projectedGradient,
  canRunOnGpu: isShaders,
  webgpu: projectedGradientOnGpu,
});

function checkIds(ids: Int32Array, rows: number, width: number): void {
  if (ids.length !== rows) {
    throw new EngineError("badInput", `${rows} rows need as many token ids, not ${ids.length}.`);
  }
  const wrong = ids.find((id) => id < 0 || id >= width);
  if (wrong !== undefined) {
    throw new EngineError("badInput", `There is no token ${wrong} among ${width}; shift ids to the slice.`);
  }
}

/**
 * log softmax(logits)[row, ids[row]]. Taped; the gradient is onehot − softmax.
 * @param logits [R, V] @param ids [R], each in [0, V) @returns [R], owned by the caller
 * @throws EngineError("badInput") when an id is missing or no token
 */
export function tokenLogProbs(logits: tf.Tensor2D, ids: Int32Array): tf.Tensor1D {
  checkIds(ids, ...logits.shape);
  return tapedOp([logits], () => {
    const [value, statistics] = runLogits({ logits, ids: tf.tensor1d(ids, "int32") }, {}) as [
      tf.Tensor1D,
      tf.Tensor,
    ];
    return {
      value,
      saved: [statistics, ...(statistics.rank === 1 ? [logits] : [])],
      backward: (dy, saved) => {
        const [kept, savedLogits] = saved as [tf.Tensor, tf.Tensor?];
        const read = { ids: tf.tensor1d(ids, "int32"), dy, statistics: kept };
        return runLogitsBackward({ ...read, ...(savedLogits ? { logits: savedLogits } : {}) }, {});
      },
    };
  });
}

/** All scores of the hidden states, the first of them taped; the caller disposes. */
function scoreHidden(
  hidden: tf.Tensor2D,
  head: TokenHead,
  ids: Int32Array,
  options: Pick<Attributes, "temperature" | "hasEntropy">,
) {
  const { bias } = head;
  checkIds(ids, hidden.shape[0], bias.shape[0]);
  if (!(options.temperature > 0)) {
    throw new EngineError("badInput", `The temperature must be above 0, not ${options.temperature}.`);
  }
  const { inputs, sizes, forms } = describeWeight(head.weight, () => head.transposedWeight());
  const attributes: Attributes = { ...options, ...sizes, dense: forms.dense };
  // Outside of the taped op, whose only result is the log-probs.
  const outputs = tf.tidy(() =>
    runProjected({ hidden, ...inputs, bias, ids: tf.tensor1d(ids, "int32") }, attributes),
  );
  const [scores, lse] = outputs as [tf.Tensor1D, tf.Tensor1D];
  const probs = outputs[attributes.hasEntropy ? 3 : 2];
  const logProbs = tapedOp([hidden], () => ({
    value: tf.clone(scores),
    saved: probs ? [probs] : [lse, hidden],
    backward: (dy, saved) => {
      const [statistics, savedHidden] = saved as [tf.Tensor, tf.Tensor?];
      const read = { ids: tf.tensor1d(ids, "int32"), dy, statistics };
      return savedHidden
        ? runProjectedBackward({ ...read, hidden: savedHidden, ...inputs, bias }, attributes)
        : runProjectedBackward({ ...read, columns: forms.transposed() }, attributes);
    },
  }));
  tf.dispose([scores, probs ?? []]);
  return { logProbs, lse, entropies: attributes.hasEntropy ? (outputs[2] as tf.Tensor1D) : null };
}

/**
 * `tokenLogProbs` of a frozen projection's logits over a temperature, without ever forming the logits' gradient (on WebGPU
 * not the logits either): dh = dy/T·(Wᵀ[id] − softmax·Wᵀ). Taped in `hidden`.
 * @param hidden [R, D] @param ids [R], each in [0, V) @param temperature T > 0 @returns [R], owned by the caller
 * @throws EngineError("badInput") when an id is missing or no token, or T is not above 0
 */
export function projectedTokenLogProbs(
  hidden: tf.Tensor2D,
  head: TokenHead,
  ids: Int32Array,
  temperature = 1,
): tf.Tensor1D {
  const { logProbs, lse } = scoreHidden(hidden, head, ids, { temperature, hasEntropy: false });
  lse.dispose();
  return logProbs;
}

/**
 * As `projectedTokenLogProbs`, with the entropy and the normaliser of every row. Only the log-probs are taped: the
 * entropy's gradient is not computed.
 *
 * Guidance: z = (1 + w)·z_c − w·z_u, applied to the hidden states, which is the same because the projection is affine and
 * its bias's weights add up to 1. For samplers: it has no gradient.
 * @param hidden [R, D] @param ids [R], each in [0, V)
 * @throws EngineError("badInput") as above, or when a gradient is asked of guided scores
 */
export function scoreTokens(
  hidden: tf.Tensor2D,
  head: TokenHead,
  ids: Int32Array,
  { temperature = 1, guidance }: ScoreOptions = {},
): TokenScores {
  const attributes = { temperature, hasEntropy: true };
  const finish = (rows: tf.Tensor2D): TokenScores => {
    const { logProbs, lse, entropies } = scoreHidden(rows, head, ids, attributes);
    return { logProbs, entropies: entropies as tf.Tensor1D, logSumExps: lse };
  };
  if (!guidance) return finish(hidden);
  const mixed = tapedOp([hidden], () => ({
    value: mixGuidance(hidden, guidance),
    saved: [],
    backward: () => {
      throw new EngineError("badInput", "Guided scores have no gradient: score without guidance to learn.");
    },
  }));
  const scores = finish(mixed);
  mixed.dispose();
  return scores;
}

/** (1 + w)·conditional − w·unconditional. @returns [R, D] */
function mixGuidance(conditional: tf.Tensor2D, { unconditional, scale }: Guidance): tf.Tensor2D {
  return tf.sub(tf.mul(conditional, 1 + scale), tf.mul(unconditional, scale));
}
