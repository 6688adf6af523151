/** The engine behind the session's port: backend, model, world and runs, with nothing of its own to decide. */

import type { RunConfig } from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";
import {
  breatheOnReads,
  type ChoiceStore,
  closeBackend,
  compileStep,
  createRng,
  createSplits,
  createTaskSource,
  createTrainerState,
  currentDevice,
  decodeCheckpoint,
  describePlan,
  deviceMemory,
  encodeCheckpoint,
  explainFailure,
  judgeAnswer,
  loadDetector,
  loadModel,
  type ObjectDetector,
  observeGroups,
  parseWorldSpec,
  planMemory,
  requireFit,
  restoreCheckpoint,
  type Splits,
  settleKernelChoices,
  startBackend,
  type TrainerState,
  train,
  type UnifiedModel,
  type WorldSpec,
} from "../engine/index.ts";
import { drawSamples } from "./jobs/drawSamples.ts";
import { type Jury, judgePrompts } from "./jobs/judgePrompts.ts";
import { createFileReader, type Downloads, digestFiles } from "./modelFiles.ts";
import type { EngineRun, FilmRow, LoadProgress, RunOrder, SessionEngine } from "./ports.ts";

const FILM_ROWS = 2;

export interface HostOptions {
  readonly gpu: GPU | null;
  readonly allowThreads: boolean;
  readonly onLost: (error: EngineError) => void;
  readonly onError: (error: EngineError) => void;
  readonly yieldToMessages: () => Promise<void>;
  /** How files are fetched; the host's own `fetch` when absent. */
  readonly load?: typeof fetch;
  /** Which kernels are fastest here, from earlier visits. */
  readonly choices: ChoiceStore;
}

interface Loaded {
  readonly model: UnifiedModel;
  /** The outside judge, who looks on. */
  readonly detector: ObjectDetector | null;
  readonly world: WorldSpec;
  readonly splits: Splits;
  /** Names the model's files and backend, for verdicts that are kept. */
  readonly describe: Jury["describe"];
}

export function createEngineHost(options: HostOptions): SessionEngine {
  let loaded: Loaded | null = null;
  let backendName = "";
  const need = (): Loaded => {
    if (loaded) return loaded;
    throw new EngineError("badInput", "No model is loaded: open one first.");
  };
  /** Outlives a cancelled opening. */
  const downloads: Downloads = new Map();
  return {
    async start(backend, wasmUrl, lack) {
      loaded = null;
      const { allowThreads, onLost, onError } = options;
      const gpu = lack === "gpu" ? null : options.gpu;
      const report = await startBackend({
        prefer: backend,
        gpu,
        wasmUrl,
        allowThreads,
        unwanted: lack === "f16" ? ["shader-f16"] : [],
        onLost,
        onError,
      });
      breatheOnReads(options.yieldToMessages);
      backendName = report.backend;
      return report;
    },
    async loadModel({ modelId, modelUrl, modelSha256, judgeUrl, weights }, onProgress, signal) {
      const reading = { downloads, signal, ...(options.load ? { load: options.load } : {}) };
      const wanted = ["vq.safetensors", ...(modelSha256 === null ? ["model.safetensors"] : [])];
      const { read, digests } = digestFiles(createFileReader(modelUrl, { ...reading, onProgress }), wanted);
      const world = parseWorldSpec(parseJson(await read("world.json"), "world.json"));
      const model = await loadModel(read, modelId, { weights });
      // Files of the same name must not be taken for the model's own.
      const onJudgeProgress = (progress: LoadProgress) =>
        onProgress({ ...progress, file: `judge/${progress.file}` });
      const readJudge = createFileReader(judgeUrl ?? modelUrl, { ...reading, onProgress: onJudgeProgress });
      const detector = judgeUrl === null ? null : await loadDetector(readJudge, folderName(judgeUrl));
      const describe = async () => {
        const [tokenizer = "", digest = modelSha256 ?? ""] = await digests();
        // In few bits it is another model.
        return {
          tokenizer,
          weights: weights === "f32" ? digest : `${digest} ${weights}`,
          backend: backendName,
        };
      };
      loaded = { model, detector, world, splits: createSplits(world), describe };
      downloads.clear();
      const { family, imageSide, imageTokenCount, parameterCount } = model;
      return { family, imageSide, imageTokenCount, parameterCount };
    },
    async openRun(order) {
      return await openRun(need(), order, options.choices);
    },
    async requireFit(checkpoint) {
      requireFit(await decodeCheckpoint(checkpoint), need().model);
    },
    async drawSamples(order) {
      const { model, world } = need();
      await drawSamples(model, world, order);
    },
    async judgePrompts(order) {
      const { detector, ...rest } = need();
      if (!detector) {
        throw new EngineError(
          "badInput",
          "This model came without an outside judge, so nobody can score it.",
        );
      }
      await judgePrompts({ detector, ...rest }, order);
    },
    measureMemory: deviceMemory,
    explainFailure,
    destroyDevice: () => currentDevice()?.destroy(),
    close() {
      loaded = null;
      closeBackend();
    },
  };
}

