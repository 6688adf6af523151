/** Tensors of one safetensors file, read from where they lie. */
import { DTYPE_BYTES, LENGTH_BYTES, parseHeader, readHeaderLength } from "../safetensors/header.ts";
import { toFloat32 } from "../safetensors/toFloat32.ts";
import { type ByteSource, readExactly } from "./byteSource.ts";
import { requireRows, type TensorSource } from "./tensorSource.ts";

/** @throws EngineError("fileCorrupt") as `parseHeader` */
export async function openSafetensors(source: ByteSource): Promise<TensorSource> {
  const start = await readExactly(source, 0, Math.min(LENGTH_BYTES, source.size));
  const header = await readExactly(source, LENGTH_BYTES, readHeaderLength(start, source.size));
  const { tensors } = parseHeader(header, source.size);
  return {
    tensors,
    readRows: async (name, first, count) => {
      const { tensor, width } = requireRows(tensors, name, first, count);
      const { dtype, begin } = tensor;
      const rowBytes = width * DTYPE_BYTES[dtype];
      const data = await readExactly(source, begin + first * rowBytes, count * rowBytes);
      return toFloat32({ dtype, shape: [count, width], data });
    },
  };
}
