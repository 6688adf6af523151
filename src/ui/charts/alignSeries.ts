/** Points of several runs on one axis. */

export interface Points {
  /** Ascending. */
  readonly xs: Float32Array;
  /** Columns as long as `xs`. */
  readonly columns: readonly Float32Array[];
}

export interface Aligned {
  /** Every x of every run once, ascending. */
  readonly xs: Float32Array;
  /** Per run its columns on these x, NaN where it has no point. */
  readonly columns: readonly (readonly Float32Array[])[];
}

export function alignSeries(runs: readonly Points[]): Aligned {
  const xs = Float32Array.from(new Set(runs.flatMap((run) => Array.from(run.xs)))).sort();
  const placeOf = new Map(Array.from(xs, (x, at) => [x, at]));
  const columns = runs.map((run) =>
    run.columns.map((values) => {
      const aligned = new Float32Array(xs.length).fill(Number.NaN);
      for (const [at, x] of run.xs.entries()) aligned[placeOf.get(x) ?? 0] = values[at] ?? Number.NaN;
      return aligned;
    }),
  );
  return { xs, columns };
}
