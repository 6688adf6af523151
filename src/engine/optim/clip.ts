/** Clipping by the global norm: one small download of `GradientSum.squaredNorms` serves the norm and the finite check. */
import { EngineError } from "../errors.ts";

/**
 * √(Σ of squared norms), or the place where it is not finite.
 * @throws EngineError("nonFinite") naming the first tensor whose gradient holds NaN or ±∞
 */
export function globalNorm(squared: ArrayLike<number>, names: readonly string[]): number {
  let total = 0;
  for (let index = 0; index < squared.length; index++) {
    const value = squared[index] ?? 0;
    if (!Number.isFinite(value)) {
      const tensor = names[index] ?? "unknown";
      throw new EngineError(
        "nonFinite",
        `The gradient of ${tensor} is not finite, so nothing was changed. Lower the learning rate or raise the KL weights.`,
        { metric: "gradientNorm", tensor },
      );
    }
    total += value;
  }
  return Math.sqrt(total);
}

/** The factor that brings a gradient of this global norm to at most `maxNorm`: min(1, maxNorm / norm). */
export function clipFactor(norm: number, maxNorm: number): number {
  return norm > maxNorm ? maxNorm / norm : 1;
}
