import { describe, expect, it } from "vitest";
import { createWatchdog } from "./watchdog.ts";

/** Ticks once a second from `fromMs` until the watchdog barks. @returns the time of the bark, or null */
function tickUntil(dog: ReturnType<typeof createWatchdog>, fromMs: number, toMs: number): number | null {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 1000) {
    if (dog.check(nowMs) !== null) return nowMs;
  }
  return null;
}

describe("createWatchdog", () => {
  it("waits two minutes while nothing is known", () => {
    const dog = createWatchdog(0);
    expect(tickUntil(dog, 0, 120_000)).toBeNull();
    expect(tickUntil(dog, 121_000, 130_000)).toBe(121_000);
  });

  it("barks after ten seconds once a step is known", () => {
    const dog = createWatchdog(0);
    dog.noteSign(1000);
    dog.noteStep();
    expect(tickUntil(dog, 1000, 60_000)).toBe(12_000);
  });

  it("grants four times the longest silence survived", () => {
    const dog = createWatchdog(0);
    dog.noteSign(8000);
    dog.noteStep();
    expect(tickUntil(dog, 1000, 90_000)).toBe(41_000);
  });

  it("does not bark because the page slept", () => {
    const dog = createWatchdog(0);
    dog.noteSign(500);
    dog.noteStep();
    expect(dog.check(1000)).toBeNull();
    expect(dog.check(3_600_000)).toBeNull();
    expect(tickUntil(dog, 3_601_000, 3_700_000)).toBe(3_611_000);
  });

  it("is patient again after the work changed size", () => {
    const dog = createWatchdog(0);
    dog.noteSign(500);
    dog.noteStep();
    dog.forgetTypical();
    expect(tickUntil(dog, 1000, 100_000)).toBeNull();
  });
});
