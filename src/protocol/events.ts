/**
 * What the training worker tells the page. One discriminated union, validated in tests and on arrival; no logic
 * here. Names are past tense. Images are RGB bytes, row-major, 3 a pixel. Steps are counted from 1: step n is the one
 * after which n steps are finished, so 0 means "before the first" (`runStarted` of a new run, first filmstrip).
 */
import * as z from "zod/mini";
import { runConfigSchema } from "../engine/config.ts";
import { ENGINE_ERROR_CODES } from "../engine/errors.ts";

export const PROTOCOL_VERSION = 1;

export const PHASES = ["sample", "judge", "score", "learn"] as const;
export type Phase = (typeof PHASES)[number];

export const RUN_STATES = ["empty", "paused", "running", "pausing", "failed"] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Views on any buffer, shared or not; `z.instanceof` would narrow the type to unshared ones. */
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected bytes");
const image = z.object({ width: z.number(), height: z.number(), rgb: bytes });
export type WireImage = z.infer<typeof image>;

const errorRecord = z.object({
  code: z.enum(ENGINE_ERROR_CODES),
  message: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  stack: z.optional(z.string()),
});

/** One number per name, all of one step; see METRICS in `record.ts` for meaning and unit. */
const metrics = z.record(z.string(), z.number());

/** A share with its 95 % interval (bootstrap over prompts), and how many prompts are behind it. */
const estimate = z.object({ mean: z.number(), low: z.number(), high: z.number(), count: z.number() });
export type WireEstimate = z.infer<typeof estimate>;

/** A stored run as lists show it. */
const runSummary = z.object({
  runId: z.string(),
  /** Given when it was pinned. */
  title: z.nullable(z.string()),
  isPinned: z.boolean(),
  /** The run that is open now. */
  isOpen: z.boolean(),
  preset: z.string(),
  config: runConfigSchema,
  step: z.number(),
  createdAtMs: z.number(),
  savedAtMs: z.number(),
  rewardMean: z.nullable(z.number()),
  sizeBytes: z.number(),
});
export type RunSummary = z.infer<typeof runSummary>;

const judgedImage = z.object({
  tag: z.string(),
  prompt: z.string(),
  /** Place among its prompt's images. */
  number: z.number(),
  /** Whether training may contain this composition under another text. */
  seen: z.boolean(),
  /** Names the image: the same for every state of the model. */
  seed: z.string(),
  correct: z.boolean(),
  /** One sentence per clause that failed. */
  reasons: z.array(z.string()),
  answer: z.string(),
  /** The model's reward for its own image, 0 to 1. */
  reward: z.number(),
  image,
  /** Its line of a file of judged images. */
  line: z.string(),
});
export type WireJudgedImage = z.infer<typeof judgedImage>;

const rewardPart = z.object({ label: z.string(), earned: z.number(), possible: z.number() });

