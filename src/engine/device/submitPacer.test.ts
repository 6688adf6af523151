import { describe, expect, it } from "vitest";
import { SubmitPacer } from "./submitPacer.ts";

describe("submit pacing", () => {
  it("starts as tfjs does and then fits a frame", () => {
    const pacer = new SubmitPacer();
    expect(pacer.batchSize).toBe(15);
    pacer.submitted(15, 100);
    pacer.finished(130);
    expect(pacer.batchSize).toBe(8);
  });

  it("counts queued work from the end of the work before it", () => {
    const pacer = new SubmitPacer();
    pacer.submitted(10, 0);
    pacer.submitted(10, 1);
    pacer.finished(40);
    pacer.finished(60);
    // 4 ms a dispatch, then 2 ms: 0.7·4 + 0.3·2 = 3.4
    expect(pacer.batchSize).toBe(Math.floor(16 / 3.4));
  });

  it("shrinks at once, grows slowly and keeps within bounds", () => {
    const pacer = new SubmitPacer();
    let now = 0;
    const run = (dispatches: number, ms: number) => {
      pacer.submitted(dispatches, now);
      now += ms;
      pacer.finished(now);
    };
    run(1, 400);
    expect(pacer.batchSize).toBe(1);
    run(1, 0.01);
    expect(pacer.batchSize).toBe(1);
    for (let repeat = 0; repeat < 60; repeat++) run(100, 0.5);
    expect(pacer.batchSize).toBe(256);
    run(10, 160);
    expect(pacer.batchSize).toBe(1);
  });

  it("learns nothing from a submit without dispatches or an end without a submit", () => {
    const pacer = new SubmitPacer();
    pacer.finished(5);
    pacer.submitted(0, 10);
    pacer.finished(500);
    expect(pacer.batchSize).toBe(15);
  });
});
