/** What a file is, by how it begins; its name is not believed. */
import { decodeText } from "./bytes.ts";
import { isPng } from "./pngText.ts";

export type FileKind = "picture" | "archive" | "tensors" | "json" | "lines" | "unknown";

/** "PK", then the mark of a first file or of an empty zip. */
const ZIP = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x50, 0x4b, 0x05, 0x06],
];
/** A safetensors header of JSON follows its length of 8 bytes. */
const HEADER_AT = 8;
const OPENING_BRACE = 0x7b;
/** Bytes looked at to tell text from anything else. */
const LOOK_BYTES = 4096;

function beginsLike(bytes: Uint8Array, head: readonly number[]): boolean {
  return head.every((byte, at) => bytes[at] === byte);
}

/** JSON Lines have an end of line after the first object; one object that fills the text is JSON. */
function kindOfText(text: string): FileKind {
  if (!text.trimStart().startsWith("{")) return "unknown";
  const [first = ""] = text.trimStart().split("\n");
  return first.trimEnd().endsWith("}") ? "lines" : "json";
}

export function findKind(bytes: Uint8Array): FileKind {
  if (isPng(bytes)) return "picture";
  if (ZIP.some((head) => beginsLike(bytes, head))) return "archive";
  // Seven zeros after a small number: no text has them.
  if (bytes[HEADER_AT] === OPENING_BRACE && bytes[HEADER_AT - 1] === 0) return "tensors";
  // A character of several bytes may be cut where the look ends.
  for (let cut = 0; cut < 4; cut++) {
    const text = decodeText(bytes.subarray(0, LOOK_BYTES - cut));
    if (text !== null) return kindOfText(text);
  }
  return "unknown";
}
