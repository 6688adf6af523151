/**
 * `unirl world`: writes a folder of scenes for pre-training (scene shards, sprites, tokenizer) and, if wanted, a
 * contact sheet. The Python side only paints what these files say.
 */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SingleBar } from "cli-progress";
import { type Command, InvalidArgumentError, Option } from "commander";
import { encode as encodePng } from "fast-png";
import { makeContactSheet } from "../engine/eval/contactSheet.ts";
import { createRng, type Rng } from "../engine/rng.ts";
import { askAboutScene } from "../engine/world/describeScene.ts";
import type { QuestionAnswer } from "../engine/world/questions.ts";
import { openSprites, renderScene, type SpriteSet, writeSpriteAtlas } from "../engine/world/render.ts";
import { type Scene, sampleScene } from "../engine/world/scenes.ts";
import { type Metadata, TAGS } from "../engine/world/sentences.ts";
import { createSplits, drawFromSplit, type SplitName, type Splits } from "../engine/world/splits.ts";
import { collectWords, tokenizerConfigFile, tokenizerFile } from "../engine/world/vocabulary.ts";
import { WORLD_PRESETS, type WorldPreset, type WorldSpec, worldPreset } from "../engine/world/worldSpec.ts";
import { onDisk } from "./node/files.ts";

export interface WorldOptions {
  readonly scenes: number;
  readonly seed: number;
  readonly out: string;
  readonly classes: WorldPreset;
  readonly split: SplitName;
  readonly sheet?: string;
  readonly json?: boolean;
}

/** One scene with everything said about it. */
export interface DescribedScene {
  readonly metadata: Metadata;
  readonly scene: Scene;
  readonly questions: readonly QuestionAnswer[];
}

const SCENES_PER_SHARD = 100_000;
/** Lines gathered before they go to disk: large enough that the system call does not show. */
const LINES_PER_WRITE = 4_000;
const SHEET_CELLS = 8;
const SHEET = { columns: SHEET_CELLS, zoom: 3, gap: 6 };
const spritesFile = join(dirname(fileURLToPath(import.meta.url)), "../../public/world/sprites.safetensors");

/** Draws scene number `index` of a seed; independent of how many scenes are drawn before it. */
export function drawScene(
  spec: WorldSpec,
  splits: Splits,
  split: SplitName,
  root: Rng,
  index: number,
): DescribedScene {
  const rng = root.fork(index);
  const metadata = drawFromSplit(spec, splits, split, rng.pick(TAGS), rng);
  const isTraining = split === "train";
  const scene = sampleScene(
    spec,
    metadata,
    rng,
    (name, colour) => !isTraining || !splits.isHeldOutColour(name, colour),
  );
  const questions = askAboutScene(spec, metadata, scene, isTraining ? splits : null, rng);
  return { metadata, scene, questions };
}

/** One line of a scene shard. */
export function sceneLine(spec: WorldSpec, { metadata, scene, questions }: DescribedScene): string {
  return JSON.stringify({
    b: scene.background,
    o: scene.objects.map(({ class: name, colour, size, x, y }) => [
      spec.classes.indexOf(name),
      colour === null ? 0 : 1 + spec.colours.indexOf(colour),
      size,
      x,
      y,
    ]),
    t: metadata.tag,
    p: metadata.prompt,
    q: questions.map(({ question, answer }) => [question, answer]),
  });
}

function writeShard(
  path: string,
  count: number,
  line: (index: number) => string,
  wrote: (n: number) => void,
) {
  onDisk(path, () => {
    const file = openSync(path, "w");
    try {
      for (let start = 0; start < count; start += LINES_PER_WRITE) {
        const length = Math.min(LINES_PER_WRITE, count - start);
        const lines = Array.from({ length }, (_, offset) => `${line(start + offset)}\n`);
        writeSync(file, lines.join(""));
        wrote(length);
      }
    } finally {
      closeSync(file);
    }
  });
}

