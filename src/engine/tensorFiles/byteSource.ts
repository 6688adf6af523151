/** Bytes that are read where they are needed: a file, a Blob, a server that answers ranges. */
import { EngineError } from "../errors.ts";

/** Random access. `read` gives exactly `length` bytes or rejects. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes that are in memory already. */
export function sourceOfBytes(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

export function corruptFile({ name }: Pick<ByteSource, "name">, reason: string): EngineError {
  return new EngineError("fileCorrupt", `${name} is damaged: ${reason}. Download or export it again.`, {
    file: name,
    reason,
  });
}

/** @throws EngineError("fileCorrupt") when the file has no such bytes, or gives others than asked for */
export async function readExactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const isInside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= source.size;
  if (!isInside) throw corruptFile(source, "it ends before what it promises");
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) throw corruptFile(source, "it became shorter while it was read");
  return bytes;
}
