import { describe, expect, it } from "vitest";
import { DutyCycle } from "./dutyCycle.ts";

/** A machine with a clock of its own: work and sleep move it on. */
function createMachine() {
  const machine = {
    nowMs: 1000,
    workedMs: 50,
    share: 1,
    /** Work handed over and not done yet. */
    queuedMs: 0,
    settled: 0,
    sleeps: [] as number[],
    onSleep: () => {},
    work(ms: number) {
      machine.nowMs += ms;
      machine.workedMs += ms;
    },
  };
  const cycle = new DutyCycle(
    {
      share: () => machine.share,
      workedMs: () => machine.workedMs,
      now: () => machine.nowMs,
      settle: async () => {
        machine.settled += 1;
        machine.work(machine.queuedMs);
        machine.queuedMs = 0;
      },
    },
    async (ms) => {
      machine.sleeps.push(ms);
      machine.nowMs += ms;
      machine.onSleep();
    },
  );
  const restedMs = () => machine.sleeps.reduce((sum, ms) => sum + ms, 0);
  return { machine, cycle, restedMs };
}

describe("the duty cycle", () => {
  it("neither rests nor waits for work at full share", async () => {
    const { machine, cycle } = createMachine();
    const rest = cycle.begin();
    machine.work(400);
    await rest();
    expect(machine.sleeps).toEqual([]);
    expect(machine.settled).toBe(0);
  });

  it("rests until work is its share of the stretch", async () => {
    const { machine, cycle, restedMs } = createMachine();
    machine.share = 0.25;
    const rest = cycle.begin();
    machine.work(60);
    await rest();
    expect(restedMs()).toBe(180);
  });

  it("counts work that was only handed over, and time that was idle already", async () => {
    const { machine, cycle, restedMs } = createMachine();
    machine.share = 0.5;
    const rest = cycle.begin();
    machine.queuedMs = 100;
    machine.nowMs += 30;
    await rest();
    expect(machine.settled).toBe(1);
    expect(restedMs()).toBe(70);
  });

  it("does not make up for idleness before the stretch or for a stretch that was idle enough", async () => {
    const { machine, cycle, restedMs } = createMachine();
    machine.share = 0.5;
    machine.work(10_000);
    const rest = cycle.begin();
    machine.work(10);
    machine.nowMs += 50;
    await rest();
    expect(restedMs()).toBe(0);
  });

  it("hears of a changed share and of a stop within a slice", async () => {
    const { machine, cycle, restedMs } = createMachine();
    machine.share = 0.1;
    const long = cycle.begin();
    machine.work(1000);
    machine.onSleep = () => {
      machine.share = 1;
    };
    await long();
    expect(restedMs()).toBe(100);

    machine.share = 0.1;
    const signal = { aborted: false };
    machine.onSleep = () => {
      signal.aborted = machine.sleeps.length === 3;
    };
    const stopped = cycle.begin();
    machine.work(1000);
    await stopped(signal);
    expect(machine.sleeps).toEqual([100, 100, 100]);
  });
});