function writeJson(path: string, value: unknown): void {
  onDisk(path, () => writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`));
}

function writeSheet(path: string, sprites: SpriteSet, draw: (index: number) => DescribedScene): void {
  const { side } = sprites.spec;
  const images = Array.from({ length: SHEET_CELLS ** 2 }, (_, index) => ({
    width: side,
    height: side,
    rgb: renderScene(sprites, draw(index).scene),
  }));
  const { width, height, rgb } = makeContactSheet(images, SHEET);
  onDisk(path, () => writeFileSync(path, encodePng({ width, height, data: rgb, channels: 3, depth: 8 })));
}

/**
 * Writes a scene folder: world.json, sprites.safetensors, tokenizer files and scene shards.
 * @throws EngineError("fileUnwritable") when the folder cannot be written
 */
export function writeWorld(options: WorldOptions, wrote: (scenes: number) => void): { shards: string[] } {
  const spec = worldPreset(options.classes);
  const splits = createSplits(spec);
  const sprites = openSprites(new Uint8Array(readFileSync(spritesFile)), spec);
  const words = collectWords(spec);
  const root = createRng(options.seed, "scenes", options.split);
  const draw = (index: number) => drawScene(spec, splits, options.split, root, index);
  const { out, scenes, seed, split } = options;
  onDisk(out, () => mkdirSync(out, { recursive: true }));
  const shardCount = Math.ceil(scenes / SCENES_PER_SHARD);
  const shards = Array.from({ length: shardCount }, (_, i) => `scenes-${String(i).padStart(5, "0")}.jsonl`);
  shards.forEach((shard, shardIndex) => {
    const first = shardIndex * SCENES_PER_SHARD;
    const count = Math.min(SCENES_PER_SHARD, scenes - first);
    writeShard(join(out, shard), count, (index) => sceneLine(spec, draw(first + index)), wrote);
  });
  const atlas = writeSpriteAtlas(sprites, { format: "unirl-sprite-atlas", version: "1" });
  onDisk(out, () => writeFileSync(join(out, "sprites.safetensors"), atlas));
  writeJson(join(out, "tokenizer.json"), tokenizerFile(words));
  writeJson(join(out, "tokenizer_config.json"), tokenizerConfigFile());
  writeJson(join(out, "world.json"), {
    format: "unirl-world",
    version: 1,
    ...spec,
    words,
    seed,
    split,
    scenes,
    shards,
  });
  if (options.sheet !== undefined) writeSheet(options.sheet, sprites, draw);
  return { shards };
}

function parseWholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("Give a whole number.");
  return value;
}

function runWorld(options: WorldOptions): void {
  const startMs = performance.now();
  const showsProgress = options.json !== true && process.stderr.isTTY === true;
  const bar = showsProgress
    ? new SingleBar({ format: "scenes {bar} {percentage}% {value}/{total} {eta_formatted}" })
    : null;
  bar?.start(options.scenes, 0);
  try {
    const { shards } = writeWorld(options, (count) => bar?.increment(count));
    const seconds = (performance.now() - startMs) / 1000;
    const { out, scenes, seed, split, classes, sheet = null } = options;
    if (options.json) {
      console.log(
        JSON.stringify({ command: "world", out, classes, split, seed, scenes, shards, sheet, seconds }),
      );
    } else {
      console.error(`wrote ${scenes} scenes in ${shards.length} shards to ${out} in ${seconds.toFixed(1)} s`);
    }
  } finally {
    bar?.stop();
  }
}

/** Adds the `world` command. */
export function registerWorld(program: Command): void {
  program
    .command("world")
    .description("write scenes of the emoji world with captions and questions, for pre-training")
    .requiredOption("--scenes <count>", "how many scenes", parseWholeNumber)
    .requiredOption("--out <folder>", "folder to write; made when missing")
    .option("--seed <number>", "seed of all draws", parseWholeNumber, 0)
    .addOption(new Option("--classes <preset>", "which world").choices(WORLD_PRESETS).default("all"))
    .addOption(
      new Option("--split <side>", "which side of the split the scenes come from")
        .choices(["train", "heldout", "all"])
        .default("train"),
    )
    .option("--sheet <file>", "also write a contact sheet of the first 64 scenes (PNG)")
    .option("--json", "print one JSON line with what was written")
    .action((options: WorldOptions) => runWorld(options));
}
