import { describe, expect, it } from "vitest";
import { decodeF16, encodeF16 } from "./float16.ts";

describe("half precision", () => {
  it("gives back every half", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = decodeF16(bits);
      if (!Number.isNaN(value)) expect(encodeF16(value)).toBe(bits);
    }
    expect(Number.isNaN(decodeF16(encodeF16(Number.NaN)))).toBe(true);
  });

  it("rounds to the nearest, ties to even", () => {
    const step = 2 ** -10;
    expect(decodeF16(encodeF16(1 + step / 2))).toBe(1);
    expect(decodeF16(encodeF16(1 + (3 * step) / 2))).toBe(1 + 2 * step);
    expect(decodeF16(encodeF16(1 + 0.51 * step))).toBe(1 + step);
    expect(decodeF16(encodeF16(65519))).toBe(65504);
    expect(decodeF16(encodeF16(65520))).toBe(Number.POSITIVE_INFINITY);
    expect(decodeF16(encodeF16(2 ** -25))).toBe(0);
    expect(decodeF16(encodeF16(-1.1 * 2 ** -25))).toBe(-(2 ** -24));
  });
});
