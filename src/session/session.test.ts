import { describe, expect, it } from "vitest";
import { createStage, DECODE_STEPS, OPEN, START } from "./__fixtures__/sessionStage.ts";

describe("Session", () => {
  it("cancels a download at once, without a failure, and opens the model later all the same", async () => {
    const stage = createStage();
    const release = stage.holdLoading();
    const opening = stage.send(OPEN);
    await stage.until("backendStarted");
    await stage.send({ type: "cancelOpening" });
    release();
    await opening;
    expect(stage.types()).toEqual(["backendStarted", "openingCancelled"]);
    await stage.send(OPEN, START);
    expect(stage.of("modelReady")).toHaveLength(1);
    expect(stage.state()).toBe("paused");
  });

  it("opens a model, starts a run paused at step 0 and finishes one whole step", async () => {
    const stage = createStage();
    await stage.send(OPEN, START);
    expect(stage.types()).toEqual([
      "backendStarted",
      "modelReady",
      "shadersCompiled",
      "runStarted",
      "stateChanged",
      "memoryMeasured",
    ]);
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("phaseStarted").map(({ phase }) => phase)).toEqual(["sample", "judge", "score", "learn"]);
    expect(stage.of("drawProgressed").at(-1)).toMatchObject({
      decodeStep: DECODE_STEPS,
      decodeSteps: DECODE_STEPS,
    });
    expect(stage.of("groupDrawn")[0]).toMatchObject({
      step: 1,
      prompt: "two apples",
      gold: "two",
      seeds: ["a", "b"],
    });
    expect(stage.of("groupJudged")[0]).toMatchObject({ answers: ["two", "two"], rewards: [1, 0] });
    expect(stage.of("groupJudged")[0]?.probabilities[0]).toBeCloseTo(0.5, 6);
    expect(stage.of("groupScored")[0]).toMatchObject({ advantages: [1, -1], isDead: false });
    expect(stage.of("stepFinished")).toMatchObject([{ step: 1, metrics: { rewardMean: 0.5 } }]);
    expect(stage.of("filmstripDrawn")).toMatchObject([{ step: 0, row: 0 }]);
    // Pausing saves.
    expect(stage.of("checkpointSaved")).toMatchObject([{ step: 1 }]);
    expect(stage.state()).toBe("paused");
  });

  it("pauses at the next phase and goes on inside the same step", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "play" });
    await stage.send({ type: "pause" });
    await stage.settled();
    expect(stage.of("stateChanged").map(({ state }) => state)).toEqual([
      "paused",
      "running",
      "pausing",
      "paused",
    ]);
    expect(stage.of("groupDrawn")).toHaveLength(1);
    expect(stage.of("groupJudged")).toHaveLength(0);
    await stage.send({ type: "stepPhase" });
    await stage.settled();
    expect(stage.of("groupJudged")).toHaveLength(1);
    expect(stage.of("groupScored")).toHaveLength(0);
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("stepStarted")).toHaveLength(1);
    expect(stage.of("stepFinished")).toHaveLength(1);
  });

  it("stops within a decoding step, keeps the last finished step and can go on", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const drawing = stage.until("drawProgressed");
    await stage.send({ type: "play" });
    await drawing;
    await stage.send({ type: "stop" });
    expect(stage.state()).toBe("paused");
    expect(stage.of("groupDrawn")).toHaveLength(1);
    expect(stage.of("failed")).toHaveLength(0);
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("stepFinished").map(({ step }) => step)).toEqual([1, 2]);
  });

  it("saves every N steps and once more on pause only if something changed", async () => {
    const stage = createStage();
    const four = stage.until("stepFinished", 4);
    await stage.send(OPEN, START, { type: "play" });
    await four;
    await stage.send({ type: "stop" });
    const steps = stage.of("checkpointSaved").map(({ step }) => step);
    expect(steps.slice(0, 2)).toEqual([2, 4]);
    expect(new Set(steps).size).toBe(steps.length);
  });

  it("offers the stored run to a new session, and resumes it with its history", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const runId = stage.of("runStarted")[0]?.runId ?? "";
    await stage.send(OPEN);
    expect(stage.of("resumeOffered")).toMatchObject([{ runId, step: 1 }]);
    await stage.send({ type: "resumeRun", runId });
    expect(stage.of("runStarted").at(-1)).toMatchObject({
      runId,
      step: 1,
      history: [{ rewardMean: 0.5 }],
      filmstrip: [{ step: 0, row: 0 }],
    });
  });

  it("changes live fields while running, and refuses the rest whole", async () => {
    const stage = createStage();
    await stage.send(OPEN, START);
    await stage.send({ type: "changeConfig", changes: { learningRate: 2e-4 } });
    expect(stage.of("configChanged")).toMatchObject([
      { keys: ["learningRate"], config: { learningRate: 2e-4 } },
    ]);
    for (const changes of [
      { loraRank: 4, learningRate: 1e-3 },
      { nonsense: 1 },
      { temperature: 99 },
      { groupSize: 2.5 },
    ]) {
      await stage.send({ type: "changeConfig", changes });
    }
    expect(stage.of("failed").map(({ error }) => error.code)).toEqual(Array(4).fill("badConfig"));
    expect(stage.of("configChanged")).toHaveLength(1);
    expect(stage.state()).toBe("paused");
  });

  it("a refused command does not disturb a running loop", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "play" });
    await stage.send({ type: "changeConfig", changes: { loraRank: 4 } });
    expect(stage.state()).toBe("running");
    await stage.send({ type: "stop" });
  });

  it("resets to step 0 with the same run and configuration", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "changeConfig", changes: { temperature: 2 } }, { type: "reset" });
    const [first, second] = stage.of("runStarted");
    expect(second).toMatchObject({ runId: first?.runId, step: 0, history: [], config: { temperature: 2 } });
    expect(stage.state()).toBe("paused");
  });

  it("answers commands that need a model or a run with a typed failure", async () => {
    const stage = createStage();
    await stage.send({ type: "play" }, START, { type: "reconnect", backend: "auto" });
    expect(stage.of("failed").map(({ error }) => error.code)).toEqual(["badInput", "badInput", "badInput"]);
    expect(stage.of("failed").every(({ isFatal }) => !isFatal)).toBe(true);
  });
});

