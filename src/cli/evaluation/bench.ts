/** What the suites of `unirl eval` share: the model under test, its options, and how numbers are written. */
import type {
  Estimate,
  ImageU8,
  ListedPrompt,
  RenderedScene,
  Splits,
  UnifiedModel,
} from "../../engine/index.ts";
import type { DrawingOptions, ModelOptions } from "../options.ts";
import type { Output } from "../output.ts";

export interface BenchOptions extends ModelOptions, DrawingOptions {
  readonly adapter?: string;
  readonly scenes: number;
  /** Images per prompt; each suite has its own default. */
  readonly n?: number;
  /** Judged suites: images per task at the least; tasks of few prompts draw more of each. */
  readonly taskImages?: number;
  readonly limit?: number;
  readonly temperature?: number;
  readonly prompts: "validation" | "test";
  readonly answers: boolean;
  readonly out?: string;
  readonly pool?: string;
}

/** Everything the suites share. */
export interface Bench {
  readonly engine: typeof import("../../engine/index.ts");
  readonly model: UnifiedModel;
  /** The model's folder. */
  readonly folder: string;
  /** Name of the backend it runs on. */
  readonly backend: string;
  readonly splits: Splits;
  readonly scenes: readonly RenderedScene[];
  readonly options: BenchOptions;
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Images for --sheet, from the last suite that has some to show. */
  sheet: { readonly images: readonly ImageU8[]; readonly columns: number } | null;
}

const NAME_WIDTH = 16;

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** A share in percent with its interval. */
export function describeShare({ mean, low, high, count }: Estimate): string {
  return count === 0 ? "none" : `${percent(mean)}  (${percent(low)} to ${percent(high)}, n = ${count})`;
}

/** A mean with its interval. */
export function describeMean({ mean, low, high, count }: Estimate): string {
  if (count === 0) return "none";
  return `${mean.toFixed(4)}  (${low.toFixed(4)} to ${high.toFixed(4)}, n = ${count})`;
}

/** A title and indented rows of name and value. */
export function describeTable(title: string, rows: Readonly<Record<string, string>>): string {
  const lines = Object.entries(rows).map(([name, value]) => `  ${name.padEnd(NAME_WIDTH)}${value}`);
  return [title, ...lines].join("\n");
}

/** A record with every value written by the same function. */
export function mapValues<T>(
  record: Readonly<Record<string, T>>,
  write: (value: T) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, write(value)]));
}

/** The fixed list that the options choose, shortened by --limit. */
export function choosePrompts({ engine, splits, options }: Bench): ListedPrompt[] {
  const listed = splits[options.prompts];
  return engine.limitPrompts(listed, options.limit ?? listed.length);
}

/** How images are drawn: the model's own way where the options say nothing. */
export function drawSettings({ model, options }: Bench) {
  return {
    seed: options.seed,
    guidanceScale: options.guidance ?? model.generation.guidanceScale,
    temperature: options.temperature ?? model.generation.temperature,
    steps: options.steps ?? model.generation.steps,
  };
}

/** Runs a long measurement under a progress bar, which Ctrl-C ends. @param done items that need no more work */
export async function underProgress<T>(
  { output, signal }: Bench,
  label: string,
  total: number,
  run: (progress: { onProgress: (done: number) => void; signal: AbortSignal }) => Promise<T>,
  done = 0,
): Promise<T> {
  const bar = output.startProgress(label, total);
  bar.update(done);
  try {
    return await run({ onProgress: (finished) => bar.update(done + finished), signal });
  } finally {
    bar.stop();
  }
}
