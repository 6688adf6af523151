/** Every message survives the thread boundary: structuredClone, then its schema, and it is what it was. */
import { describe, expect, it } from "vitest";
import { makeConfig } from "../engine/config.ts";
import { type Command, type CommandType, commandSchema } from "./commands.ts";
import { type EventOf, eventSchema, type WorkerEventType } from "./events.ts";
import { METRICS } from "./record.ts";

const config = makeConfig("robust", { seed: 3 });
const image = { width: 2, height: 1, rgb: new Uint8Array([0, 127, 255, 1, 2, 3]) };
const frame = { step: 5, row: 1, prompt: "two red apples", seed: "3/film/1", image };

const COMMANDS: { [T in CommandType]: Extract<Command, { type: T }> } = {
  openModel: {
    type: "openModel",
    modelId: "nano",
    modelUrl: "http://localhost/models/nano/",
    modelSha256: null,
    judgeUrl: null,
    spritesUrl: "http://localhost/world/sprites.safetensors",
    wasmUrl: "http://localhost/wasm/",
    weights: "int8",
    backend: "auto",
    fail: null,
  },
  cancelOpening: { type: "cancelOpening" },
  startRun: { type: "startRun", preset: "robust", config },
  resumeRun: { type: "resumeRun", runId: "nano-1", isForced: true },
  deleteRun: { type: "deleteRun", runId: "nano-1" },
  listRuns: { type: "listRuns" },
  readHistory: { type: "readHistory", runId: "nano-1" },
  pinRun: { type: "pinRun", runId: "nano-1", title: "counts to three" },
  branchRun: { type: "branchRun", runId: "nano-1" },
  drawSamples: {
    type: "drawSamples",
    jobId: "job-1",
    sources: [{ of: "model" }, { of: "run", runId: "nano-1" }],
    prompt: "two red apples",
    question: null,
    seed: "7",
  },
  evaluate: {
    type: "evaluate",
    jobId: "job-2",
    source: { of: "run", runId: "nano-1" },
    promptCount: 60,
    imagesPerPrompt: 4,
    seed: 0,
    isStoredOnly: false,
  },
  endJob: { type: "endJob", jobId: "job-2" },
  play: { type: "play" },
  pause: { type: "pause" },
  stepOnce: { type: "stepOnce" },
  stepPhase: { type: "stepPhase" },
  stop: { type: "stop" },
  reset: { type: "reset" },
  rollBack: { type: "rollBack", changes: { learningRate: 5e-5 } },
  changeConfig: { type: "changeConfig", changes: { learningRate: 1e-4 } },
  saveCheckpoint: { type: "saveCheckpoint" },
  exportRun: { type: "exportRun", runId: "nano-1" },
  importRun: { type: "importRun", files: [{ name: "run.zip", bytes: new Uint8Array([80, 75]) }] },
  reportVisibility: { type: "reportVisibility", isHidden: true },
  reconnect: { type: "reconnect", backend: "wasm" },
};

