import { decode, encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/errors.ts";
import { joinBytes } from "./bytes.ts";
import { crc32 } from "./crc.ts";
import { embedText, isPng, readText } from "./pngText.ts";

const KEY = "unirl";
const TEXT = '{"prompt":"three red apples, größer als β"}';
const PIXELS = Uint8Array.from({ length: 5 * 3 * 3 }, (_, at) => (at * 37) % 256);

const png = encode({ width: 5, height: 3, channels: 3, depth: 8, data: PIXELS });
const withText = embedText(png, KEY, TEXT);

const codeOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    return error instanceof EngineError ? error.code : `not an EngineError: ${error}`;
  }
  return "none";
};

describe("a text in a PNG", () => {
  it("comes back, and another program reads pixels and text as they were", () => {
    expect(readText(withText, KEY)).toBe(TEXT);
    const decoded = decode(withText, { checkCrc: true });
    expect(decoded).toMatchObject({ width: 5, height: 3, channels: 3 });
    expect(Array.from(decoded.data)).toEqual(Array.from(PIXELS));
  });

  it("replaces an earlier one and leaves others alone", () => {
    const twice = embedText(embedText(withText, KEY, "second"), "unirlOther", "kept");
    expect([readText(twice, KEY), readText(twice, "unirlOther")]).toEqual(["second", "kept"]);
    expect(twice.length).toBeLessThan(withText.length + 60);
  });

  it("is missing from other PNGs", () => {
    expect(readText(png, KEY)).toBeNull();
    expect(readText(embedText(png, "unirlOther", "x"), KEY)).toBeNull();
  });

  it("lies in a chunk laid out by the specification", () => {
    // length 11, "iTXt", "k\0" + two zero flags + two empty strings, "hello"
    const bytes = embedText(png, "k", "hello");
    const at = bytes.length - 12 - (11 + 12);
    expect(Array.from(bytes.slice(at, at + 19))).toEqual([
      ...[0, 0, 0, 11, 0x69, 0x54, 0x58, 0x74, 0x6b, 0, 0, 0, 0, 0],
      ...[0x68, 0x65, 0x6c, 0x6c, 0x6f],
    ]);
  });
});

describe("a damaged PNG", () => {
  it("is refused wherever it is cut", () => {
    for (let end = 0; end < withText.length; end++) {
      expect(
        codeOf(() => readText(withText.slice(0, end), KEY)),
        `cut at ${end}`,
      ).toBe("fileCorrupt");
    }
  });

  it("is refused wherever a bit is flipped", () => {
    for (let at = 0; at < withText.length; at++) {
      const damaged = withText.slice();
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      expect(
        codeOf(() => readText(damaged, KEY)),
        `byte ${at}`,
      ).toBe("fileCorrupt");
    }
  });

  it("ignores what follows its end", () => {
    expect(readText(joinBytes([withText, new Uint8Array(9)]), KEY)).toBe(TEXT);
  });

  it("is refused when its text is compressed or endless", () => {
    // The chunk as a compressing program writes it: its flag set, and its checksum right.
    const compressed = withText.slice();
    const begin = png.length - 12;
    const end = compressed.length - 12;
    compressed[begin + 8 + KEY.length + 1] = 1;
    new DataView(compressed.buffer).setUint32(end - 4, crc32(compressed.subarray(begin + 4, end - 4)));
    expect(() => readText(compressed, KEY)).toThrow("packed its text again");
    expect(codeOf(() => readText(embedText(png, KEY, "x".repeat(1_000_001)), KEY))).toBe("fileTooLarge");
  });

  it("is told from other files", () => {
    expect([isPng(png), isPng(png.slice(0, 7)), isPng(PIXELS)]).toEqual([true, false, false]);
  });
});
