/** Tensors of files that are too large to hold: what there is, and some rows of one at a time. */
import { EngineError } from "../errors.ts";
import type { TensorDescription } from "../safetensors/header.ts";

/** Values of one read: 1 GiB of f32. */
const MAX_READ_VALUES = 2 ** 28;

export interface TensorSource {
  /** Name → dtype and shape, in the file's order. */
  readonly tensors: ReadonlyMap<string, TensorDescription>;
  /**
   * Some rows of a tensor [rows, …], as f32, row major. A number without dimensions is one row.
   * @throws EngineError("badInput") for a tensor or rows that are not there, EngineError("fileTooLarge") for more than a
   *   GiB at once, EngineError("fileCorrupt") where the file ends too early
   */
  readRows(name: string, start: number, count: number): Promise<Float32Array>;
}

/** Rows of a tensor and values in each. */
export function rowsOf({ shape }: Pick<TensorDescription, "shape">): { rows: number; width: number } {
  const [rows = 1, ...inner] = shape;
  return { rows, width: inner.reduce((product, size) => product * size, 1) };
}

/** A whole tensor, row major. @throws as `TensorSource.readRows` */
export function readTensor(source: TensorSource, name: string): Promise<Float32Array> {
  return source.readRows(name, 0, rowsOf(source.tensors.get(name) ?? { shape: [] }).rows);
}

/**
 * Finds a tensor and checks a read of it, before memory is asked for.
 * @returns it, and values in a row
 * @throws EngineError("badInput") or EngineError("fileTooLarge")
 */
export function requireRows<T extends TensorDescription>(
  tensors: ReadonlyMap<string, T>,
  name: string,
  start: number,
  count: number,
): { tensor: T; width: number } {
  const tensor = tensors.get(name);
  if (!tensor) {
    throw new EngineError("badInput", `The file has no tensor ${name}. Check its name.`, { tensor: name });
  }
  const { rows, width } = rowsOf(tensor);
  const isInside =
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(count) &&
    start >= 0 &&
    count >= 0 &&
    start + count <= rows;
  if (!isInside) {
    throw new EngineError("badInput", `${name} has ${rows} rows, not ${start} to ${start + count}.`, {
      tensor: name,
    });
  }
  if (count * width > MAX_READ_VALUES) {
    throw new EngineError(
      "fileTooLarge",
      `${count} rows of ${name} are ${count * width} values, more than are read at once. Read fewer rows.`,
      { tensor: name, limitValues: MAX_READ_VALUES },
    );
  }
  return { tensor, width };
}
