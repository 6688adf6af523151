/** `unirl record`: records a real run for the page to play: `public/runs/<id>/run.bin` and its line in the manifest. */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, Option } from "commander";
import { PRESETS, type RunConfig } from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";
import { packRecording } from "../formats/recordingFile.ts";
import type { RecordingHeader, TimedEvent } from "../protocol/recording.ts";
import { findModelFolder, writeBytes } from "./node/files.ts";
import { UNKEPT_CHOICES } from "./node/kernelChoices.ts";
import { SHIPPED_JUDGE } from "./openJudge.ts";
import { addModelOptions, wholeNumber } from "./options.ts";
import { createOutput, type Output } from "./output.ts";
import { RecordingFolder } from "./recording/folderStorage.ts";
import { listRecording } from "./recording/manifestFile.ts";
import { recordRun } from "./recording/recordRun.ts";
import { chooseConfig, collectSetting, type TrainOptions } from "./training/trainOptions.ts";

type RecordOptions = Pick<
  TrainOptions,
  "preset" | "steps" | "set" | "seed" | "model" | "weights" | "backend" | "json"
> & {
  readonly judge: string;
  readonly out: string;
  readonly title?: string;
  readonly lesson?: string;
  readonly work?: string;
  readonly maxBytes: number;
};

const FILE_NAME = "run.bin";
/** Squared RGB distances that a pixel's colour may be off, tried until the file is small enough: at most 11 levels. */
const TOLERANCES = [30, 60, 120];

/** The command line that makes this recording again, whatever it was called with. */
function writeCommand({ model, weights, preset, steps, seed, set, lesson, out }: RecordOptions): string {
  const settings = Object.entries(set).map(([key, value]) => `--set ${key}=${value}`);
  const opened = [`--model ${model}`, ...(weights === "f32" ? [] : [`--weights ${weights}`])];
  const what = [...opened, `--preset ${preset}`, `--steps ${steps}`, `--seed ${seed}`, ...settings];
  const where = [...(lesson ? [`--lesson ${lesson}`] : []), `--out ${out}`];
  return ["npx unirl record", ...what, ...where].join(" ");
}

function describe(options: RecordOptions, config: RunConfig): RecordingHeader {
  const id = basename(options.out);
  return {
    id,
    title: options.title ?? id,
    lesson: options.lesson ?? null,
    modelId: basename(options.model),
    preset: options.preset,
    config,
    steps: options.steps,
    command: writeCommand(options),
  };
}

/** The smallest loss that fits. @throws EngineError("badInput") when nothing does */
async function packWithin(
  maxBytes: number,
  header: RecordingHeader,
  events: readonly TimedEvent[],
): Promise<{ bytes: Uint8Array; tolerance: number }> {
  let smallest = Number.POSITIVE_INFINITY;
  for (const tolerance of TOLERANCES) {
    const bytes = await packRecording(header, events, tolerance);
    if (bytes.length <= maxBytes) return { bytes, tolerance };
    smallest = Math.min(smallest, bytes.length);
  }
  throw new EngineError(
    "badInput",
    `The recording has ${smallest} bytes, more than the ${maxBytes} allowed. Record fewer steps or smaller groups, or raise --max-bytes.`,
    { smallest, maxBytes },
  );
}

async function record(options: RecordOptions, config: RunConfig, output: Output): Promise<TimedEvent[]> {
  const { prepareNode, findWasmFolder } = await import("./node/nodeBackend.ts");
  const { createEngineHost } = await import("../session/engineHost.ts");
  const { loadLocalFile } = await import("./node/localFetch.ts");
  const model = await findModelFolder(options.model);
  const judge = await findModelFolder(options.judge);
  const yieldToMessages = () => new Promise<void>((resolve) => setImmediate(resolve));
  const folderUrl = (folder: string) => `${pathToFileURL(folder).href}/`;
  const engine = createEngineHost({
    gpu: await prepareNode(options.backend),
    allowThreads: false,
    onLost: (error) => output.log(error.message),
    onError: (error) => output.log(error.message),
    yieldToMessages,
    load: loadLocalFile,
    choices: UNKEPT_CHOICES,
  });
  const progress = output.startProgress("recording", options.steps);
  try {
    const open = {
      modelId: basename(model),
      modelUrl: folderUrl(model),
      modelSha256: null,
      judgeUrl: folderUrl(judge),
      spritesUrl: "",
      wasmUrl: findWasmFolder(),
      weights: options.weights,
      backend: options.backend,
    };
    return await recordRun(
      { open, preset: options.preset, config, steps: options.steps },
      {
        engine,
        folder: new RecordingFolder(options.work ?? join("runs", "record", basename(options.out))),
        yieldToMessages,
        now: () => performance.now(),
        onStep: (step, { rewardMean, judgedMean, klImage, stepSeconds }) => {
          progress.update(step);
          const numbers = { type: "stepFinished", step, rewardMean, judgedMean, klImage, stepSeconds };
          if (options.json) output.result({ command: "record", ...numbers }, "");
        },
      },
    );
  } finally {
    progress.stop();
  }
}

async function runRecord(options: RecordOptions): Promise<void> {
  const output = createOutput(options.json);
  const config = chooseConfig(options);
  const events = await record(options, config, output);
  const header = describe(options, config);
  const { bytes, tolerance } = await packWithin(options.maxBytes, header, events);
  await writeBytes(join(options.out, FILE_NAME), bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const manifest = join(dirname(options.out), "manifest.json");
  await listRecording(manifest, { ...header, file: FILE_NAME, bytes: bytes.length, sha256 });
  const result = { type: "recorded", id: header.id, steps: header.steps, bytes: bytes.length, tolerance };
  const sentence = `${join(options.out, FILE_NAME)}: ${header.steps} steps in ${bytes.length} bytes`;
  output.result({ command: "record", ...result }, sentence);
}

/** Adds the `record` command. */
export function registerRecord(program: Command): void {
  const command = program
    .command("record")
    .description("record a run for the page to play; the same command goes on after a stop")
    .addOption(
      new Option("--preset <name>", "starting point").choices(Object.keys(PRESETS)).default("robust"),
    )
    .option("--steps <count>", "finished steps to record", wholeNumber(1), 60)
    .option("--set <key=value>", "change one setting; may be repeated", collectSetting, {})
    .option("--judge <folder>", "detector that looks on", SHIPPED_JUDGE)
    .option("--title <text>", "what a person calls it (default: the folder's name)")
    .option("--lesson <id>", "the lesson it shows")
    .option("--work <folder>", "where it is kept while it is made (default: runs/record/<name>)")
    .option("--max-bytes <count>", "largest file", wholeNumber(1), 2_000_000)
    .requiredOption("--out <folder>", "folder of the recording, as public/runs/<id>");
  addModelOptions(command).action(runRecord);
}
