/** `unirl eval`: measures a model on held-out material, by itself and before an outside judge. */
import { dirname } from "node:path";
import { type Command, Option } from "commander";
import type { WorldSpec } from "../engine/index.ts";
import { runDrawnAblations } from "./evaluation/ablations.ts";
import type { Bench, BenchOptions } from "./evaluation/bench.ts";
import { runCeiling } from "./evaluation/ceiling.ts";
import { runGenEval, seatJudge } from "./evaluation/geneval.ts";
import { runImbalance } from "./evaluation/imbalance.ts";
import { runQuantisation } from "./evaluation/quantisation.ts";
import { runReconstruction, runSelfReward, runUnderstanding } from "./evaluation/unjudged.ts";
import { folderReader, makeFolder, readSprites, writePng } from "./node/files.ts";
import { type OpenJudge, openShippedJudge, SHIPPED_JUDGE } from "./openJudge.ts";
import { addDrawingOptions, addModelOptions, numberBetween, wholeNumber } from "./options.ts";

/** Suites that need nobody but the model; `all` runs them in this order. */
const UNJUDGED = { reconstruction: runReconstruction, understanding: runUnderstanding, self: runSelfReward };
const JUDGED = {
  geneval: runGenEval,
  imbalance: runImbalance,
  ablations: runDrawnAblations,
  ceiling: runCeiling,
};

const SUITES = [
  "understanding",
  "self",
  "reconstruction",
  "geneval",
  "imbalance",
  "ablations",
  "ceiling",
  "quantisation",
  "all",
] as const;

interface EvalOptions extends BenchOptions {
  readonly suite: (typeof SUITES)[number];
  readonly judge: string;
  readonly sheet?: string;
}

const SHEET_ZOOM = 3;
const SHEET_GAP = 6;

async function writeSheet({ engine, sheet, output }: Bench, path: string): Promise<void> {
  if (!sheet) return;
  const layout = { columns: sheet.columns, zoom: SHEET_ZOOM, gap: SHEET_GAP };
  await writePng(path, engine.makeContactSheet(sheet.images, layout));
  output.log(`wrote ${path}`);
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

/** Runs the chosen suite. */
async function runSuite(bench: Bench, { suite, judge }: EvalOptions, openJudge: OpenJudge): Promise<void> {
  switch (suite) {
    case "all":
      for (const run of Object.values(UNJUDGED)) await run(bench);
      return;
    case "understanding":
    case "self":
    case "reconstruction":
      return UNJUDGED[suite](bench);
    case "quantisation":
      return runQuantisation(bench);
    default: {
      const detector = await openJudge(bench.engine, judge);
      try {
        const judged = await seatJudge(bench, detector);
        if (suite === "ablations") await runUnderstanding(bench);
        await JUDGED[suite](judged);
      } finally {
        detector.dispose();
      }
    }
  }
}

/** Calls `work` with a signal that Ctrl-C aborts; a second Ctrl-C ends the process as ever. */
async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

async function runEval(options: EvalOptions, openJudge: OpenJudge): Promise<void> {
  const { withModel } = await import("./session.ts");
  // Fails before minutes of measuring rather than after.
  if (options.sheet !== undefined) await makeFolder(dirname(options.sheet));
  const engine = await import("../engine/index.ts");
  await withModel(options, async ({ model, folder, backend, output }) => {
    // Backends that compute on this thread let Ctrl-C through after every read.
    engine.breatheOnReads(() => new Promise((resolve) => setImmediate(resolve)));
    if (options.adapter !== undefined) {
      const { attachAdapterFile } = await import("./adapterFile.ts");
      await attachAdapterFile(model, options.adapter);
    }
    const spec = await readWorld(engine, folder);
    const splits = engine.createSplits(spec);
    const sprites = engine.openSprites(await readSprites(), spec);
    const scenes = engine.renderHeldOutScenes(sprites, splits, options.scenes, options.seed);
    const setting = { engine, model, folder, backend, splits, scenes, options, output };
    await untilStopped(async (signal) => {
      const bench: Bench = { ...setting, signal, sheet: null };
      await runSuite(bench, options, openJudge);
      if (options.sheet !== undefined) await writeSheet(bench, options.sheet);
    });
  });
}

/** Adds the `eval` command. @param openJudge opens the detector of --judge */
export function registerEval(program: Command, openJudge: OpenJudge = openShippedJudge): void {
  const command = program
    .command("eval")
    .description("measure a model on held-out material, by itself and before an outside judge")
    .addOption(
      new Option("--suite <name>", "what to measure; all: what needs no judge")
        .choices(SUITES)
        .default("all"),
    )
    .option("--adapter <file>", "trained adapter: a checkpoint, or PEFT's adapter_model.safetensors")
    .option(
      "--scenes <count>",
      "rendered scenes (understanding, reconstruction, ceiling)",
      wholeNumber(1),
      480,
    )
    .option("--n <count>", "images per prompt (default: self 2, judged suites 4)", wholeNumber(1, 1000))
    .option(
      "--task-images <count>",
      "judged suites: at least so many images per task, where it has few prompts more of each",
      wholeNumber(1, 100_000),
    )
    .option("--limit <count>", "at most this many prompts", wholeNumber(1))
    .option("--temperature <value>", "drawing temperature (default: the model's)", numberBetween(0, 10))
    .addOption(
      new Option("--prompts <list>", "which fixed list to draw")
        .choices(["validation", "test"])
        .default("validation"),
    )
    .option("--judge <folder>", "detector (geneval, imbalance, ablations, ceiling)", SHIPPED_JUDGE)
    .option("--out <file>", "keep judged images, one a line (JSONL); run again to go on where it stopped")
    .option("--pool <file>", "imbalance: --out of the geneval suite of another model or adapter")
    .option("--answers", "list every answer in the JSON", false)
    .option("--sheet <file>", "contact sheet of the last suite (PNG)");
  addModelOptions(addDrawingOptions(command)).action((options: EvalOptions) => runEval(options, openJudge));
}
