/** Several quantised matrices as one: their rows one under the other. */
import { EngineError } from "../errors.ts";
import type { QuantisedMatrix } from "./quantFormat.ts";

function joinWords(parts: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(parts.reduce((total, { length }) => total + length, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}

/**
 * Layers that read the same input, as one layer with their outputs side by side.
 * @param matrices [outₚ, in] of one format @returns [Σ outₚ, in], the same numbers
 * @throws EngineError("badInput") when formats or inputs differ, or for no matrix
 */
export function joinMatrices(matrices: readonly QuantisedMatrix[]): QuantisedMatrix {
  const [first] = matrices;
  if (!first || matrices.some(({ format, inSize }) => format !== first.format || inSize !== first.inSize)) {
    const given = matrices.map(({ format, outSize, inSize }) => `${format} [${outSize}, ${inSize}]`);
    throw new EngineError(
      "badInput",
      `These matrices cannot be one: ${given.join(", ") || "there is none"}.`,
    );
  }
  return {
    ...first,
    outSize: matrices.reduce((total, { outSize }) => total + outSize, 0),
    packed: joinWords(matrices.map(({ packed }) => packed)),
    scales: joinWords(matrices.map(({ scales }) => scales)),
  };
}
