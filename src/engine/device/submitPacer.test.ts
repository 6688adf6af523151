import { describe, expect, it } from "vitest";
import { dispatchKind, SubmitPacer } from "./submitPacer.ts";

/** Records dispatches of one kind until a submit is due. @returns how many fit */
function fill(pacer: SubmitPacer, kind: string): number {
  let count = 0;
  while (!pacer.isDue(kind)) {
    pacer.add(kind);
    count += 1;
  }
  pacer.submitted();
  return count;
}

/** A submit of these dispatches that took so long. */
const finish = (pacer: SubmitPacer, counts: Record<string, number>, busyMs: number) =>
  pacer.finished(new Map(Object.entries(counts)), busyMs);

describe("submit pacing", () => {
  it("begins with a guess and then fits a frame", () => {
    const pacer = new SubmitPacer(15);
    expect(fill(pacer, "product")).toBe(15);
    // 15 dispatches of 2 ms.
    finish(pacer, { product: 15 }, 30);
    expect(fill(pacer, "product")).toBe(8);
  });

  it("gives every dispatch a submit of its own where that is the guess", () => {
    expect(fill(new SubmitPacer(1), "anything")).toBe(1);
  });

  it("counts what is long at once and what is short bit by bit", () => {
    const pacer = new SubmitPacer(16);
    finish(pacer, { sum: 4 }, 16);
    expect(fill(pacer, "sum")).toBe(4);
    // Forecast 16 ms, measured 4: cost 4 − 0.3·12·4/16 = 3.1
    finish(pacer, { sum: 4 }, 4);
    expect(fill(pacer, "sum")).toBe(5);
  });

  it("learns from mixtures which kind is dear, and hands over before it", () => {
    const pacer = new SubmitPacer(16);
    const [dear, cheap] = [12, 0.5];
    for (let round = 0; round < 200; round++) {
      const [a, b] = [1 + (round % 2), 1 + (round % 7)];
      finish(pacer, { dear: a, cheap: b }, a * dear + b * cheap);
    }
    expect(fill(pacer, "dear")).toBe(1);
    expect(fill(pacer, "cheap")).toBeGreaterThan(20);
    for (let at = 0; at < 12; at++) pacer.add("cheap");
    expect(pacer.isDue("cheap")).toBe(false);
    expect(pacer.isDue("dear")).toBe(true);
  });

  it("ends a submit that costs nothing all the same, and never asks for an empty one", () => {
    const pacer = new SubmitPacer(1);
    for (let round = 0; round < 100; round++) finish(pacer, { free: 1 }, 0);
    expect(fill(pacer, "free")).toBe(256);
    finish(pacer, { endless: 1 }, 1000);
    expect(pacer.isDue("endless")).toBe(false);
  });

  it("learns nothing from a submit without dispatches", () => {
    const pacer = new SubmitPacer(8);
    finish(pacer, {}, 500);
    expect(fill(pacer, "anything")).toBe(8);
  });

  it("takes work of twice the size for another kind", () => {
    expect(dispatchKind("product", 64)).toBe("product/6");
    expect(dispatchKind("product", 33)).toBe("product/6");
    expect(dispatchKind("product", 65)).not.toBe(dispatchKind("product", 64));
  });
});
