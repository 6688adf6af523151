/** Image codes as text for files of lines: base64 of 16-bit little-endian numbers. */
import { EngineError } from "../../errors.ts";
import type { ImageCodes } from "../../models/unified.ts";

/** Exist in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const btoa: (bytes: string) => string;
declare const atob: (text: string) => string;

const LARGEST_CODE = 0xffff;

/** @throws EngineError("badInput") for codes that do not fit 16 bits, undecided ones among them */
export function codesToText(codes: ImageCodes): string {
  if (codes.some((code) => code < 0 || code > LARGEST_CODE)) {
    throw new EngineError("badInput", `Only codes from 0 to ${LARGEST_CODE} can be written.`);
  }
  return btoa([...codes].map((code) => String.fromCharCode(code & 0xff, code >> 8)).join(""));
}

/** The codes of a text of `codesToText`; null when it is none. */
export function textToCodes(text: string): ImageCodes | null {
  try {
    const bytes = atob(text);
    if (bytes.length % 2 === 1) return null;
    return Int32Array.from({ length: bytes.length / 2 }, (_, at) => {
      return bytes.charCodeAt(2 * at) + 256 * bytes.charCodeAt(2 * at + 1);
    });
  } catch {
    return null;
  }
}
