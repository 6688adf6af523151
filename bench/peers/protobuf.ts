/** As much of protobuf's wire format as an ONNX model needs. Source: protobuf.dev/programming-guides/encoding. */

const WIRE_VARINT = 0;
const WIRE_BYTES = 2;

/** Seven bits a byte, the lowest first; the top bit says that more follow. @param value a whole number from 0 to 2⁵³ */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}

/** One behind the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** A field with a whole number. */
export function numberField(id: number, value: number): Uint8Array {
  return join([varint(id * 8 + WIRE_VARINT), varint(value)]);
}

/** A field with bytes, a text in UTF-8, or a message of the given fields. */
export function field(id: number, content: Uint8Array | string | readonly Uint8Array[]): Uint8Array {
  const bytes =
    typeof content === "string"
      ? new TextEncoder().encode(content)
      : content instanceof Uint8Array
        ? content
        : join(content);
  return join([varint(id * 8 + WIRE_BYTES), varint(bytes.length), bytes]);
}
