import { expect, test } from "vitest";
import { createRng } from "../rng.ts";
import { decodeF16, encodeF16, encodeF16AwayFromZero } from "./float16.ts";

test("every half but NaN survives decoding and encoding", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = decodeF16(bits);
    if (Number.isNaN(value)) continue;
    expect(encodeF16(value)).toBe(bits);
    expect(encodeF16AwayFromZero(value)).toBe(bits);
  }
});

test("rounds to the nearest, ties to even", () => {
  const unit = 2 ** -10;
  expect(decodeF16(encodeF16(1 + 0.5 * unit))).toBe(1);
  expect(decodeF16(encodeF16(1 + 1.5 * unit))).toBe(1 + 2 * unit);
  expect(decodeF16(encodeF16(1 + 0.51 * unit))).toBe(1 + unit);
  // The carry goes into the exponent.
  expect(decodeF16(encodeF16(2 - 0.4 * unit))).toBe(2);
  expect(decodeF16(encodeF16(-(2 ** -24)))).toBe(-(2 ** -24));
  expect(decodeF16(encodeF16(2 ** -26))).toBe(0);
  expect(decodeF16(encodeF16(65_519))).toBe(65_504);
  expect(decodeF16(encodeF16(65_520))).toBe(Number.POSITIVE_INFINITY);
  expect(decodeF16(encodeF16(1e9))).toBe(Number.POSITIVE_INFINITY);
  expect(decodeF16(encodeF16(Number.NaN))).toBeNaN();
});

test("rounding away from zero never shrinks, and moves less than one step", () => {
  for (const value of createRng("float16").normal(2000)) {
    const small = value * 2 ** -12;
    const rounded = decodeF16(encodeF16AwayFromZero(small));
    expect(Math.abs(rounded)).toBeGreaterThanOrEqual(Math.abs(small));
    expect(Math.abs(rounded - small)).toBeLessThan(Math.max(2 ** -24, Math.abs(small) * 2 ** -10));
  }
});
