/** Names of the files a run leaves: what it is, in letters that every file system takes. */

export interface NamedRun {
  readonly modelId: string;
  readonly preset: string;
  readonly seed: number;
  /** Finished steps. */
  readonly step: number;
}

/** "unirl-showo-tiny-robust-seed0-step40" */
export function fileStem({ modelId, preset, seed, step }: NamedRun): string {
  return `unirl-${modelId}-${preset}-seed${seed}-step${step}`.replace(/[^\w.-]+/g, "_");
}
