/** Long work in pieces, so that the page can answer between two of them. */

/** A piece may take this long; a page that waits no longer than 50 ms feels quick, and others work too. */
const PIECE_MS = 12;

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * Runs a generator to its end, giving the page its turn when a piece was long enough.
 * @returns what it yielded, and what it returned
 */
export async function inTurns<T, R>(work: Iterator<T, R>): Promise<{ parts: T[]; result: R }> {
  const parts: T[] = [];
  let beganMs = performance.now();
  for (;;) {
    const next = work.next();
    if (next.done) return { parts, result: next.value };
    parts.push(next.value);
    if (performance.now() - beganMs < PIECE_MS) continue;
    await nextTurn();
    beganMs = performance.now();
  }
}
