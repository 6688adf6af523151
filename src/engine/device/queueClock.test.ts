import { describe, expect, it } from "vitest";
import { QueueClock } from "./queueClock.ts";
import type { Submit } from "./submitPacer.ts";

function createStage() {
  const reports: [Record<string, number>, number][] = [];
  const clock = new QueueClock((submit, ms) => reports.push([Object.fromEntries(submit), ms]));
  const submit = (counts: Record<string, number>, nowMs: number) =>
    clock.submitted(new Map(Object.entries(counts)) as Submit, nowMs);
  return { clock, reports, submit };
}

describe("timing by the queue's word", () => {
  it("begins a submit's time when it came, or when the one before ended", () => {
    const { clock, reports, submit } = createStage();
    submit({ sum: 2 }, 100);
    expect(clock.finished()).toBe(true);
    clock.reportHeard(130);
    submit({ sum: 1 }, 135);
    submit({ product: 1 }, 136);
    clock.finished();
    clock.reportHeard(150);
    clock.finished();
    clock.reportHeard(190);
    expect(reports).toEqual([
      [{ sum: 2 }, 30],
      [{ sum: 1 }, 15],
      [{ product: 1 }, 40],
    ]);
  });

  it("times as one what a busy thread hears of together", () => {
    const { clock, reports, submit } = createStage();
    submit({ sum: 2 }, 0);
    submit({ sum: 1, product: 3 }, 10);
    submit({ product: 1 }, 20);
    expect(clock.finished()).toBe(true);
    expect(clock.finished()).toBe(false);
    clock.reportHeard(60);
    clock.finished();
    clock.reportHeard(70);
    expect(reports).toEqual([
      [{ sum: 3, product: 3 }, 60],
      [{ product: 1 }, 10],
    ]);
  });

  it("says nothing where nothing was heard", () => {
    const { clock, reports } = createStage();
    expect(clock.finished()).toBe(false);
    clock.reportHeard(5);
    expect(reports).toEqual([]);
  });
});
