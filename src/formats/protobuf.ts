/**
 * Writes protocol buffer messages: fields one after the other, each a tag and a value.
 *
 * Source: protobuf.dev/programming-guides/encoding.
 */
import { encodeText, joinBytes } from "./bytes.ts";

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** @param value whole, 0 to 2^53 − 1 */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

const tag = (field: number, wireType: number): Uint8Array => varint(field * 8 + wireType);

/** int32, int64, uint32, uint64, not negative. */
export function intField(field: number, value: number): Uint8Array {
  return joinBytes([tag(field, VARINT), varint(value)]);
}

export function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return joinBytes([tag(field, FIXED64), bytes]);
}

export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joinBytes([tag(field, FIXED32), bytes]);
}

/** bytes, and messages within messages. */
export function bytesField(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = joinBytes(parts);
  return joinBytes([tag(field, BYTES), varint(content.length), content]);
}

export function textField(field: number, text: string): Uint8Array {
  return bytesField(field, encodeText(text));
}
