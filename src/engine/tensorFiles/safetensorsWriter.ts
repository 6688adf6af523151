/** Writes a safetensors file piece by piece: its header first, from the sizes alone, then the tensors in any order. */
import { EngineError } from "../errors.ts";
import { layoutFile, type TensorDescription } from "../safetensors/header.ts";

/** Bytes that are written where they belong. */
export interface ByteSink {
  write(offset: number, bytes: Uint8Array): Promise<void>;
}

export interface SafetensorsWriter {
  readonly fileBytes: number;
  /** @param offset bytes from the tensor's start @throws EngineError("badInput") outside of it */
  write(name: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** @throws EngineError("badInput") naming a tensor whose bytes were not all written */
  finish(): void;
}

/** @param metadata texts kept in the header */
export async function beginSafetensors(
  sink: ByteSink,
  tensors: ReadonlyMap<string, TensorDescription>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<SafetensorsWriter> {
  const layout = layoutFile(tensors, metadata);
  const left = new Map([...layout.tensors].map(([name, { begin, end }]) => [name, end - begin]));
  await sink.write(0, layout.start);
  return {
    fileBytes: layout.fileBytes,
    write: async (name, offset, bytes) => {
      const place = layout.tensors.get(name);
      if (!place || offset < 0 || place.begin + offset + bytes.length > place.end) {
        throw new EngineError(
          "badInput",
          `${bytes.length} bytes at ${offset} are outside of the tensor ${name}.`,
        );
      }
      await sink.write(place.begin + offset, bytes);
      left.set(name, (left.get(name) ?? 0) - bytes.length);
    },
    finish: () => {
      for (const [name, bytes] of left) {
        if (bytes !== 0)
          throw new EngineError("badInput", `The tensor ${name} was not written whole.`, { bytes });
      }
    },
  };
}
