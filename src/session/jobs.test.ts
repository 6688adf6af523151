import { describe, expect, it } from "vitest";
import type { Command } from "../protocol/commands.ts";
import { createStage, OPEN, START } from "./__fixtures__/sessionStage.ts";

type Stage = ReturnType<typeof createStage>;

const draw = (jobId: string, ...runIds: string[]): Command => ({
  type: "drawSamples",
  jobId,
  sources: [{ of: "model" }, ...runIds.map((runId) => ({ of: "run" as const, runId }))],
  prompt: "two apples",
  question: "how many?",
  seed: "1",
});
const evaluate = (jobId: string, change: Partial<Extract<Command, { type: "evaluate" }>> = {}): Command => ({
  type: "evaluate",
  jobId,
  source: { of: "model" },
  promptCount: null,
  imagesPerPrompt: 3,
  seed: 0,
  isStoredOnly: false,
  ...change,
});
const openId = (stage: Stage) => stage.of("runStarted").at(-1)?.runId ?? "";
const outcomes = (stage: Stage) => stage.of("jobEnded").map(({ jobId, outcome }) => `${jobId} ${outcome}`);
const judgedLines = (stage: Stage) => stage.of("imagesJudged").map(({ images }) => images[0]?.line);

describe("jobs", () => {
  it("draw with the model as it came, the open run as it is, and a stored one as it was saved", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const stored = openId(stage);
    await stage.send(START, { type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    await stage.send(draw("a", stored, openId(stage)));
    expect(stage.of("sampleDrawn").map(({ source, step }) => [source, step])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(stage.of("sampleDrawn")[0]).toMatchObject({ jobId: "a", answer: "two", probability: 0.5 });
    expect(outcomes(stage)).toEqual(["a finished"]);
  });

  it("pause training first, and leave it paused", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "play" });
    await stage.send(draw("a"));
    expect(stage.state()).toBe("paused");
    const types = stage.types();
    expect(types.lastIndexOf("phaseStarted")).toBeLessThan(types.indexOf("jobStarted"));
  });

  it("end when they are told to, when another begins, and when training goes on; what was judged is kept", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, evaluate("a", { imagesPerPrompt: 2 }));
    expect(judgedLines(stage)).toEqual(["line 0\n", "line 1\n"]);
    const release = stage.holdJob();
    const [second, third] = [stage.send(evaluate("b", { imagesPerPrompt: 4 })), stage.send(draw("c"))];
    const fourth = stage.send(draw("d"));
    await stage.send({ type: "endJob", jobId: "d" });
    release();
    await Promise.all([second, third, fourth]);
    expect(outcomes(stage)).toEqual(["a finished", "b stopped", "c stopped", "d stopped"]);
    const releaseAgain = stage.holdJob();
    const fifth = stage.send(evaluate("e", { imagesPerPrompt: 4 }));
    const playing = stage.send({ type: "stepOnce" });
    releaseAgain();
    await Promise.all([fifth, playing]);
    await stage.settled();
    expect(outcomes(stage).at(-1)).toBe("e stopped");
    expect(stage.of("stepFinished")).toHaveLength(1);
    expect(stage.judged.get("step 0")?.slice(0, 2)).toEqual(["line 0\n", "line 1\n"]);
  });

  it("do not mind a command that can wait, nor a list being asked for", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const release = stage.holdJob();
    const job = stage.send(draw("a"));
    const hidden = stage.send({ type: "reportVisibility", isHidden: true });
    await stage.send({ type: "listRuns" });
    expect(stage.of("runsListed")).toHaveLength(1);
    expect(stage.of("jobEnded")).toHaveLength(0);
    release();
    await Promise.all([job, hidden]);
    expect(outcomes(stage)).toEqual(["a finished"]);
  });

  it("go on with what was judged before, and show it alone when asked to", async () => {
    const stage = createStage();
    await stage.send(OPEN, evaluate("a", { imagesPerPrompt: 1 }));
    await stage.send(evaluate("b", { imagesPerPrompt: 3, isStoredOnly: true }));
    await stage.send(evaluate("c", { imagesPerPrompt: 3 }));
    expect(stage.of("jobStarted").map(({ done, total, judge }) => [done, total, judge])).toEqual([
      [0, 1, "judge"],
      [1, 3, "judge"],
      [1, 3, "judge"],
    ]);
    expect(judgedLines(stage)).toEqual(["line 0\n", "line 0\n", "line 0\n", "line 1\n", "line 2\n"]);
    expect(stage.judged.get("step 0")).toHaveLength(3);
  });

  it("fail with a word about it: no such run, no model, a lost device; and the session goes on", async () => {
    const stage = createStage();
    await stage.send(draw("early"));
    expect(stage.of("failed").at(-1)?.error.code).toBe("badInput");
    await stage.send(OPEN, START, draw("missing", "no such run"));
    expect(stage.of("failed").at(-1)?.error.code).toBe("checkpointCorrupt");
    const release = stage.holdJob();
    const job = stage.send(draw("lost"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    stage.loseDevice();
    await job;
    expect(outcomes(stage)).toEqual(["early failed", "missing failed", "lost failed"]);
    expect(stage.state()).toBe("failed");
    release();
    await stage.send({ type: "reconnect", backend: "auto" }, draw("after"));
    expect(outcomes(stage).at(-1)).toBe("after finished");
    expect(stage.of("sampleDrawn").map(({ jobId }) => jobId)).toEqual(["after"]);
  });
});

