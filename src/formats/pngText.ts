/**
 * A text inside a PNG that no viewer shows and every copy keeps: an iTXt chunk. Puts one in and reads it back.
 *
 * Source: PNG specification (third edition) 5.3 "Chunk layout" and 11.3.3.4 "iTXt".
 */
import { EngineError } from "../engine/errors.ts";
import { decodeText, encodeText, joinBytes } from "./bytes.ts";
import { crc32 } from "./crc.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Length, name and CRC of a chunk. */
const FRAME_BYTES = 12;
/** The longest text that is read; ours has about 2 kB. */
const MAX_TEXT_BYTES = 1_000_000;

interface Chunk {
  readonly name: string;
  /** Where the chunk begins and ends in the file, its frame included. */
  readonly begin: number;
  readonly end: number;
  readonly content: Uint8Array;
}

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, at) => bytes[at] === byte);

function damaged(reason: string): EngineError {
  return new EngineError(
    "fileCorrupt",
    `This PNG is damaged: ${reason}. Take the picture from where it came, without editing it.`,
    { reason },
  );
}

/** @throws EngineError("fileCorrupt") when a chunk is cut short or does not match its checksum */
function* readChunks(png: Uint8Array): Generator<Chunk, void> {
  if (!isPng(png)) throw damaged("it does not begin like one");
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let begin = SIGNATURE.length;
  for (;;) {
    if (begin + FRAME_BYTES > png.length) throw damaged("it ends too soon");
    const length = view.getUint32(begin);
    const end = begin + FRAME_BYTES + length;
    if (end > png.length) throw damaged("it ends too soon");
    const name = String.fromCharCode(...png.subarray(begin + 4, begin + 8));
    if (crc32(png.subarray(begin + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw damaged(`its part ${name} does not match its checksum`);
    }
    yield { name, begin, end, content: png.subarray(begin + 8, end - 4) };
    if (name === "IEND") return;
    begin = end;
  }
}

function makeChunk(name: string, content: Uint8Array): Uint8Array {
  const body = joinBytes([encodeText(name), content]);
  const frame = new Uint8Array(8);
  const view = new DataView(frame.buffer);
  view.setUint32(0, content.length);
  view.setUint32(4, crc32(body));
  return joinBytes([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** Keyword, then: not compressed, no language, no translated keyword. */
const textHead = (keyword: string): Uint8Array => joinBytes([encodeText(keyword), new Uint8Array(5)]);

function hasKeyword({ name, content }: Chunk, keyword: string): boolean {
  const head = encodeText(`${keyword}\0`);
  return name === "iTXt" && head.every((byte, at) => content[at] === byte);
}

/**
 * A copy of a PNG that carries a text; an earlier text of the same keyword goes.
 * @param keyword 1 to 79 ASCII letters
 * @throws EngineError("fileCorrupt") when `png` is no whole PNG
 */
export function embedText(png: Uint8Array, keyword: string, text: string): Uint8Array<ArrayBuffer> {
  const chunks = [...readChunks(png)];
  const added = makeChunk("iTXt", joinBytes([textHead(keyword), encodeText(text)]));
  const parts = chunks.flatMap((chunk) => {
    if (hasKeyword(chunk, keyword)) return [];
    const bytes = png.subarray(chunk.begin, chunk.end);
    return chunk.name === "IEND" ? [added, bytes] : [bytes];
  });
  return joinBytes([png.subarray(0, SIGNATURE.length), ...parts]);
}

/**
 * The text of a keyword, or null where the PNG carries none.
 * @throws EngineError("fileCorrupt") when the PNG is damaged or the text is compressed; EngineError("fileTooLarge")
 */
export function readText(png: Uint8Array, keyword: string): string | null {
  const found = [...readChunks(png)].find((chunk) => hasKeyword(chunk, keyword));
  if (!found) return null;
  const { content } = found;
  if (content.length > MAX_TEXT_BYTES) {
    throw new EngineError("fileTooLarge", "The text inside this PNG is too long to be settings.", {
      sizeBytes: content.length,
      limitBytes: MAX_TEXT_BYTES,
    });
  }
  const head = textHead(keyword);
  if (!head.every((byte, at) => content[at] === byte)) {
    throw damaged("another program has packed its text again");
  }
  const text = decodeText(content.subarray(head.length));
  if (text === null) throw damaged("its text is not UTF-8");
  return text;
}
