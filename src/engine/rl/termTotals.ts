/** What passes add up to on their way: sums of a term over its passes, and the means that are logged. */
import { add, dispose, type Tensor1D } from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import { PASS_SUMS, type Pass } from "./passes.ts";

/** Distance from the starting model and certainty, nats per token; a term that nobody scored has no numbers. */
export interface TermMeans {
  readonly klImage?: number;
  readonly klAnswer?: number;
  /** Mean −log p of the drawn tokens where they were hidden. */
  readonly imageEntropy?: number;
}

type Sums = Record<(typeof PASS_SUMS)[number], number>;

/**
 * A term's sums over its passes, added up where the passes run: however many there are, as many numbers are read back.
 * Owns its tensors.
 */
export class TermTotals {
  readonly #totals = new Map<Pass["term"], Tensor1D>();

  /** Takes ownership. @param sums [4] of one pass */
  add(term: Pass["term"], sums: Tensor1D): void {
    const before = this.#totals.get(term);
    this.#totals.set(term, before ? add(before, sums) : sums);
    if (before) dispose([before, sums]);
  }

  /** [4] each, borrowed; terms in the order of their first pass. */
  get tensors(): Tensor1D[] {
    return [...this.#totals.values()];
  }

  /** The downloaded numbers of `tensors`, by term. @param values [terms · 4] */
  split(values: Float32Array): Map<Pass["term"], Float32Array> {
    const width = PASS_SUMS.length;
    return new Map(
      [...this.#totals.keys()].map((term, at) => [term, values.subarray(at * width, (at + 1) * width)]),
    );
  }

  dispose(): void {
    dispose(this.tensors);
  }
}

/** Means of one term from its sums over all passes. @param values [4] @throws EngineError("nonFinite") */
function describeSums(passes: readonly Pass[], values: Float32Array, term: Pass["term"]): Sums {
  // Below 1 where samples that teach nothing were left out: the loss counts them, means of what was scored do not.
  const coverage = passes
    .filter((pass) => pass.term === term)
    .reduce((total, pass) => total + pass.share * pass.samples.length, 0);
  const [loss = 0, kl = 0, logProb = 0, clipped = 0] = values;
  for (const [name, value] of Object.entries({ loss, kl, logProb, clipped })) {
    if (Number.isFinite(value)) continue;
    throw new EngineError(
      "nonFinite",
      `The ${name} of the ${term} term is ${value}, so nothing was changed. Lower the learning rate and go on.`,
      { metric: `${term}.${name}`, tensor: `${term}LogProbs` },
    );
  }
  return { loss, kl: kl / coverage, logProb: logProb / coverage, clipped: clipped / coverage };
}

/**
 * What the passes of a step say of their terms.
 * @param sums by term, of all its passes @param isRepeated several updates, so that ratios can be clipped
 * @throws EngineError("nonFinite")
 */
export function describeTerms(
  passes: readonly Pass[],
  sums: ReadonlyMap<Pass["term"], Float32Array>,
  isRepeated: boolean,
): TermMeans & { readonly clipShare?: number } {
  const describe = (term: Pass["term"]) => {
    const values = sums.get(term);
    return values ? describeSums(passes, values, term) : null;
  };
  const [image, answer] = [describe("image"), describe("answer")];
  const hasKl = (term: Pass["term"]) => passes.some((pass) => pass.term === term && pass.weights.kl > 0);
  return {
    ...(image ? { imageEntropy: -image.logProb } : {}),
    ...(image && hasKl("image") ? { klImage: image.kl } : {}),
    ...(answer && hasKl("answer") ? { klAnswer: answer.kl } : {}),
    ...(isRepeated ? { clipShare: image?.clipped ?? answer?.clipped ?? 0 } : {}),
  };
}