describe("stored runs", () => {
  const listed = (stage: Stage) => stage.of("runsListed").at(-1)?.runs ?? [];

  it("are listed when asked for and whenever they change", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    expect(stage.of("runsListed")).toHaveLength(0);
    await stage.send({ type: "listRuns" });
    expect(listed(stage)).toMatchObject([
      { step: 1, isOpen: true, isPinned: false, title: null, preset: "robust" },
    ]);
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    expect(listed(stage)).toMatchObject([{ step: 2 }]);
    await stage.send({ type: "deleteRun", runId: openId(stage) });
    expect(listed(stage)).toEqual([]);
    expect(stage.state()).toBe("empty");
  });

  it("tell their steps as they were saved", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "readHistory", runId: openId(stage) });
    const [read] = stage.of("historyRead");
    expect(read).toMatchObject({ runId: openId(stage), step: 2 });
    expect(read?.history).toEqual(stage.of("stepFinished").map(({ metrics }) => metrics));
    await stage.send({ type: "readHistory", runId: "no such run" });
    expect(stage.of("failed").at(-1)?.error.code).toBe("checkpointCorrupt");
  });

  it("are pinned as copies, which outlive tidying up and stay as they are when opened", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "listRuns" }, { type: "pinRun", runId: openId(stage), title: "first" });
    await stage.settled();
    const pinned = listed(stage).find(({ isPinned }) => isPinned);
    expect(pinned).toMatchObject({ title: "first", step: 1, isOpen: false });
    for (let run = 0; run < 7; run++) {
      await stage.send(START, { type: "stepOnce" });
      await stage.settled();
    }
    expect(listed(stage)).toHaveLength(6);
    await stage.send({ type: "resumeRun", runId: pinned?.runId ?? "" }, { type: "stepOnce" });
    await stage.settled();
    expect(openId(stage)).not.toBe(pinned?.runId);
    expect(listed(stage).find(({ isOpen }) => isOpen)).toMatchObject({ step: 2, title: null });
    expect(listed(stage).find(({ runId }) => runId === pinned?.runId)).toMatchObject({ step: 1 });
  });

  it("that cannot be opened leave the open one open", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "resumeRun", runId: "no such run" }, { type: "stepOnce" });
    await stage.settled();
    expect(stage.of("failed").map(({ error }) => error.code)).toEqual(["checkpointCorrupt"]);
    expect(stage.of("stepFinished")).toHaveLength(1);
  });

  it("branch: a copy goes on, the original stays", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const original = openId(stage);
    await stage.send({ type: "branchRun", runId: original }, { type: "stepOnce" });
    await stage.settled();
    await stage.send({ type: "listRuns" });
    expect(listed(stage).map(({ runId, step, isOpen }) => [runId === original, step, isOpen])).toEqual(
      expect.arrayContaining([
        [true, 1, false],
        [false, 2, true],
      ]),
    );
  });
});
