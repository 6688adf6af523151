/**
 * What the page asks of the training worker. One discriminated union, validated on arrival; no logic here.
 * Names are imperative. Every command that starts or continues work names the run it means.
 */
import * as z from "zod/mini";
import { runConfigSchema } from "../engine/config.ts";

/** Views on any buffer, shared or not. */
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected bytes");

/** Weights to look at: the model as it came, or with a run's adapter, of the open run as it is now, of another as saved. */
export const weightsSourceSchema = z.discriminatedUnion("of", [
  z.object({ of: z.literal("model") }),
  z.object({ of: z.literal("run"), runId: z.string() }),
]);
export type WeightsSource = z.infer<typeof weightsSourceSchema>;

const configChanges = z.record(z.string(), z.union([z.number(), z.string()]));

export const commandSchema = z.discriminatedUnion("type", [
  /** Starts the backend, loads a model folder and looks for a run to resume. Answered by `modelReady`. */
  z.object({
    type: z.literal("openModel"),
    modelId: z.string(),
    /** Folder URL that holds config.json and the weights. */
    modelUrl: z.string(),
    /** SHA-256 of the model's weights as the manifest has it, null where it has none. */
    modelSha256: z.nullable(z.string()),
    /** Folder URL of the outside judge, null without one. */
    judgeUrl: z.nullable(z.string()),
    /** URL of the sprite file of the world. */
    spritesUrl: z.string(),
    /** Folder URL of the tfjs wasm binaries. */
    wasmUrl: z.string(),
    /** How the model's matrices are kept. */
    weights: z.enum(["f32", "int8", "int4"]),
    backend: z.enum(["auto", "webgpu", "wasm", "cpu"]),
    /** Failure to provoke, for tests and demonstrations (`?fail=`). */
    fail: z.nullable(z.string()),
  }),
  /** Ends the download of the model being opened; what has arrived is kept. Answered by `openingCancelled`. */
  z.object({ type: z.literal("cancelOpening") }),
  /** Begins a run with a fresh adapter, paused at step 0. */
  z.object({ type: z.literal("startRun"), preset: z.string(), config: runConfigSchema }),
  /** Restores the newest good checkpoint of a run, paused. Forced, it takes the run from the tab that has it. */
  z.object({ type: z.literal("resumeRun"), runId: z.string(), isForced: z.optional(z.boolean()) }),
  /** Deletes a stored run. */
  z.object({ type: z.literal("deleteRun"), runId: z.string() }),
  /** Asks for the stored runs of the model. Answered by `runsListed`, now and whenever the list changes. */
  z.object({ type: z.literal("listRuns") }),
  /** Asks for the metrics of every step of a stored run, as it was saved. Answered by `historyRead`. */
  z.object({ type: z.literal("readHistory"), runId: z.string() }),
  /** Keeps a copy of a run as it is now, under a title, safe from later saves and from tidying up. */
  z.object({
    type: z.literal("pinRun"),
    runId: z.string(),
    title: z.string().check(z.minLength(1), z.maxLength(80)),
  }),
  /** Opens a copy of a stored run, paused; the original stays as it is. */
  z.object({ type: z.literal("branchRun"), runId: z.string() }),
  /**
   * Draws one prompt from one seed with several weights and asks each image a question. Training pauses first and rests
   * meanwhile. A job: `jobStarted`, a `sampleDrawn` each, `jobEnded`.
   */
  z.object({
    type: z.literal("drawSamples"),
    jobId: z.string(),
    sources: z.array(weightsSourceSchema).check(z.minLength(1), z.maxLength(4)),
    prompt: z.string(),
    /** Null: the world's own question where the prompt is one of its sentences, none otherwise. */
    question: z.nullable(z.string()),
    seed: z.string(),
  }),
  /**
   * Has the outside judge score test prompts drawn with these weights. What was judged before is kept and counts. A job:
   * `jobStarted`, `imagesJudged` in batches, `jobEnded`.
   */
  z.object({
    type: z.literal("evaluate"),
    jobId: z.string(),
    source: weightsSourceSchema,
    /** Test prompts, an equal share of each task; null for all. */
    promptCount: z.nullable(z.int().check(z.positive())),
    imagesPerPrompt: z.int().check(z.positive()),
    seed: z.int(),
    /** Only shows what is judged already. */
    isStoredOnly: z.boolean(),
  }),
  /** Ends a job within a decoding step; what is finished is kept. */
  z.object({ type: z.literal("endJob"), jobId: z.string() }),
  z.object({ type: z.literal("play") }),
  /** Pauses at the next safe point: after the current phase, never mid-update. */
  z.object({ type: z.literal("pause") }),
  /** Runs one whole step (or finishes the current one), then pauses. */
  z.object({ type: z.literal("stepOnce") }),
  /** Runs one phase, then pauses. */
  z.object({ type: z.literal("stepPhase") }),
  /** Abandons the current step within one decoding step and pauses; the last finished step stays. */
  z.object({ type: z.literal("stop") }),
  /** Starts the same run again from step 0: same seed, same configuration as now. */
  z.object({ type: z.literal("reset") }),
  /** Gives up what came after the last checkpoint and stands there, paused, with these changes. Answered by `runStarted`. */
  z.object({ type: z.literal("rollBack"), changes: configChanges }),
  /** Changes live and next-step fields; fields that need a new run are refused. */
  z.object({ type: z.literal("changeConfig"), changes: configChanges }),
  z.object({ type: z.literal("saveCheckpoint") }),
  /** Packs a run, open or stored, into one zip. Answered by `runExported`; an open run is taken between two of its writes. */
  z.object({ type: z.literal("exportRun"), runId: z.string() }),
  /**
   * Stores a run from outside: a zip of `exportRun`, a checkpoint, or a PEFT adapter with or without its settings.
   * Answered by `runImported` or `importRefused`; what is open goes on.
   */
  z.object({ type: z.literal("importRun"), files: z.array(z.object({ name: z.string(), bytes })) }),
  /** The page was hidden or shown; hiding saves. */
  z.object({ type: z.literal("reportVisibility"), isHidden: z.boolean() }),
  /** After a lost device: new adapter and device, model and last checkpoint again. */
  z.object({ type: z.literal("reconnect"), backend: z.enum(["auto", "webgpu", "wasm", "cpu"]) }),
]);

export type Command = z.infer<typeof commandSchema>;
export type CommandType = Command["type"];
export type BackendChoice = Extract<Command, { type: "openModel" }>["backend"];
export type WeightsChoice = Extract<Command, { type: "openModel" }>["weights"];
