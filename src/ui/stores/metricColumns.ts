/** Metrics of all finished steps as growing Float32 columns: 10 000 steps cost 400 kB and no garbage. */
import { METRICS, type MetricName } from "../../protocol/record.ts";

export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

const FIRST_CAPACITY = 256;

export class MetricColumns {
  length = 0;
  private stepColumn = new Float32Array(FIRST_CAPACITY);
  private imageColumn = new Float32Array(FIRST_CAPACITY);
  private readonly columns = new Map<MetricName, Float32Array>(
    METRIC_NAMES.map((name) => [name, new Float32Array(FIRST_CAPACITY)]),
  );

  clear(): void {
    this.length = 0;
  }

  /**
   * Adds the numbers of a step; a step already held is overwritten together with all after it (a roll-back).
   * @param images drawn for it, NaN where that is not known
   */
  push(step: number, values: Readonly<Record<string, number>>, images = Number.NaN): void {
    while (this.length > 0 && (this.stepColumn[this.length - 1] ?? 0) >= step) this.length--;
    if (this.length === this.stepColumn.length) this.grow();
    this.stepColumn[this.length] = step;
    this.imageColumn[this.length] = images;
    for (const [name, column] of this.columns) column[this.length] = values[name] ?? Number.NaN;
    this.length++;
  }

  /**
   * Adds the numbers of many steps.
   * @param lastStep where steps do not say their number, the last one's
   * @param images drawn for each, NaN where that is not known
   */
  pushAll(history: readonly Readonly<Record<string, number>>[], lastStep: number, images = Number.NaN): void {
    const first = lastStep - history.length + 1;
    for (const [index, values] of history.entries()) this.push(values.step ?? first + index, values, images);
  }

  /** Steps so far, a view that the next push may invalidate. */
  steps(): Float32Array {
    return this.stepColumn.subarray(0, this.length);
  }

  /** Images drawn for each step, NaN where that is not known; a view that the next push may invalidate. */
  images(): Float32Array {
    return this.imageColumn.subarray(0, this.length);
  }

  /** A copy that later pushes leave alone. */
  copy(): MetricColumns {
    const copy = new MetricColumns();
    copy.length = this.length;
    copy.stepColumn = this.stepColumn.slice();
    copy.imageColumn = this.imageColumn.slice();
    for (const [name, column] of this.columns) copy.columns.set(name, column.slice());
    return copy;
  }

  /** Values of a metric, NaN where a step did not report it; a view that the next push may invalidate. */
  column(name: MetricName): Float32Array {
    return (this.columns.get(name) ?? new Float32Array(0)).subarray(0, this.length);
  }

  /** The newest value of a metric, or null. */
  last(name: MetricName): number | null {
    const value = this.column(name)[this.length - 1];
    return value === undefined || Number.isNaN(value) ? null : value;
  }

  private grow(): void {
    const capacity = this.stepColumn.length * 2;
    const enlarge = (column: Float32Array): Float32Array<ArrayBuffer> => {
      const larger = new Float32Array(capacity);
      larger.set(column);
      return larger;
    };
    this.stepColumn = enlarge(this.stepColumn);
    this.imageColumn = enlarge(this.imageColumn);
    for (const [name, column] of this.columns) this.columns.set(name, enlarge(column));
  }
}
