/** `unirl eval`: measures understanding, self-reward and reconstruction on held-out material. */
import { dirname } from "node:path";
import { type Command, Option } from "commander";
import type {
  Estimate,
  ImageU8,
  RenderedScene,
  Splits,
  UnderstandingReport,
  UnifiedModel,
  WorldSpec,
} from "../engine/index.ts";
import { folderReader, makeFolder, readSprites, writePng } from "./node/files.ts";
import {
  addDrawingOptions,
  addModelOptions,
  type DrawingOptions,
  type ModelOptions,
  numberBetween,
  wholeNumber,
} from "./options.ts";
import type { Output } from "./output.ts";

const SUITES = ["understanding", "self", "reconstruction", "all"] as const;

interface EvalOptions extends ModelOptions, DrawingOptions {
  readonly suite: (typeof SUITES)[number];
  readonly adapter?: string;
  readonly scenes: number;
  readonly n: number;
  readonly limit?: number;
  readonly temperature?: number;
  readonly prompts: "validation" | "test";
  readonly answers: boolean;
  readonly sheet?: string;
}

/** Everything the suites share. */
interface Bench {
  readonly engine: typeof import("../engine/index.ts");
  readonly model: UnifiedModel;
  readonly splits: Splits;
  readonly scenes: readonly RenderedScene[];
  readonly options: EvalOptions;
  readonly output: Output;
  /** Images for --sheet, from the last suite that has some to show. */
  sheet: { readonly images: readonly ImageU8[]; readonly columns: number } | null;
}

const SHEET_IMAGES = 64;
const SHEET_COLUMNS = 8;
const SHEET_ZOOM = 3;
const SHEET_GAP = 6;

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const describeShare = ({ mean, low, high, count }: Estimate) =>
  count === 0 ? "none" : `${percent(mean)}  (${percent(low)} to ${percent(high)}, n = ${count})`;
const describeMean = ({ mean, low, high, count }: Estimate) =>
  count === 0 ? "none" : `${mean.toFixed(4)}  (${low.toFixed(4)} to ${high.toFixed(4)}, n = ${count})`;

function describeTable(title: string, rows: Readonly<Record<string, string>>): string {
  return [title, ...Object.entries(rows).map(([name, value]) => `  ${name.padEnd(16)}${value}`)].join("\n");
}

function mapValues<T>(record: Readonly<Record<string, T>>, write: (value: T) => string) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, write(value)]));
}

function reportUnderstanding(bench: Bench, report: UnderstandingReport): void {
  const { shown, exact, exactByTag, exactUnseen, answers } = report;
  const rows = { all: exact, ...exactByTag, "unseen mixes": exactUnseen };
  const record = { command: "eval", suite: "understanding", shown, exact, exactByTag, exactUnseen };
  const details = bench.options.answers ? { answers } : {};
  bench.output.result(
    { ...record, ...details },
    describeTable(`understanding, exact answers, ${shown} images`, mapValues(rows, describeShare)),
  );
}

async function runUnderstanding(bench: Bench): Promise<void> {
  const { engine, model, scenes, output } = bench;
  for (const shown of engine.SHOWN_IMAGES) {
    const progress = output.startProgress(`understanding, ${shown}`, scenes.length);
    const report = await engine.evaluateUnderstanding(model, scenes, shown, { onProgress: progress.update });
    progress.stop();
    reportUnderstanding(bench, report);
  }
  bench.sheet = { images: scenes.slice(0, SHEET_IMAGES).map(({ image }) => image), columns: SHEET_COLUMNS };
}

async function runSelfReward(bench: Bench): Promise<void> {
  const { engine, model, splits, options, output } = bench;
  const listed = splits[options.prompts];
  const prompts = engine.limitPrompts(listed, options.limit ?? listed.length);
  const settings = {
    imagesPerPrompt: options.n,
    seed: options.seed,
    guidanceScale: options.guidance ?? model.generation.guidanceScale,
    temperature: options.temperature ?? model.generation.temperature,
    steps: options.steps ?? model.generation.steps,
  };
  const progress = output.startProgress("self-reward", prompts.length * options.n);
  const report = await engine.evaluateSelfReward(model, prompts, {
    ...settings,
    onProgress: progress.update,
  });
  progress.stop();
  const { reward, rewardByTag, rewardSeen, rewardUnseen, images } = report;
  const record = { command: "eval", suite: "self", prompts: options.prompts, ...settings };
  const judged = images.map(({ metadata, answer, reward: earned }) => [metadata.prompt, answer, earned]);
  const details = options.answers ? { judged } : {};
  output.result(
    { ...record, reward, rewardByTag, rewardSeen, rewardUnseen, ...details },
    describeTable(
      `self-judged reward, ${options.prompts} prompts, ${options.n} images each, guidance ${settings.guidanceScale}`,
      mapValues({ all: reward, ...rewardByTag, seen: rewardSeen, unseen: rewardUnseen }, describeMean),
    ),
  );
  const shown = pickEvenly(images, SHEET_IMAGES);
  bench.sheet = { images: await model.decodeImages(shown.map(({ codes }) => codes)), columns: SHEET_COLUMNS };
}

function pickEvenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)] as T);
}

async function runReconstruction(bench: Bench): Promise<void> {
  const { engine, model, scenes, options, output } = bench;
  const images = scenes.map(({ image }) => image);
  const progress = output.startProgress("reconstruction", images.length);
  const report = await engine.evaluateReconstruction(model, images, options.seed, {
    onProgress: progress.update,
  });
  progress.stop();
  const { meanAbsoluteError, decoded } = report;
  output.result(
    { command: "eval", suite: "reconstruction", meanAbsoluteError },
    describeTable("tokenizer round trip", { "mean |error|": describeMean(meanAbsoluteError) }),
  );
  const pairs = images.flatMap((image, at) => [image, decoded[at] ?? image]);
  bench.sheet = { images: pairs.slice(0, SHEET_IMAGES), columns: SHEET_COLUMNS };
}

async function writeSheet({ engine, sheet, options, output }: Bench): Promise<void> {
  if (options.sheet === undefined || !sheet) return;
  const layout = { columns: sheet.columns, zoom: SHEET_ZOOM, gap: SHEET_GAP };
  await writePng(options.sheet, engine.makeContactSheet(sheet.images, layout));
  output.log(`wrote ${options.sheet}`);
}

/** The world of a model folder. @throws EngineError("modelMissing" | "modelCorrupt" | "fileCorrupt") */
export async function readWorld(engine: Bench["engine"], folder: string): Promise<WorldSpec> {
  const bytes = await folderReader(folder)("world.json");
  try {
    return engine.parseWorldSpec(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (cause) {
    if (cause instanceof engine.EngineError) throw cause;
    throw new engine.EngineError(
      "modelCorrupt",
      `${folder}/world.json is no JSON. Download the model again.`,
    );
  }
}

async function runEval(options: EvalOptions): Promise<void> {
  const { withModel } = await import("./session.ts");
  // Fails before minutes of measuring rather than after.
  if (options.sheet !== undefined) await makeFolder(dirname(options.sheet));
  const engine = await import("../engine/index.ts");
  await withModel(options, async ({ model, folder, output }) => {
    if (options.adapter !== undefined) {
      const { attachAdapterFile } = await import("./adapterFile.ts");
      await attachAdapterFile(model, options.adapter);
    }
    const spec = await readWorld(engine, folder);
    const splits = engine.createSplits(spec);
    const sprites = engine.openSprites(await readSprites(), spec);
    const scenes = engine.renderHeldOutScenes(sprites, splits, options.scenes, options.seed);
    const bench: Bench = { engine, model, splits, scenes, options, output, sheet: null };
    const isWanted = (suite: string) => options.suite === suite || options.suite === "all";
    if (isWanted("reconstruction")) await runReconstruction(bench);
    if (isWanted("understanding")) await runUnderstanding(bench);
    if (isWanted("self")) await runSelfReward(bench);
    await writeSheet(bench);
  });
}

/** Adds the `eval` command. */
export function registerEval(program: Command): void {
  const command = program
    .command("eval")
    .description("measure understanding, self-judged reward and tokenizer on held-out material")
    .addOption(new Option("--suite <name>", "what to measure").choices(SUITES).default("all"))
    .option("--adapter <file>", "trained adapter: a checkpoint, or PEFT's adapter_model.safetensors")
    .option("--scenes <count>", "rendered scenes (understanding, reconstruction)", wholeNumber(1), 480)
    .option("--n <count>", "images per prompt (self)", wholeNumber(1, 1000), 2)
    .option("--limit <count>", "at most this many prompts (self)", wholeNumber(1))
    .option("--temperature <value>", "drawing temperature (default: the model's)", numberBetween(0, 10))
    .addOption(
      new Option("--prompts <list>", "which fixed list (self)")
        .choices(["validation", "test"])
        .default("validation"),
    )
    .option("--answers", "list every answer in the JSON", false)
    .option("--sheet <file>", "contact sheet of the last suite (PNG)");
  addModelOptions(addDrawingOptions(command)).action(runEval);
}
