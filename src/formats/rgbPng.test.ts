import { encode } from "fast-png";
import { expect, it } from "vitest";
import { decodeRgb, encodeRgb } from "./rgbPng.ts";

const IMAGE = { width: 7, height: 4, rgb: Uint8Array.from({ length: 84 }, (_, at) => (at * 53) % 256) };

it("gives back every pixel", () => {
  expect(decodeRgb(encodeRgb(IMAGE), "it")).toEqual(IMAGE);
});

it("refuses a picture that is damaged, of another kind or too large", () => {
  const png = encodeRgb(IMAGE);
  for (let at = 0; at < png.length; at++) {
    const flipped = png.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    expect(() => decodeRgb(flipped, "thumbnail 3"), `byte ${at}`).toThrow("thumbnail 3 cannot be read");
    expect(() => decodeRgb(png.slice(0, at), "thumbnail 3"), `cut at ${at}`).toThrow(
      "thumbnail 3 cannot be read",
    );
  }
  const grey = encode({ width: 2, height: 2, channels: 1, depth: 8, data: new Uint8Array(4) });
  expect(() => decodeRgb(grey, "it")).toThrow("not RGB");
  const wide = encode({ width: 3000, height: 1, channels: 3, depth: 8, data: new Uint8Array(9000) });
  expect(() => decodeRgb(wide, "it")).toThrow("too large");
});
