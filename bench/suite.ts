/** A suite is a list of benchmarks that are opened one at a time. */
import type { Benchmark } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

export interface Planned {
  /** What `--filter` looks at. */
  readonly name: string;
  /** Makes inputs on the backend that runs; plain tensors are freed for it afterwards, kept ones by its `dispose`. */
  readonly open: () => Promise<Omit<Benchmark, "name">>;
}

/** What suites are planned from. */
export interface BenchContext {
  readonly sizes: Sizes;
  /** Of the model whose drawing, answering and learning are measured. */
  readonly modelFolder: string;
}