export const eventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("backendStarted"),
    backend: z.enum(["webgpu", "wasm", "cpu"]),
    adapter: z.string(),
    isSoftware: z.boolean(),
    features: z.array(z.string()),
    /** One sentence: why this backend runs. */
    reason: z.string(),
  }),
  z.object({
    type: z.literal("modelProgressed"),
    stage: z.enum(["download", "upload"]),
    file: z.string(),
    loadedBytes: z.number(),
    totalBytes: z.number(),
  }),
  /** The download was cancelled; the next `openModel` goes on from what has arrived. */
  z.object({ type: z.literal("openingCancelled") }),
  /** WebGPU, before a run starts: shaders compiled so far. */
  z.object({ type: z.literal("shadersCompiled"), compiled: z.number(), total: z.number() }),
  z.object({
    type: z.literal("modelReady"),
    modelId: z.string(),
    family: z.string(),
    imageSide: z.number(),
    imageTokenCount: z.number(),
    parameterCount: z.number(),
  }),
  /** A stored run of this model was found. */
  z.object({
    type: z.literal("resumeOffered"),
    runId: z.string(),
    step: z.number(),
    savedAtMs: z.number(),
    rewardMean: z.nullable(z.number()),
    sizeBytes: z.number(),
  }),
  z.object({
    type: z.literal("runStarted"),
    runId: z.string(),
    preset: z.string(),
    config: runConfigSchema,
    step: z.number(),
    /** Curves so far, one entry per finished step; empty for a new run. */
    history: z.array(metrics),
    /** Config changes so far, for the marks on the curves. */
    changes: z.array(z.object({ step: z.number(), keys: z.array(z.string()) })),
    filmstrip: z.array(
      z.object({ step: z.number(), row: z.number(), prompt: z.string(), seed: z.string(), image }),
    ),
  }),
  z.object({ type: z.literal("stateChanged"), state: z.enum(RUN_STATES) }),
  z.object({ type: z.literal("stepStarted"), step: z.number(), groups: z.number(), groupSize: z.number() }),
  z.object({ type: z.literal("phaseStarted"), step: z.number(), phase: z.enum(PHASES) }),
  /** Which tokens of each image are decided, during "sample". */
  z.object({
    type: z.literal("drawProgressed"),
    step: z.number(),
    decodeStep: z.number(),
    decodeSteps: z.number(),
    /** Per image, group-major [P·G][N]: 1 where decided. */
    decided: z.array(bytes),
  }),
  z.object({
    type: z.literal("groupDrawn"),
    step: z.number(),
    group: z.number(),
    tag: z.string(),
    prompt: z.string(),
    question: z.string(),
    gold: z.string(),
    images: z.array(image),
    seeds: z.array(z.string()),
  }),
  z.object({
    type: z.literal("groupJudged"),
    step: z.number(),
    group: z.number(),
    answers: z.array(z.string()),
    /** Probability of the whole answer, 0 to 1. */
    probabilities: z.array(z.number()),
    rewards: z.array(z.number()),
    parts: z.array(z.array(rewardPart)),
  }),
  z.object({
    type: z.literal("groupScored"),
    step: z.number(),
    group: z.number(),
    advantages: z.array(z.number()),
    /** All rewards equal: this group teaches nothing. */
    isDead: z.boolean(),
  }),
  z.object({ type: z.literal("stepFinished"), step: z.number(), metrics }),
  z.object({
    type: z.literal("filmstripDrawn"),
    step: z.number(),
    row: z.number(),
    prompt: z.string(),
    seed: z.string(),
    image,
  }),
  z.object({
    type: z.literal("configChanged"),
    step: z.number(),
    keys: z.array(z.string()),
    config: runConfigSchema,
  }),
  z.object({
    type: z.literal("checkpointSaved"),
    runId: z.string(),
    step: z.number(),
    savedAtMs: z.number(),
    sizeBytes: z.number(),
  }),
  z.object({
    type: z.literal("runExported"),
    runId: z.string(),
    step: z.number(),
    fileName: z.string(),
    /** A zip. */
    bytes,
  }),
  /** A run from outside was stored and can be resumed. */
  z.object({
    type: z.literal("runImported"),
    /** Name of the file it came from. */
    fileName: z.string(),
    runId: z.string(),
    step: z.number(),
    rewardMean: z.nullable(z.number()),
    sizeBytes: z.number(),
  }),
  /** A file was not taken; nothing was changed. */
  z.object({ type: z.literal("importRefused"), fileName: z.string(), error: errorRecord }),
  /** Stored runs of the open model, newest save first. */
  z.object({ type: z.literal("runsListed"), runs: z.array(runSummary) }),
  /** Metrics of the steps of a stored run, the last of them `step`. */
  z.object({
    type: z.literal("historyRead"),
    runId: z.string(),
    step: z.number(),
    savedAtMs: z.number(),
    history: z.array(z.record(z.string(), z.number())),
  }),
  z.object({
    type: z.literal("jobStarted"),
    jobId: z.string(),
    /** Images of the whole job, and how many of them are there already. */
    total: z.number(),
    done: z.number(),
    /** Who judges, null where nobody does. */
    judge: z.nullable(z.string()),
    /** First line of a file of judged images, null where nobody judges. */
    header: z.nullable(z.string()),
  }),
  z.object({
    type: z.literal("sampleDrawn"),
    jobId: z.string(),
    /** Place among the job's sources. */
    source: z.number(),
    /** Finished steps behind the weights; 0 for the model as it came. */
    step: z.number(),
    image,
    /** What was asked, null when nothing was. */
    question: z.nullable(z.string()),
    answer: z.nullable(z.string()),
    /** Probability of the whole answer, 0 to 1. */
    probability: z.nullable(z.number()),
  }),
  z.object({
    type: z.literal("imagesJudged"),
    jobId: z.string(),
    images: z.array(judgedImage),
    /** Of all images so far, these included. */
    scores: z.object({
      /** Mean of the tasks that have images. */
      overall: estimate,
      tasks: z.array(z.object({ tag: z.string(), estimate })),
    }),
  }),
  /** After `failed` (a notice) where the outcome is "failed". */
  z.object({
    type: z.literal("jobEnded"),
    jobId: z.string(),
    outcome: z.enum(["finished", "stopped", "failed"]),
  }),
  z.object({
    type: z.literal("memoryMeasured"),
    tensors: z.number(),
    tensorBytes: z.number(),
    gpuBytes: z.nullable(z.number()),
    /** The run's plan: the most that it will take, what it may take, and how it is cut, in words. Absent in old recordings. */
    planned: z.optional(z.object({ peakBytes: z.number(), budgetBytes: z.number(), words: z.string() })),
    /** Storage used and granted, bytes; null where the browser does not say. */
    storageUsedBytes: z.nullable(z.number()),
    storageQuotaBytes: z.nullable(z.number()),
  }),
  /** Sent at least every two seconds while the worker lives. */
  z.object({ type: z.literal("heartbeatSent"), step: z.number() }),
  /** Something failed. `isFatal`: the worker or its device is gone; otherwise the run is paused and intact. */
  z.object({
    type: z.literal("failed"),
    error: errorRecord,
    isFatal: z.boolean(),
    step: z.nullable(z.number()),
  }),
]);

export type WorkerEvent = z.infer<typeof eventSchema>;
export type WorkerEventType = WorkerEvent["type"];
export type EventOf<T extends WorkerEventType> = Extract<WorkerEvent, { type: T }>;
