/**
 * Reading a fixture of the PyTorch reference and measuring how far numbers lie apart. `golden.ts` runs the model.
 *
 * Tolerances are those of issue 2: f32 sums in another order differ by about 1e-6 a layer.
 */
import { EngineError } from "../../errors.ts";
import { readSafetensors, type SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { toFloat32 } from "../../safetensors/toFloat32.ts";

/** One comparison. `pass` is false for NaN, for a missing key and for a case that threw. */
export interface CheckResult {
  readonly check: string;
  /** Largest deviation; NaN when it could not be measured. */
  readonly error: number;
  readonly tolerance: number;
  readonly pass: boolean;
  readonly detail: string;
}

/** Tolerances by kind of number. */
export const TOLERANCES = {
  exact: 0,
  logits: 2e-4,
  loss: 2e-4,
  gradient: 1e-3,
  pixels: 2e-4,
} as const;

/** Expected tensors by key. */
export class Expected {
  readonly #tensors: ReadonlyMap<string, SafetensorsEntry>;

  constructor(tensors: ReadonlyMap<string, SafetensorsEntry>) {
    this.#tensors = tensors;
  }

  entry(key: string): SafetensorsEntry {
    const entry = this.#tensors.get(key);
    if (entry) return entry;
    throw new EngineError("fileCorrupt", `expected.safetensors has no ${key}. Make the fixture again.`, {
      key,
    });
  }

  shape(key: string): readonly number[] {
    return this.entry(key).shape;
  }

  floats(key: string): Float32Array {
    return toFloat32(this.entry(key));
  }

  ints(key: string): Int32Array {
    return Int32Array.from(this.floats(key));
  }

  /** Keys that begin with a prefix, without it. */
  namesUnder(prefix: string): string[] {
    return [...this.#tensors.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }
}

/** Judges a measured error; NaN fails. */
export function judge(check: string, error: number, tolerance: number, detail: string): CheckResult {
  return { check, error, tolerance, pass: error <= tolerance, detail };
}

/**
 * Largest |actual − expected| where `counts` is set.
 * @returns NaN when a counted number is not finite or the lengths differ, and how many numbers were compared
 */
export function largestDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  counts: (index: number) => boolean = () => true,
): { error: number; compared: number } {
  if (actual.length !== expected.length) return { error: Number.NaN, compared: 0 };
  let largest = 0;
  let compared = 0;
  for (let index = 0; index < expected.length; index++) {
    if (!counts(index)) continue;
    compared += 1;
    const difference = Math.abs((actual[index] ?? Number.NaN) - (expected[index] ?? Number.NaN));
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(largest)) break;
  }
  return { error: largest, compared };
}

/** How many entries differ; NaN when the lengths do. */
export function countDifferences(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  let count = 0;
  for (let index = 0; index < expected.length; index++) if (actual[index] !== expected[index]) count += 1;
  return count;
}

/** ‖actual − expected‖ / ‖expected‖; the norm of actual itself where nothing but 0 was expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  let difference = 0;
  let size = 0;
  for (let index = 0; index < expected.length; index++) {
    const wanted = expected[index] ?? Number.NaN;
    difference += ((actual[index] ?? Number.NaN) - wanted) ** 2;
    size += wanted ** 2;
  }
  return Math.sqrt(difference / (size === 0 ? 1 : size));
}

/**
 * Reads a fixture's JSON or tensors.
 * @throws EngineError("fileCorrupt") naming the file
 */
export async function readFixtureJson(
  read: (name: string) => Promise<Uint8Array>,
  file: string,
): Promise<unknown> {
  const bytes = await read(file);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new EngineError("fileCorrupt", `${file} is not JSON. Make the fixture again.`, { file }, { cause });
  }
}

export async function readFixtureTensors(
  read: (name: string) => Promise<Uint8Array>,
  file: string,
): Promise<ReadonlyMap<string, SafetensorsEntry>> {
  return readSafetensors(await read(file)).tensors;
}

/** Exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };
