/** What packing a Show-o loses and saves, matrix kind by matrix kind. Computed from its file, on no device. */
import { type ModelFormat, matrixBytes, type QuantFormat } from "../../quant/quantFormat.ts";
import { quantisationError } from "../../quant/quantiseMatrix.ts";
import type { WeightReport } from "../unified.ts";
import { packMatrices, type StoredTensors, storedValues } from "./packing.ts";

const F32_BYTES = 4;

/** The matrix's name without its layer, as `mlp.fc1`. */
function kindOf(name: string): string {
  return name.replace(/^showo\.(model\.)?(layers\.\d+\.)?/, "").replace(/\.weight$/, "");
}

/** @param shapes as `listShowoParameters` gives them */
export function reportPacking(
  shapes: ReadonlyMap<string, readonly number[]>,
  tensors: StoredTensors,
  weights: ModelFormat,
): WeightReport {
  const packed = weights === "f32" ? new Map() : packMatrices(shapes, tensors, weights);
  const kinds = new Map<
    string,
    { format: QuantFormat | "f32"; numbers: number; bytes: number; squares: number[] }
  >();
  let bytes = 0;
  for (const [name, shape] of shapes) {
    const numbers = shape.reduce((product, size) => product * size, 1);
    const matrix = packed.get(name);
    const own = matrix ? matrixBytes(matrix) : numbers * F32_BYTES;
    bytes += own;
    if (shape.length === 1) continue;
    const relative = matrix ? quantisationError(storedValues(tensors, name), matrix).relative : 0;
    const kind = kinds.get(kindOf(name)) ?? {
      format: matrix?.format ?? "f32",
      numbers: 0,
      bytes: 0,
      squares: [],
    };
    kinds.set(kindOf(name), {
      ...kind,
      numbers: kind.numbers + numbers,
      bytes: kind.bytes + own,
      squares: [...kind.squares, relative ** 2],
    });
  }
  const matrices = [...kinds].map(([kind, { squares, ...sizes }]) => {
    const relativeError = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    return { kind, ...sizes, count: squares.length, relativeError };
  });
  return { weights, bytes, matrices };
}
