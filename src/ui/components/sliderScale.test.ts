import { describe, expect, it } from "vitest";
import { fromPosition, readNumber, toPosition, writeNumber } from "./sliderScale.ts";

const LOG = { min: 0, max: 1e-2, step: 1e-6, isLog: true };
const PLAIN = { min: 2, max: 32, step: 1, isLog: false };

describe("slider scale", () => {
  it("keeps zero and both ends of a logarithmic slider", () => {
    expect([toPosition(0, LOG), fromPosition(0, LOG)]).toEqual([0, 0]);
    expect([toPosition(1e-6, LOG), fromPosition(1, LOG)]).toEqual([1, 1e-6]);
    expect([toPosition(1e-2, LOG), fromPosition(200, LOG)]).toEqual([200, 1e-2]);
  });

  it("returns to the position it came from", () => {
    for (let position = 0; position <= 200; position++) {
      expect(Math.abs(toPosition(fromPosition(position, LOG), LOG) - position)).toBeLessThanOrEqual(1);
    }
    expect(fromPosition(toPosition(8, PLAIN), PLAIN)).toBe(8);
  });

  it("writes and reads small numbers as powers of ten", () => {
    expect([writeNumber(1e-4), writeNumber(2.5e-5), writeNumber(0.04), writeNumber(0)]).toEqual([
      "1e-4",
      "2.5e-5",
      "0.04",
      "0",
    ]);
    expect(readNumber("3e-5", LOG, false)).toBe(3e-5);
  });

  it("brings typed numbers into range and refuses words", () => {
    expect(readNumber("99", PLAIN, true)).toBe(32);
    expect(readNumber("7.6", PLAIN, true)).toBe(8);
    expect(readNumber("0,5", LOG, false)).toBe(1e-2);
    expect(readNumber("many", PLAIN, true)).toBeNull();
    expect(readNumber(" ", PLAIN, true)).toBeNull();
  });
});
