/** Fewer points for the same picture. Pure. */

export interface Table {
  /** Ascending. */
  readonly xs: Float32Array;
  /** Columns as long as `xs`. */
  readonly columns: readonly Float32Array[];
}

/** The lowest and the highest value from..to, in the order in which they come; NaN where there is none. */
function extremes(values: Float32Array, from: number, to: number): readonly [number, number] {
  let [low, high] = [-1, -1];
  for (let at = from; at <= to; at++) {
    const value = values[at] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    if (low === -1 || value < (values[low] ?? 0)) low = at;
    if (high === -1 || value > (values[high] ?? 0)) high = at;
  }
  const of = (at: number) => values[at] ?? Number.NaN;
  return low <= high ? [of(low), of(high)] : [of(high), of(low)];
}

/**
 * Cuts the x axis into buckets and leaves of each the lowest and the highest value of every column, so that no peak is
 * lost. Smooth before: what is left out here must have been counted there.
 * @param buckets about one a pixel @returns at most 2 · buckets rows; the table itself when it has no more
 */
export function decimate(table: Table, buckets: number): Table {
  const { xs, columns } = table;
  if (xs.length <= 2 * buckets) return table;
  const first = xs[0] ?? 0;
  const width = ((xs.at(-1) ?? 0) - first) / buckets;
  const bucketOf = (at: number) => Math.min(buckets - 1, Math.floor(((xs[at] ?? 0) - first) / width));
  const rows: number[] = [];
  const kept = columns.map((): number[] => []);
  for (let from = 0; from < xs.length; ) {
    let to = from;
    while (to + 1 < xs.length && bucketOf(to + 1) === bucketOf(from)) to++;
    const places = to > from ? [from, to] : [from];
    for (const place of places) rows.push(xs[place] ?? 0);
    for (const [index, column] of columns.entries()) {
      kept[index]?.push(...extremes(column, from, to).slice(0, places.length));
    }
    from = to + 1;
  }
  return { xs: Float32Array.from(rows), columns: kept.map((values) => Float32Array.from(values)) };
}
