import { describe, expect, it } from "vitest";
import { frame, place } from "./place.ts";

const WINDOW = { width: 1000, height: 800 };
const CARD = { width: 360, height: 200 };

describe("place", () => {
  it("prefers the right, then the left, then below, then above", () => {
    expect(place(CARD, { left: 100, top: 50, width: 300, height: 600 }, WINDOW)).toEqual({
      left: 416,
      top: 50,
    });
    expect(place(CARD, { left: 600, top: 700, width: 300, height: 90 }, WINDOW)).toEqual({
      left: 224,
      top: 584,
    });
    expect(place(CARD, { left: 10, top: 60, width: 980, height: 50 }, WINDOW)).toEqual({
      left: 16,
      top: 126,
    });
    expect(place(CARD, { left: 10, top: 500, width: 980, height: 250 }, WINDOW)).toEqual({
      left: 16,
      top: 284,
    });
  });

  it("stands at the edge where most of it has room, over a little of the light", () => {
    expect(place(CARD, { left: 20, top: 6, width: 680, height: 788 }, WINDOW)).toEqual({
      left: 624,
      top: 16,
    });
    expect(place(CARD, { left: 300, top: 6, width: 680, height: 788 }, WINDOW)).toEqual({
      left: 16,
      top: 16,
    });
  });

  it("covers the lower right corner of what fills the window, and stands there without a light", () => {
    expect(place(CARD, { left: 6, top: 6, width: 988, height: 788 }, WINDOW)).toEqual({
      left: 618,
      top: 578,
    });
    expect(place(CARD, null, WINDOW)).toEqual({ left: 624, top: 584 });
  });

  it("never leaves a window that is too small for it", () => {
    const small = { width: 320, height: 180 };
    expect(place(CARD, { left: 0, top: 0, width: 320, height: 100 }, small)).toEqual({ left: 16, top: 16 });
  });
});

describe("frame", () => {
  it("is a margin larger than the box, and ends where the window does", () => {
    expect(frame({ left: 100, top: 100, width: 50, height: 40 }, WINDOW)).toEqual({
      left: 94,
      top: 94,
      width: 62,
      height: 52,
    });
    expect(frame({ left: 0, top: -300, width: 1000, height: 2000 }, WINDOW)).toEqual({
      left: 6,
      top: 6,
      width: 988,
      height: 788,
    });
  });
});
