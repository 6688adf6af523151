/**
 * The two cyclic redundancy checks of our files, both of 32 bits and bit-reversed: IEEE (PNG) and Castagnoli (TFRecord).
 *
 * Source: Ross Williams, "A painless guide to CRC error detection algorithms"; polynomials from RFC 3720 and PNG annex D.
 */

const IEEE = 0xedb88320;
const CASTAGNOLI = 0x82f63b78;

function makeTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest;
  });
}

/** @param before the sum of what precedes the bytes, for sums over parts */
type Crc = (bytes: Uint8Array, before?: number) => number;

function makeCrc(polynomial: number): Crc {
  const table = makeTable(polynomial);
  return (bytes, before = 0) => {
    let crc = before ^ 0xffffffff;
    for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
    return (crc ^ 0xffffffff) >>> 0;
  };
}

export const crc32 = makeCrc(IEEE);
export const crc32c = makeCrc(CASTAGNOLI);
