/** `unirl fake-checkpoint`: files with the exact layout of a published Show-o and random weights, to try the import with. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Architecture, Scale } from "../engine/index.ts";
import { fakeBlocks, type Shapes } from "./fakeCheckpoint/fakeValues.ts";
import { writeTorchFile } from "./fakeCheckpoint/torchFile.ts";
import { writeBytes } from "./node/files.ts";
import { type OpenFiles, writeFolder } from "./node/randomAccess.ts";
import { wholeNumber } from "./options.ts";
import { createOutput } from "./output.ts";

type Engine = typeof import("../engine/index.ts");
type Format = "bin" | "safetensors" | "sharded";

interface FakeOptions {
  readonly arch: Architecture;
  readonly format: Format;
  readonly scale: Scale;
  readonly seed: number;
  readonly out: string;
  readonly json: boolean;
}

/** Where the weights go. */
interface Place {
  readonly engine: Engine;
  readonly files: OpenFiles;
  readonly folder: string;
  readonly seed: number;
}

const SHARDS = 3;
const FIRST_WORDS = ["a", "photo", "of", "red", "dog", "cat", "two", "user", "assistant", ":", "?", "what"];

async function writeText(path: string, value: unknown): Promise<void> {
  await writeBytes(path, new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`));
}

async function writeSafetensorsFile({ engine, files, folder, seed }: Place, name: string, shapes: Shapes) {
  const described = new Map([...shapes].map(([key, shape]) => [key, { dtype: "F32" as const, shape }]));
  const writer = await engine.beginSafetensors(await files.sink(join(folder, name)), described, {
    format: "pt",
  });
  for (const { name: tensor, start, values } of fakeBlocks(engine.createRng, shapes, seed)) {
    const { buffer, byteOffset, byteLength } = values;
    await writer.write(tensor, start * 4, new Uint8Array(buffer, byteOffset, byteLength));
  }
  writer.finish();
}

async function writeShards(place: Place, shapes: Shapes): Promise<void> {
  const weightMap: Record<string, string> = {};
  const entries = [...shapes];
  const perShard = Math.ceil(entries.length / SHARDS);
  for (let shard = 0; shard < SHARDS; shard++) {
    const own = new Map(entries.slice(shard * perShard, (shard + 1) * perShard));
    const name = `model-0000${shard + 1}-of-0000${SHARDS}.safetensors`;
    for (const tensor of own.keys()) weightMap[tensor] = name;
    await writeSafetensorsFile(place, name, own);
  }
  await writeText(join(place.folder, "model.safetensors.index.json"), {
    metadata: {},
    weight_map: weightMap,
  });
}

async function writeWeights(place: Place, format: Format, shapes: Shapes): Promise<void> {
  if (format === "sharded") return writeShards(place, shapes);
  if (format === "safetensors") return writeSafetensorsFile(place, "pytorch_model.safetensors", shapes);
  const sink = await place.files.sink(join(place.folder, "pytorch_model.bin"));
  await writeTorchFile(sink, shapes, fakeBlocks(place.engine.createRng, shapes, place.seed));
}

async function runFakeCheckpoint(options: FakeOptions): Promise<void> {
  const engine = await import("../engine/index.ts");
  const { textTokens, ...originals } = engine.originalFiles(options.arch, options.scale);
  const words = Array.from({ length: textTokens - 2 }, (_, at) => FIRST_WORDS[at] ?? `w${at}`);
  const tokenizer = engine.tokenizerFile(words);
  const { config } = engine.importConfig({ ...originals, tokenizer });
  await writeFolder(options.out, async (out, files) => {
    const place = (folder: string): Place => ({
      engine,
      files,
      folder: join(out, folder),
      seed: options.seed,
    });
    await writeText(join(out, "showo/config.json"), originals.showo);
    await writeText(join(out, "magvitv2/config.json"), originals.imageTokenizer);
    await writeText(join(out, "phi/config.json"), originals.languageModel);
    await writeText(join(out, "phi/tokenizer.json"), tokenizer);
    await writeText(join(out, "phi/tokenizer_config.json"), engine.tokenizerConfigFile());
    await writeWeights(place("showo"), options.format, engine.listShowoParameters(config));
    await writeWeights(place("magvitv2"), options.format, engine.listMagvit2Parameters(config.magvit2));
  });
  const { arch, format, scale, out } = options;
  createOutput(options.json).result(
    { command: "fake-checkpoint", arch, format, scale, seed: options.seed, out },
    `${out}: a ${scale} ${arch} with random weights (${format}). Convert it with --from ${out}/showo --vq ${out}/magvitv2 --llm ${out}/phi`,
  );
}

/** Adds the `fake-checkpoint` command. */
export function registerFakeCheckpoint(program: Command): void {
  program
    .command("fake-checkpoint")
    .description("write files laid out as a published Show-o, with random weights, to try convert")
    .addOption(
      new Option("--arch <name>", "which model").choices(["showo-256", "showo-512"]).default("showo-256"),
    )
    .addOption(
      new Option("--format <name>", "how weights are stored")
        .choices(["bin", "safetensors", "sharded"])
        .default("safetensors"),
    )
    .addOption(
      new Option("--scale <name>", "full: 6.2 GB, tiny: the same layout in a few MB")
        .choices(["tiny", "full"])
        .default("tiny"),
    )
    .requiredOption("--out <folder>", "folder to write; must not exist")
    .option("--seed <number>", "seed of all values", wholeNumber(0), 0)
    .option("--json", "results as one JSON object per line on stdout", false)
    .option("--verbose", "show where an error came from", false)
    .action(runFakeCheckpoint);
}
