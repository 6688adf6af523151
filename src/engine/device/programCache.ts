/** Programs by the sizes written into them, so that a pipeline is found by the program's identity. */
import type { GpuProgram } from "./gpuProgram.ts";

/** @returns a function that makes each program once. @param make called with the key's parts */
export function memoisedProgram<Key extends readonly (string | number | boolean)[], P extends GpuProgram>(
  make: (...key: Key) => P,
): (...key: Key) => P {
  const programs = new Map<string, P>();
  return (...key) => {
    const name = key.join("/");
    const known = programs.get(name);
    if (known) return known;
    const made = make(...key);
    programs.set(name, made);
    return made;
  };
}

/** An f32 output of a shape. */
export const f32 = (shape: readonly number[]) => ({ shape, dtype: "float32" as const });
