/** The file read back by a decoder written from the GIF89a specification: blocks, tables, LZW. */
import { expect, it } from "vitest";
import { encodeGif, type GifFrame } from "./animatedGif.ts";

interface Decoded {
  readonly delay: number;
  readonly rgb: number[];
}

function unpackLzw(data: Uint8Array, minBits: number, count: number): number[] {
  const clear = 1 << minBits;
  let table: number[][] = [];
  let bits = minBits + 1;
  let [buffer, held, at] = [0, 0, 0];
  let previous: number[] | null = null;
  const out: number[] = [];
  const reset = () => {
    table = Array.from({ length: clear + 2 }, (_, code) => [code]);
    bits = minBits + 1;
    previous = null;
  };
  reset();
  while (out.length < count) {
    while (held < bits) {
      buffer |= (data[at++] ?? 0) << held;
      held += 8;
    }
    const code = buffer & ((1 << bits) - 1);
    buffer >>>= bits;
    held -= bits;
    if (code === clear) {
      reset();
      continue;
    }
    if (code === clear + 1) break;
    const entry: number[] = table[code] ?? [...(previous ?? []), previous?.[0] ?? 0];
    out.push(...entry);
    if (previous && table.length < 4096) table.push([...previous, entry[0] ?? 0]);
    if (table.length === 1 << bits && bits < 12) bits += 1;
    previous = entry;
  }
  return out;
}

function decodeGif(gif: Uint8Array): { size: number[]; loops: boolean; frames: Decoded[] } {
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength);
  expect(new TextDecoder().decode(gif.subarray(0, 6))).toBe("GIF89a");
  const size = [view.getUint16(6, true), view.getUint16(8, true)];
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const globalBytes = tableBytes(gif[10] ?? 0);
  const global = gif.subarray(13, 13 + globalBytes);
  let at = 13 + globalBytes;
  const frames: Decoded[] = [];
  let [loops, delay] = [false, 0];
  const subBlocks = (): Uint8Array => {
    const parts: number[] = [];
    for (let length = gif[at++] ?? 0; length > 0; length = gif[at++] ?? 0) {
      parts.push(...gif.subarray(at, at + length));
      at += length;
    }
    return Uint8Array.from(parts);
  };
  while (gif[at] !== 0x3b) {
    if (gif[at] === 0x21) {
      const label = gif[at + 1];
      if (label === 0xf9) delay = view.getUint16(at + 4, true);
      at += 2;
      const content = subBlocks();
      if (label === 0xff)
        loops = new TextDecoder().decode(content.subarray(0, 11)) === "NETSCAPE2.0" && content[12] === 0;
      continue;
    }
    expect(gif[at]).toBe(0x2c);
    const flags = gif[at + 9] ?? 0;
    const localBytes = tableBytes(flags);
    const table = localBytes > 0 ? gif.subarray(at + 10, at + 10 + localBytes) : global;
    at += 10 + localBytes;
    const minBits = gif[at++] ?? 0;
    const pixels = unpackLzw(subBlocks(), minBits, (size[0] ?? 0) * (size[1] ?? 0));
    frames.push({ delay, rgb: pixels.flatMap((index) => [...table.subarray(index * 3, index * 3 + 3)]) });
  }
  expect(at).toBe(gif.length - 1);
  return { size, loops, frames };
}

const WIDTH = 40;
const HEIGHT = 30;

/** Stripes in colours that no rounding of a palette mixes up. */
function makeFrame(seed: number, durationMs: number): GifFrame {
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    const stripe = (Math.floor(at / 7) + seed) % 4;
    rgba.set([stripe * 80, 255 - stripe * 64, seed * 100, 255], at * 4);
  }
  return { rgba, width: WIDTH, height: HEIGHT, durationMs };
}

function encode(frames: readonly GifFrame[]): { gif: Uint8Array; turns: number } {
  const encoding = encodeGif(frames);
  for (let turns = 0; ; turns++) {
    const next = encoding.next();
    if (next.done) return { gif: next.value, turns };
  }
}

it("keeps a ground's colour beside an edge that is nearly the same", () => {
  const [edge, ground, line] = [
    [240, 240, 238],
    [243, 240, 232],
    [238, 240, 243],
  ] as const;
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    rgba.set([...(at === 0 ? edge : at < 1000 ? ground : line), 255], at * 4);
  }
  const [frame] = decodeGif(encode([{ rgba, width: WIDTH, height: HEIGHT, durationMs: 100 }]).gif).frames;
  expect(frame?.rgb.slice(1500, 1503)).toEqual(ground);
  expect(frame?.rgb.slice(-3)).toEqual(line);
});

it("shows every frame with its colours and its time, again and again", () => {
  const frames = [makeFrame(0, 400), makeFrame(1, 400), makeFrame(2, 1500)];
  const { gif: bytes, turns } = encode(frames);
  expect(turns).toBeGreaterThanOrEqual(frames.length);
  const gif = decodeGif(bytes);
  expect(gif).toMatchObject({ size: [WIDTH, HEIGHT], loops: true });
  expect(gif.frames.map(({ delay }) => delay)).toEqual([40, 40, 150]);
  for (const [at, { rgb }] of gif.frames.entries()) {
    const wanted = Array.from(frames[at]?.rgba ?? []).filter((_, channel) => channel % 4 < 3);
    expect(rgb).toEqual(wanted);
  }
});