describe("Session under failure", () => {
  it("reports a missing GPU and opens again with another backend", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, backend: "webgpu", fail: "nogpu" });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "noWebGpu" }, isFatal: false }]);
    await stage.send({ type: "reconnect", backend: "wasm" });
    expect(stage.of("modelReady")).toHaveLength(1);
  });

  it("does without f16 where that was asked for", async () => {
    const stage = createStage();
    await stage.send(OPEN, { ...OPEN, fail: "nof16" });
    expect(stage.of("backendStarted").map(({ features }) => features)).toEqual([["shader-f16"], []]);
    expect(stage.of("failed")).toHaveLength(0);
  });

  it("after a lost device reconnects to the last checkpoint", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "lost" }, START);
    const lost = stage.until("failed");
    await stage.send({ type: "play" });
    await lost;
    await stage.session.handle({ type: "pause" });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "deviceLost" }, isFatal: true }]);
    expect(stage.state()).toBe("failed");
    await stage.send({ type: "play" });
    expect(stage.state()).toBe("failed");
    await stage.send({ type: "reconnect", backend: "auto" });
    expect(stage.state()).toBe("paused");
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("stepFinished").length).toBeGreaterThan(1);
  });

  it("loses the device once more after the reconnection where that was asked for, and then no more", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "lostTwice" }, START);
    for (const losses of [1, 2]) {
      const lost = stage.until("failed");
      await stage.send({ type: "stepOnce" });
      await lost;
      expect(stage.of("failed")).toHaveLength(losses);
      await stage.send({ type: "reconnect", backend: "auto" });
    }
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("failed")).toHaveLength(2);
    expect(stage.state()).toBe("paused");
  });

  it("stops before the optimizer writes when numbers are not finite, and stays usable", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "nan" }, START, { type: "play" });
    await stage.settled();
    expect(stage.of("failed")).toMatchObject([{ error: { code: "nonFinite" }, isFatal: false, step: 2 }]);
    expect(stage.state()).toBe("paused");
    expect(stage.runs[0]?.steps).toBe(1);
  });

  it("rolls back to the last checkpoint with half the rate, and saves nothing of what led to the failure", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "nan" }, START, { type: "saveCheckpoint" }, { type: "play" });
    await stage.settled();
    expect(stage.of("failed")).toMatchObject([{ error: { code: "nonFinite" }, step: 2 }]);
    await stage.send({ type: "reportVisibility", isHidden: true });
    expect(stage.of("checkpointSaved")).toMatchObject([{ step: 0 }]);
    await stage.send({ type: "rollBack", changes: { learningRate: 2e-5 } });
    const [begun, back] = stage.of("runStarted");
    expect(back).toMatchObject({ runId: begun?.runId, step: 0, history: [] });
    expect(stage.of("configChanged")).toMatchObject([{ step: 0, config: { learningRate: 2e-5 } }]);
    expect(stage.state()).toBe("paused");
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(stage.of("failed")).toHaveLength(1);
    expect(stage.of("checkpointSaved").at(-1)).toMatchObject({ step: 2 });
  });

  it("refuses to roll a run back that was never saved", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "rollBack", changes: {} });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "badInput" }, isFatal: false }]);
    expect(stage.state()).toBe("paused");
  });

  it("trains on unsaved when storage is full, and says so once", async () => {
    const stage = createStage();
    const six = stage.until("stepFinished", 6);
    await stage.send({ ...OPEN, fail: "quota" }, START, { type: "play" });
    await six;
    expect(stage.of("failed")).toMatchObject([{ error: { code: "storageFull" }, isFatal: false }]);
    expect(stage.state()).toBe("running");
    await stage.send({ type: "stop" });
    await stage.send({ type: "saveCheckpoint" });
    expect(stage.of("failed")).toHaveLength(2);
  });

  it("keeps the page empty when a stored run cannot be read", async () => {
    const stage = createStage();
    await stage.send({ ...OPEN, fail: "corrupt" }, { type: "resumeRun", runId: "x" });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "checkpointCorrupt" }, isFatal: false }]);
    expect(stage.state()).toBe("empty");
    await stage.send(START);
    expect(stage.state()).toBe("paused");
  });

  it("kills the thread on demand, once", async () => {
    const stage = createStage();
    const two = stage.until("stepFinished", 2);
    await stage.send({ ...OPEN, fail: "crash" }, START, { type: "play" });
    await two;
    await stage.send({ type: "stop" });
    expect(stage.killed).toEqual(["crash"]);
  });
});
