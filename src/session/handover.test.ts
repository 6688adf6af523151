import { describe, expect, it } from "vitest";
import { createStage, OPEN, START } from "./__fixtures__/sessionStage.ts";

describe("a run that another tab wants", () => {
  it("is saved and closed, and the page hears where it went", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "play" });
    await stage.until("stepFinished");
    await stage.locks[0]?.onWanted(false);
    const { runId } = stage.of("runStarted")[0] ?? { runId: "" };
    expect(stage.stored.get(runId)?.record.step).toBeGreaterThan(0);
    expect(stage.state()).toBe("empty");
    expect(stage.of("failed")).toMatchObject([
      { error: { code: "runInUse", data: { runId } }, isFatal: false },
    ]);
    await stage.send({ type: "resumeRun", runId, isForced: true });
    expect(stage.locks.map(({ isForced }) => isForced)).toEqual([false, true]);
    expect(stage.state()).toBe("paused");
  });

  it("is not saved any more once it is gone", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepPhase" });
    await stage.settled();
    await stage.send({ type: "changeConfig", changes: { temperature: 0.9 } });
    await stage.locks[0]?.onWanted(true);
    expect(stage.stored.size).toBe(0);
    expect(stage.state()).toBe("empty");
  });

  it("is let go even when another run was opened since", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, START);
    await stage.locks[0]?.onWanted(false);
    expect(stage.state()).toBe("paused");
    expect(stage.of("failed")).toEqual([]);
  });
});

describe("memory that does not suffice", () => {
  it("refuses a run before it begins, and a second one with what it needs begins", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "gate" }, START);
    expect(stage.of("failed")).toMatchObject([{ error: { code: "outOfMemory", data: { peak: 8 } } }]);
    expect(stage.of("runStarted")).toEqual([]);
    expect(stage.state()).toBe("empty");
    await stage.send(START);
    expect(stage.state()).toBe("paused");
  });

  it("stops a run between two steps, which goes on with another budget", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "oom" }, START, { type: "play" });
    await stage.until("failed");
    await stage.settled();
    expect(stage.of("failed")).toMatchObject([{ error: { code: "outOfMemory" }, isFatal: false }]);
    expect(stage.of("stepFinished")).toHaveLength(1);
    await stage.send({ type: "changeConfig", changes: { memoryBudget: 1 } }, { type: "stepOnce" });
    await stage.settled();
    expect(stage.of("stepFinished")).toHaveLength(2);
  });
});