const EVENTS: { [T in WorkerEventType]: EventOf<T> } = {
  backendStarted: {
    type: "backendStarted",
    backend: "webgpu",
    adapter: "SwiftShader",
    isSoftware: true,
    features: ["subgroups"],
    reason: "WebGPU was asked for.",
  },
  modelProgressed: {
    type: "modelProgressed",
    stage: "download",
    file: "model.safetensors",
    loadedBytes: 10,
    totalBytes: 20,
  },
  openingCancelled: { type: "openingCancelled" },
  shadersCompiled: { type: "shadersCompiled", compiled: 12, total: 96 },
  modelReady: {
    type: "modelReady",
    modelId: "nano",
    family: "showo",
    imageSide: 64,
    imageTokenCount: 64,
    parameterCount: 70_000,
  },
  resumeOffered: {
    type: "resumeOffered",
    runId: "nano-1",
    step: 5,
    savedAtMs: 1_700_000_000_000,
    rewardMean: null,
    sizeBytes: 4096,
  },
  runStarted: {
    type: "runStarted",
    runId: "nano-1",
    preset: "robust",
    config,
    step: 1,
    history: [{ rewardMean: 0.5 }],
    changes: [{ step: 1, keys: ["temperature"] }],
    filmstrip: [frame],
  },
  stateChanged: { type: "stateChanged", state: "pausing" },
  stepStarted: { type: "stepStarted", step: 2, groups: 4, groupSize: 8 },
  phaseStarted: { type: "phaseStarted", step: 2, phase: "judge" },
  drawProgressed: {
    type: "drawProgressed",
    step: 2,
    decodeStep: 3,
    decodeSteps: 8,
    decided: [new Uint8Array([1, 0]), new Uint8Array([0, 0])],
  },
  groupDrawn: {
    type: "groupDrawn",
    step: 2,
    group: 0,
    tag: "counting",
    prompt: "two red apples",
    question: "How many?",
    gold: "two",
    images: [image],
    seeds: ["3/step/1/image/0/0"],
  },
  groupJudged: {
    type: "groupJudged",
    step: 2,
    group: 0,
    answers: ["two"],
    probabilities: [0.9],
    rewards: [1],
    parts: [[{ label: "count", earned: 1, possible: 1 }]],
  },
  groupScored: { type: "groupScored", step: 2, group: 0, advantages: [-1.5], isDead: false },
  stepFinished: { type: "stepFinished", step: 2, metrics: { rewardMean: 0.6, "reward/counting": 0.5 } },
  filmstripDrawn: { type: "filmstripDrawn", ...frame },
  configChanged: { type: "configChanged", step: 2, keys: ["temperature"], config },
  checkpointSaved: { type: "checkpointSaved", runId: "nano-1", step: 2, savedAtMs: 1, sizeBytes: 2 },
  runExported: {
    type: "runExported",
    runId: "nano-1",
    step: 2,
    fileName: "unirl-nano-robust-seed3-step2.zip",
    bytes: new Uint8Array([80, 75]),
  },
  runImported: {
    type: "runImported",
    fileName: "run.zip",
    runId: "nano-2",
    step: 2,
    rewardMean: 0.5,
    sizeBytes: 4096,
  },
  importRefused: {
    type: "importRefused",
    fileName: "run.zip",
    error: { code: "fileCorrupt", message: "This zip is damaged.", data: {} },
  },
  runsListed: {
    type: "runsListed",
    runs: [
      {
        runId: "nano-1",
        title: "counts to three",
        isPinned: true,
        isOpen: false,
        preset: "robust",
        config,
        step: 5,
        createdAtMs: 1,
        savedAtMs: 2,
        rewardMean: 0.5,
        sizeBytes: 1000,
      },
    ],
  },
  historyRead: {
    type: "historyRead",
    runId: "nano-1",
    step: 1,
    savedAtMs: 2,
    history: [{ rewardMean: 0.5 }],
  },
  jobStarted: {
    type: "jobStarted",
    jobId: "job-2",
    total: 240,
    done: 12,
    judge: "judge-tiny",
    header: '{"format":"unirl-judged"}\n',
  },
  sampleDrawn: {
    type: "sampleDrawn",
    jobId: "job-1",
    source: 1,
    step: 5,
    image,
    question: "How many apples are there?",
    answer: "two",
    probability: 0.9,
  },
  imagesJudged: {
    type: "imagesJudged",
    jobId: "job-2",
    images: [
      {
        tag: "counting",
        prompt: "two red apples",
        number: 0,
        seen: true,
        seed: "eval/0/two red apples/0",
        correct: false,
        reasons: ["expected apple = 2, found 3"],
        answer: "three",
        reward: 0,
        image,
        line: '{"prompt":"two red apples"}\n',
      },
    ],
    scores: {
      overall: { mean: 0.5, low: 0.4, high: 0.6, count: 12 },
      tasks: [{ tag: "counting", estimate: { mean: 0.5, low: 0.4, high: 0.6, count: 12 } }],
    },
  },
  jobEnded: { type: "jobEnded", jobId: "job-2", outcome: "stopped" },
  memoryMeasured: {
    type: "memoryMeasured",
    tensors: 100,
    tensorBytes: 4000,
    gpuBytes: null,
    storageUsedBytes: 1,
    storageQuotaBytes: null,
  },
  heartbeatSent: { type: "heartbeatSent", step: 2 },
  failed: {
    type: "failed",
    error: { code: "nonFinite", message: "NaN", data: { metric: "loss", value: null }, stack: "at x" },
    isFatal: false,
    step: 2,
  },
};

describe("protocol", () => {
  it.each(Object.values(COMMANDS))("command $type crosses threads unchanged", (command) => {
    expect(commandSchema.parse(structuredClone(command))).toEqual(command);
  });

  it.each(Object.values(EVENTS))("event $type crosses threads unchanged", (event) => {
    expect(eventSchema.parse(structuredClone(event))).toEqual(event);
  });

  it("has an example of every message in the schemas", () => {
    expect(Object.keys(COMMANDS).sort()).toEqual(
      commandSchema.def.options.map(({ shape }) => shape.type.def.values[0]).sort(),
    );
    expect(Object.keys(EVENTS).sort()).toEqual(
      eventSchema.def.options.map(({ shape }) => shape.type.def.values[0]).sort(),
    );
  });

  it.each([
    ["an unknown command", { type: "explode" }],
    ["a missing field", { type: "resumeRun" }],
    ["an unknown setting", { type: "startRun", preset: "robust", config: { ...config, extra: 1 } }],
    ["a setting out of range", { type: "startRun", preset: "robust", config: { ...config, groupSize: 1 } }],
    ["no object at all", "play"],
  ])("refuses %s", (_name, message) => {
    expect(commandSchema.safeParse(message).success).toBe(false);
  });

  it("refuses pixels that are not bytes", () => {
    const bad = { ...EVENTS.groupDrawn, images: [{ ...image, rgb: [1, 2, 3] }] };
    expect(eventSchema.safeParse(bad).success).toBe(false);
  });

  it("describes every metric", () => {
    for (const field of Object.values(METRICS)) expect(field.help).toMatch(/^[A-Z].*\.$/);
  });
});
