/** How a step's images were decoded: after which decoding step each token was first seen decided. Pure. */
import type { EventOf } from "../../protocol/events.ts";

export interface Decoding {
  /** T, decoding steps of an image. */
  readonly steps: number;
  /** [P·G][N]: the first decoding step, counted from 1, after which the token was seen decided; 0 while it is hidden. */
  readonly decidedAt: readonly Uint8Array[];
}

/** A token that is hidden again belongs to a new drawing in the same place. */
function followImage(before: Uint8Array | undefined, decided: Uint8Array, decodeStep: number): Uint8Array {
  const isNew = !before || decided.some((flag, token) => flag === 0 && before[token] !== 0);
  return decided.map((flag, token) => (flag === 0 ? 0 : (isNew ? 0 : before[token]) || decodeStep));
}

/** What is known after one more report; reports may skip decoding steps. */
export function followDecoding(
  before: Decoding | null,
  { decodeStep, decodeSteps, decided }: EventOf<"drawProgressed">,
): Decoding {
  return {
    steps: decodeSteps,
    decidedAt: decided.map((image, at) => followImage(before?.decidedAt[at], image, decodeStep)),
  };
}

/** Decoding steps after which the image was looked at, ascending, from 0 (all hidden). */
export function momentsOf(decidedAt: Uint8Array): number[] {
  return [...new Set([0, ...decidedAt])].sort((a, b) => a - b);
}
