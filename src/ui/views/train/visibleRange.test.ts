import { expect, it } from "vitest";
import { visibleRange } from "./visibleRange.ts";

it("draws what is in sight with a few to spare, however many there are", () => {
  expect(visibleRange({ scrollLeft: 0, width: 600 }, 66, 2000)).toEqual({ from: 0, to: 13 });
  expect(visibleRange({ scrollLeft: 6600, width: 600 }, 66, 2000)).toEqual({ from: 97, to: 113 });
  expect(visibleRange({ scrollLeft: 0, width: 600 }, 66, 4)).toEqual({ from: 0, to: 4 });
});

it("stays within a strip that became shorter than where it was scrolled to", () => {
  expect(visibleRange({ scrollLeft: 6600, width: 600 }, 66, 5)).toEqual({ from: 5, to: 5 });
  expect(visibleRange({ scrollLeft: 0, width: 0 }, 66, 0)).toEqual({ from: 0, to: 0 });
});
