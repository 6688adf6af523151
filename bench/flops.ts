/** Multiplications and additions that a result needs, whoever computes it: what is computed twice counts once. */

/** Of [rows, inner] times [inner, columns]. */
export function productFlops(rows: number, inner: number, columns: number): number {
  return 2 * rows * inner * columns;
}

/**
 * Of attention over all heads: scores and the mixture of values; backward the gradients of q, k, v and of the
 * probabilities.
 * @param width of all heads together
 */
export function attentionFlops(queries: number, keys: number, width: number, isBackward: boolean): number {
  return (isBackward ? 6 : 2) * productFlops(queries, width, keys);
}

/** Of a linear layer with a frozen weight and an adapter: the value, dx, dA and dB. */
export function linearFlops(rows: number, inSize: number, outSize: number, rank: number): number {
  return 2 * productFlops(rows, inSize, outSize) + 3 * productFlops(rows, rank, inSize + outSize);
}
