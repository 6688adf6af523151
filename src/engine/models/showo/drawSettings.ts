/** What a drawing is asked for and reports, whichever way it is computed. */
import { EngineError } from "../../errors.ts";
import { createRng } from "../../rng.ts";
import type { StopSignal } from "../unified.ts";
import { pickByInversion, type StepNoise } from "./maskgit.ts";

/** The images after a step, [B][N] each. */
export interface DrawProgress {
  readonly step: number;
  /** What the next step would start from, −1 where hidden; even the last step hides one code. */
  readonly codes: readonly Int32Array[];
  /** Complete: kept codes and this step's draws. The last step's are the result. */
  readonly sampled: readonly Int32Array[];
}

export interface DrawSettings {
  readonly steps: number;
  /** w in (1 + w)·conditional − w·unconditional. */
  readonly guidanceScale: number;
  readonly temperature: number;
  readonly signal?: StopSignal | undefined;
  readonly onStep?: ((progress: DrawProgress) => void) | undefined;
}

/** Noise of image `row` in a step. */
export type NoiseSource = (row: number, step: number) => StepNoise;

/** @throws EngineError("cancelled") once the signal is set */
export function checkCancelled(signal: StopSignal | undefined): void {
  if (signal?.aborted) throw new EngineError("cancelled", "Stopped on request.");
}

/** The noise that a seed stands for: the same on every backend and beside any neighbours. */
export function seededNoise(seeds: readonly string[], tokenCount: number): NoiseSource {
  return (row, step) => {
    const rng = createRng(seeds[row] ?? "", "draw", step);
    const uniforms = rng.uniforms(tokenCount);
    return {
      uniforms,
      pickCode: (position, row) => pickByInversion(row, uniforms[position] ?? 0),
      confidence: rng.gumbel(tokenCount),
    };
  };
}
