/** `unirl convert`: a Show-o as its authors publish it, into a model folder of ours. */
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import type { ImportedConfig, TensorFolder, TensorSource } from "../engine/index.ts";
import { folderReader, writeBytes } from "./node/files.ts";
import { OpenFiles, writeFolder } from "./node/randomAccess.ts";
import { createOutput, type Output } from "./output.ts";

type Engine = typeof import("../engine/index.ts");

export interface ConvertOptions {
  readonly from: string;
  readonly vq: string;
  readonly llm: string;
  readonly quant: "int8" | "int4";
  readonly out: string;
  readonly json: boolean;
}

interface Original extends ImportedConfig {
  readonly transformer: TensorSource;
  readonly imageTokenizer: TensorSource;
  /** Files of the tokenizer by name, to be copied. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
}

const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json"];
const BYTES_PER_MB = 1e6;

/** Opens and checks everything before a byte is written. */
async function openOriginal(engine: Engine, files: OpenFiles, options: ConvertOptions): Promise<Original> {
  const showo = await files.folder(options.from);
  const vq = await files.folder(options.vq);
  const llm = await files.folder(options.llm);
  const readJson = (folder: TensorFolder, name = "config.json") =>
    engine.readJson(folderReader(folder.name), name);
  const readOwn = async (folder: TensorFolder) =>
    folder.files.includes("config.json") ? readJson(folder) : undefined;
  const imported = engine.importConfig({
    showo: await readJson(showo),
    imageTokenizer: await readOwn(vq),
    languageModel: await readOwn(llm),
    tokenizer: await readJson(llm, "tokenizer.json"),
  });
  const texts = new Map<string, Uint8Array>();
  for (const name of TOKENIZER_FILES) {
    if (llm.files.includes(name)) texts.set(name, await folderReader(llm.name)(name));
  }
  const transformer = await engine.openTensors(showo);
  const imageTokenizer = await engine.openTensors(vq);
  engine.requireOriginal(imported.config, transformer.tensors, imageTokenizer.tensors);
  return { ...imported, transformer, imageTokenizer, texts };
}

function countValues(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.values()].reduce(
    (total, shape) => total + shape.reduce((product, size) => product * size, 1),
    0,
  );
}

interface Written {
  readonly bytes: number;
  readonly numbers: number;
}

async function writeModel(
  engine: Engine,
  original: Original,
  options: ConvertOptions,
  output: Output,
): Promise<Written> {
  const { config, json, transformer, imageTokenizer, texts } = original;
  const [shapes, vqShapes] = [
    engine.listShowoParameters(config),
    engine.listMagvit2Parameters(config.magvit2),
  ];
  const total = countValues(shapes);
  const numbers = total + countValues(vqShapes);
  return writeFolder(options.out, async (folder, files) => {
    const progress = output.startProgress("converting", numbers);
    try {
      const model = await files.sink(join(folder, "model.safetensors"));
      const vq = await files.sink(join(folder, "vq.safetensors"));
      const done = (before: number) => (count: number) => progress.update(before + count);
      const bytes =
        (await engine.convertTransformer(transformer, shapes, options.quant, model, done(0))) +
        (await engine.convertImageTokenizer(imageTokenizer, vqShapes, vq, done(total)));
      for (const [name, text] of texts) await writeBytes(join(folder, name), text);
      const text = `${JSON.stringify(json, null, 1)}\n`;
      await writeBytes(join(folder, "config.json"), new TextEncoder().encode(text));
      return { bytes, numbers };
    } finally {
      progress.stop();
    }
  });
}

async function runConvert(options: ConvertOptions): Promise<void> {
  const engine = await import("../engine/index.ts");
  const output = createOutput(options.json);
  const startMs = performance.now();
  const sources = new OpenFiles();
  try {
    const original = await openOriginal(engine, sources, options);
    const { bytes, numbers } = await writeModel(engine, original, options, output);
    const { out, quant } = options;
    const seconds = (performance.now() - startMs) / 1000;
    // In kilobytes everywhere; Node and the engine themselves are in it.
    const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
    output.result(
      { command: "convert", out, quant, numbers, bytes, seconds, peakMemoryBytes },
      `${basename(out)}: ${numbers} numbers in ${(bytes / BYTES_PER_MB).toFixed(1)} MB as ${quant}, ${seconds.toFixed(1)} s, ` +
        `at most ${(peakMemoryBytes / BYTES_PER_MB).toFixed(0)} MB of memory`,
    );
  } finally {
    await sources.close();
  }
}

/** Adds the `convert` command. */
export function registerConvert(program: Command): void {
  program
    .command("convert")
    .description("turn a published Show-o (safetensors or PyTorch files) into a model folder")
    .requiredOption("--from <folder>", "the transformer's config.json and weights, as in showlab/show-o")
    .requiredOption("--vq <folder>", "the image tokenizer's weights, as in showlab/magvitv2")
    .requiredOption("--llm <folder>", "tokenizer.json and config.json, as in microsoft/phi-1_5")
    .addOption(
      new Option("--quant <format>", "how matrices are kept").choices(["int8", "int4"]).default("int4"),
    )
    .requiredOption("--out <folder>", "model folder to write; must not exist")
    .option("--json", "results as one JSON object per line on stdout", false)
    .option("--verbose", "show where an error came from", false)
    .action(runConvert);
}