async function openRun(
  loaded: Loaded,
  { config, checkpoint, onCompiled }: RunOrder,
  choices: ChoiceStore,
): Promise<EngineRun> {
  const { model } = loaded;
  const { loraRank, loraAlpha, seed } = config();
  // What cannot fit is refused before anything more is allocated.
  planMemory(model, config());
  model.attachAdapter({ rank: loraRank, alpha: loraAlpha, seed });
  await compileStep({ ...describeTraining(loaded), config }, onCompiled);
  await settleKernelChoices(choices);
  const state = createTrainerState(model);
  if (checkpoint) restoreCheckpoint(await decodeCheckpoint(checkpoint), model, state);
  const filmRows = chooseFilmRows(loaded, config());
  return {
    finishedSteps: () => state.step,
    planMemory: () => {
      const plan = planMemory(model, config());
      return { peakBytes: plan.peak, budgetBytes: plan.budget, words: describePlan(plan) };
    },
    train: (signal) => train({ ...describeTraining(loaded), state, config, signal }),
    decodeImages: (images) => model.decodeImages(images),
    filmRows,
    drawFilm: (signal) => drawFilm(model, filmRows, config(), signal),
    encode: () => encodeCheckpoint(state, model, config()),
    poison: () => poison(model, state, config()),
    dispose: () => state.optimizer.dispose(),
  };
}

function describeTraining({ model, detector, world, splits }: Loaded) {
  return {
    model,
    drawTask: createTaskSource(world, splits),
    judge: judgeAnswer,
    ...(detector ? { observe: observeGroups({ model, detector }) } : {}),
  };
}

/** Restores the run with every number NaN, by the way a damaged memory would reach it: the weights. */
async function poison(model: UnifiedModel, state: TrainerState, config: RunConfig): Promise<void> {
  const checkpoint = await decodeCheckpoint(await encodeCheckpoint(state, model, config));
  for (const { data } of checkpoint.tensors.values()) data.fill(0xff);
  restoreCheckpoint(checkpoint, model, state);
}

/** Two training prompts, of different kinds where the run has several; the same for the whole run. */
function chooseFilmRows({ world, splits }: Loaded, config: RunConfig): FilmRow[] {
  const { seed, promptKind } = config;
  const rows: FilmRow[] = [];
  const taken = new Set<string>();
  const drawTask = createTaskSource(world, splits);
  for (let attempt = 0; rows.length < FILM_ROWS && attempt < 100; attempt++) {
    const { prompt, tag } = drawTask(createRng(seed, "film", attempt), config).metadata;
    const mark = promptKind === "all" ? tag : prompt;
    if (taken.has(mark)) continue;
    taken.add(mark);
    rows.push({ prompt, seed: `${seed}/film/${rows.length}` });
  }
  return rows;
}

async function drawFilm(
  model: UnifiedModel,
  rows: readonly FilmRow[],
  config: RunConfig,
  signal: AbortSignal,
) {
  const codes = await model.drawImages({
    prompts: rows.map(({ prompt }) => prompt),
    seeds: rows.map(({ seed }) => seed),
    guidanceScale: config.guidanceScale,
    temperature: config.temperature,
    steps: config.decodeSteps,
    signal,
  });
  return await model.decodeImages(codes);
}

/** What a folder is called, wherever it lies: verdicts of the same judge are the same on every site. */
function folderName(url: string): string {
  return new URL(url).pathname.split("/").filter(Boolean).at(-1) ?? url;
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new EngineError(
      "fileCorrupt",
      `The model's ${file} is not JSON. Download it again.`,
      { file },
      { cause },
    );
  }
}
