/** A suite is a list of benchmarks that are opened one at a time. */
import { basename } from "node:path";
import type { ModelFormat } from "../src/engine/quant/quantFormat.ts";
import type { Benchmark } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

export interface Planned {
  /** What `--filter` looks at. */
  readonly name: string;
  /** Makes inputs on the backend that runs; plain tensors are freed for it afterwards, kept ones by its `dispose`. */
  readonly open: () => Promise<Omit<Benchmark, "name">>;
}

/** A model, and how it is opened. */
export interface BenchModel {
  /** As given, or inside the repository. */
  readonly folder: string;
  readonly weights: ModelFormat;
}

/** A model's name in records: one in few bits is another model. */
export function labelOf({ folder, weights }: BenchModel): string {
  return weights === "f32" ? basename(folder) : `${basename(folder)} in ${weights}`;
}

/** What suites are planned from. */
export interface BenchContext {
  readonly sizes: Sizes;
  /** Whose drawing, answering and learning are measured. */
  readonly model: BenchModel;
}
