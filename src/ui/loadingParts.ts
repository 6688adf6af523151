/** A download as the parts that the manifest names, each with what has arrived of it. Pure. */
import type { FileProgress, Target } from "./stores/runStore.ts";

/** All files of the judge together; the worker reports them below a folder of this name. */
export const JUDGE_PART = "judge";

export interface LoadingPart {
  readonly name: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** Every part from the beginning, so that the list does not grow while it is read. */
export function mergeParts(target: Target | null, files: readonly FileProgress[]): LoadingPart[] {
  const partOf = ({ file }: FileProgress) => (file.startsWith(`${JUDGE_PART}/`) ? JUDGE_PART : file);
  const loaded = new Map<string, number>();
  for (const file of files) loaded.set(partOf(file), (loaded.get(partOf(file)) ?? 0) + file.loadedBytes);
  return (target?.parts ?? []).map(({ name, bytes }) => {
    return { name, loadedBytes: Math.min(bytes, loaded.get(name) ?? 0), totalBytes: bytes };
  });
}
