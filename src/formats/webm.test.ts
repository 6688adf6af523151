/** The file read back box by box, by the rules of EBML alone. */
import { describe, expect, it } from "vitest";
import { type VideoFrame, writeWebm } from "./webm.ts";

interface Box {
  readonly id: string;
  /** Where the box begins in its parent's content. */
  readonly begin: number;
  readonly content: Uint8Array;
}

function readBoxes(bytes: Uint8Array): Box[] {
  const boxes: Box[] = [];
  let at = 0;
  while (at < bytes.length) {
    const begin = at;
    const idBytes = Math.clz32(bytes[at] ?? 0) - 23;
    const id = Buffer.from(bytes.subarray(at, at + idBytes)).toString("hex");
    at += idBytes;
    const sizeBytes = Math.clz32(bytes[at] ?? 0) - 23;
    const length = Buffer.from(bytes.subarray(at + 1, at + sizeBytes)).readUIntBE(0, 6) % 2 ** 40;
    expect(sizeBytes).toBe(8);
    const size = length * 256 + (bytes[at + 7] ?? 0);
    at += sizeBytes;
    boxes.push({ id, begin, content: bytes.subarray(at, at + size) });
    at += size;
  }
  expect(at).toBe(bytes.length);
  return boxes;
}

const all = (bytes: Uint8Array, id: string): Uint8Array[] =>
  readBoxes(bytes).flatMap((box) => (box.id === id ? [box.content] : []));
const one = (bytes: Uint8Array, id: string): Uint8Array => {
  const found = all(bytes, id);
  expect(found, id).toHaveLength(1);
  return found[0] ?? new Uint8Array();
};
const uint = (bytes: Uint8Array): number => bytes.reduce((value, byte) => value * 256 + byte, 0);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const FRAMES: VideoFrame[] = [0, 1, 2, 3, 4].map((at) => ({
  data: new Uint8Array(100 + at * 50).fill(at),
  timeMs: at * 400,
  durationMs: at === 4 ? 1500 : 400,
  isKey: at % 3 === 0,
}));
const TRACK = { codecId: "V_VP8", width: 560, height: 344 } as const;

describe("a WebM file", () => {
  const file = writeWebm(TRACK, FRAMES, "test 1");
  const segment = one(file, "18538067");

  it("says what it is and how long", () => {
    expect(text(one(one(file, "1a45dfa3"), "4282"))).toBe("webm");
    const info = one(segment, "1549a966");
    expect(uint(one(info, "2ad7b1"))).toBe(1_000_000);
    const duration = one(info, "4489");
    expect(new DataView(duration.buffer, duration.byteOffset).getFloat64(0)).toBe(1600 + 1500);
    const entry = one(one(segment, "1654ae6b"), "ae");
    expect(text(one(entry, "86"))).toBe("V_VP8");
    const video = one(entry, "e0");
    expect([uint(one(video, "b0")), uint(one(video, "ba"))]).toEqual([560, 344]);
  });

  it("has every frame with its time and length, references where it leans on another", () => {
    const frames = all(segment, "1f43b675").flatMap((cluster) => {
      const start = uint(one(cluster, "e7"));
      return all(cluster, "a0").map((group) => {
        const block = one(group, "a1");
        const offset = new DataView(block.buffer, block.byteOffset).getInt16(1);
        expect(block[0]).toBe(0x81);
        return {
          data: block.slice(4),
          timeMs: start + offset,
          durationMs: uint(one(group, "9b")),
          isKey: all(group, "fb").length === 0,
        };
      });
    });
    expect(frames).toEqual(FRAMES);
    const delta = all(all(segment, "1f43b675")[0] ?? new Uint8Array(), "a0")[1];
    expect(Array.from(one(delta ?? new Uint8Array(), "fb"))).toEqual([0xfe, 0x70]); // −400
  });

  it("points at its clusters", () => {
    const starts = readBoxes(segment).flatMap((box) => (box.id === "1f43b675" ? [box.begin] : []));
    const points = all(one(segment, "1c53bb6b"), "bb");
    expect(points.map((point) => uint(one(one(point, "b7"), "f1")))).toEqual(starts);
    expect(points.map((point) => uint(one(point, "b3")))).toEqual([0, 1200]);
  });

  it("is not made without a key frame to begin with, or with too few", () => {
    const late = FRAMES.map((frame) => ({ ...frame, isKey: frame.timeMs > 0 }));
    const sparse = [0, 1].map((at) => ({
      data: new Uint8Array(1),
      timeMs: at * 30_001,
      durationMs: 1,
      isKey: at === 0,
    }));
    expect(() => writeWebm(TRACK, [], "test")).toThrow(RangeError);
    expect(() => writeWebm(TRACK, late, "test")).toThrow(RangeError);
    expect(() => writeWebm(TRACK, sparse, "test")).toThrow(RangeError);
  });
});
