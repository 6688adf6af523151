/** Records the shipped nano model for real: few small steps on the CPU. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeConfig } from "../../engine/config.ts";
import { createEngineHost } from "../../session/engineHost.ts";
import { UNKEPT_CHOICES } from "../node/kernelChoices.ts";
import { loadLocalFile } from "../node/localFetch.ts";
import { findWasmFolder, prepareNode } from "../node/nodeBackend.ts";
import { RecordingFolder } from "./folderStorage.ts";
import { listRecording } from "./manifestFile.ts";
import { recordRun } from "./recordRun.ts";
import { isKept } from "./thinEvents.ts";

const MODELS = fileURLToPath(new URL("../../../public/models/", import.meta.url));
const TIMEOUT_MS = 300_000;
const CONFIG = makeConfig("robust", {
  promptKind: "counting",
  promptsPerStep: 1,
  groupSize: 2,
  decodeSteps: 4,
  remaskDraws: 1,
  answerMaxTokens: 4,
  filmstripEvery: 2,
});

let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "unirl-record-"));
  await prepareNode("cpu");
});

afterAll(() => rmSync(root, { recursive: true }));

async function record(work: string, steps: number, config = CONFIG) {
  const yieldToMessages = () => new Promise<void>((resolve) => setImmediate(resolve));
  const fail = (error: Error) => {
    throw error;
  };
  const engine = createEngineHost({
    gpu: null,
    allowThreads: false,
    onLost: fail,
    onError: fail,
    yieldToMessages,
    load: loadLocalFile,
    choices: UNKEPT_CHOICES,
  });
  const open = {
    modelId: "nano",
    modelUrl: pathToFileURL(join(MODELS, "nano/")).href,
    modelSha256: null,
    judgeUrl: pathToFileURL(join(MODELS, "judge-nano/")).href,
    spritesUrl: "",
    wasmUrl: findWasmFolder(),
    weights: "f32" as const,
    backend: "wasm" as const,
  };
  // Every moment of a drawing is told, however fast the machine is.
  let clock = 0;
  return await recordRun(
    { open, preset: "robust", config, steps },
    {
      engine,
      folder: new RecordingFolder(join(root, work)),
      yieldToMessages,
      now: () => (clock += 1000),
      onStep: () => undefined,
    },
  );
}

/** Events without what differs from one visit to the next: the clock and the run's name. */
const withoutClock = (events: Awaited<ReturnType<typeof record>>) =>
  events.map(({ event }) => {
    if (event.type === "runStarted") return { ...event, runId: "" };
    if (event.type !== "stepFinished") return event;
    const { metrics } = event;
    const timeless = Object.entries(metrics).filter(([name]) => !name.endsWith("Seconds"));
    return { ...event, metrics: Object.fromEntries(timeless) };
  });

describe("recordRun", () => {
  it(
    "keeps what the page shows of a run, and a stopped recording ends as if it had not been",
    async () => {
      const whole = await record("whole", 2);
      const kinds = whole.map(({ event }) => event.type);
      expect(kinds.slice(0, 5)).toEqual([
        ...["backendStarted", "modelReady", "runStarted", "filmstripDrawn", "filmstripDrawn"],
      ]);
      expect(kinds.filter((kind) => kind === "stepFinished")).toHaveLength(2);
      expect(kinds.filter((kind) => kind === "filmstripDrawn")).toHaveLength(4);
      expect(whole.map(({ atMs }) => atMs)).toEqual(whole.map(({ atMs }) => atMs).sort((a, b) => a - b));
      const drawn = whole.flatMap(({ event }) => (event.type === "groupDrawn" ? [event] : []));
      expect(drawn.map(({ tag, images }) => [tag, images.length])).toEqual([
        ["counting", 2],
        ["counting", 2],
      ]);

      await record("stopped", 1);
      const resumed = await record("stopped", 2);
      expect(withoutClock(resumed)).toEqual(withoutClock(whole));
      // All steps are there: nothing is loaded, nothing trained.
      expect(await record("stopped", 2)).toEqual(resumed);
      await expect(record("stopped", 3, { ...CONFIG, groupSize: 3 })).rejects.toThrow(/groupSize/);
    },
    TIMEOUT_MS,
  );
});

describe("isKept", () => {
  it("keeps four moments of a drawing and drops the worker's housekeeping", () => {
    const kept = Array.from({ length: 8 }, (_, at) => at + 1).filter((decodeStep) =>
      isKept({ type: "drawProgressed", step: 1, decodeStep, decodeSteps: 8, decided: [] }),
    );
    expect(kept).toEqual([2, 4, 6, 8]);
    expect(isKept({ type: "drawProgressed", step: 1, decodeStep: 2, decodeSteps: 2, decided: [] })).toBe(
      true,
    );
    expect(isKept({ type: "heartbeatSent", step: 1 })).toBe(false);
  });
});

describe("listRecording", () => {
  it("puts an entry in the place of the one before, in order", async () => {
    const path = join(root, "manifest.json");
    const entry = {
      ...{ id: "b", title: "B", lesson: null, modelId: "nano", preset: "robust", config: CONFIG, steps: 1 },
      ...{ command: "npx unirl record", file: "run.bin", bytes: 10, sha256: "0".repeat(64) },
    };
    await listRecording(path, entry);
    await listRecording(path, { ...entry, id: "a" });
    await listRecording(path, { ...entry, bytes: 20 });
    const { runs } = JSON.parse(readFileSync(path, "utf8"));
    expect(runs.map(({ id, bytes }: typeof entry) => [id, bytes])).toEqual([
      ["a", 10],
      ["b", 20],
    ]);
  });
});
