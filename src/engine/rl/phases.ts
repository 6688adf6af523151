/** Phases of a step are generators inside the loop's generator. */

/** Passes a phase's progress on under another name, and hands back its result. Leaving closes the phase. */
export async function* renamed<P, E, R>(
  phase: AsyncGenerator<P, R>,
  toEvent: (progress: P) => E,
): AsyncGenerator<E, R> {
  let isOpen = true;
  try {
    for (;;) {
      const next = await phase.next();
      if (next.done) {
        isOpen = false;
        return next.value;
      }
      yield toEvent(next.value);
    }
  } finally {
    // The value given to return() is never read: nobody is left to receive it.
    if (isOpen) await phase.return(undefined as never);
  }
}
