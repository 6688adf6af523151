import { describe, expect, it } from "vitest";
import { makeConfig } from "../engine/config.ts";
import { writeCheckpoint } from "../engine/index.ts";
import { createStage, OPEN, START } from "./__fixtures__/sessionStage.ts";

describe("files of runs", () => {
  const exportOf = (stage: ReturnType<typeof createStage>) => ({
    type: "exportRun" as const,
    runId: stage.of("runStarted").at(-1)?.runId ?? "",
  });
  const importOf = (bytes: Uint8Array | undefined) => ({
    type: "importRun" as const,
    files: [{ name: "run.zip", bytes: bytes ?? new Uint8Array() }],
  });

  it("leave while training goes on, as the run was between two of its writes", async () => {
    const stage = createStage();
    const [twoSteps, packed] = [stage.until("stepFinished", 2), stage.until("runExported")];
    await stage.send(OPEN, START, { type: "play" });
    await twoSteps;
    await stage.send(exportOf(stage));
    await packed;
    expect(stage.state()).toBe("running");
    await stage.send({ type: "stop" });
    const [exported] = stage.of("runExported");
    expect(exported?.step).toBeGreaterThanOrEqual(2);
    expect(exported?.fileName).toBe(`unirl-nano-robust-seed0-step${exported?.step}.zip`);
  });

  it("come back as stored runs that can be resumed, and what is open goes on", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const packed = stage.until("runExported");
    await stage.send(exportOf(stage));
    await packed;
    const openId = stage.of("runStarted")[0]?.runId;
    await stage.send(importOf(stage.of("runExported")[0]?.bytes));
    const [imported] = stage.of("runImported");
    expect(imported).toMatchObject({ fileName: "run.zip", step: 1, rewardMean: 0.5 });
    expect(imported?.runId).not.toBe(openId);
    expect(stage.of("runStarted")).toHaveLength(1);
    expect([...stage.stored.keys()]).toEqual([openId, imported?.runId]);
    await stage.send({ type: "resumeRun", runId: imported?.runId ?? "" }, { type: "stepOnce" });
    await stage.settled();
    expect(stage.of("runStarted")[1]).toMatchObject({ step: 1, history: [{ rewardMean: 0.5 }] });
    expect(stage.of("stepFinished").at(-1)?.step).toBe(2);
  });

  it("leave a stored run that is not open", async () => {
    const stage = createStage();
    await stage.send(OPEN, START, { type: "stepOnce" });
    await stage.settled();
    const first = exportOf(stage);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await stage.send(START, first);
    expect(stage.of("runExported")).toMatchObject([{ runId: first.runId, step: 1 }]);
    await stage.send({ ...first, runId: "nobody" });
    expect(stage.of("failed")).toMatchObject([{ error: { code: "checkpointCorrupt" }, isFatal: false }]);
  });

  it("are refused with nothing stored: damaged, of another model, or too early", async () => {
    const stage = createStage();
    await stage.send(importOf(new Uint8Array([1, 2, 3])), OPEN, importOf(new Uint8Array([1, 2, 3])));
    const checkpoint = { modelId: "other", step: 1, updates: 1, config: makeConfig(), extra: null };
    await stage.send(importOf(await writeCheckpoint({ ...checkpoint, tensors: new Map() })));
    const misfit = new Map([
      ["a.lora_A.weight", { dtype: "U8" as const, shape: [1], data: new Uint8Array(1) }],
    ]);
    await stage.send(importOf(await writeCheckpoint({ ...checkpoint, modelId: "nano", tensors: misfit })));
    expect(stage.of("importRefused").map(({ error }) => error.code)).toEqual([
      "badInput",
      "fileUnknown",
      "checkpointMismatch",
      "checkpointMismatch",
    ]);
    expect(stage.stored.size).toBe(0);
    expect(stage.of("failed")).toEqual([]);
  });
});
