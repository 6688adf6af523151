/**
 * Records the lessons: `npm run record` makes all of them, one after the other, and goes on after a stop.
 *
 *   npm run record -- --only counting kl-too-low --steps 12
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { wholeNumber } from "../src/cli/options.ts";
import { LESSON_MODEL, LESSONS, type Lesson } from "../src/ui/lessons/lessons.ts";

const PROGRAM = fileURLToPath(new URL("../bin/unirl.mjs", import.meta.url));

interface Flags {
  readonly only?: readonly string[];
  readonly steps?: number;
  readonly backend: string;
}

function recordLesson({ id, title, preset, changes, steps }: Lesson, flags: Flags): boolean {
  const settings = Object.entries(changes).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const args = [
    ...["record", "--model", `public/models/${LESSON_MODEL}`, "--preset", preset, "--seed", "0", ...settings],
    ...["--steps", String(flags.steps ?? steps), "--backend", flags.backend, "--lesson", id],
    ...["--title", title, "--out", `public/runs/${id}`, "--json"],
  ];
  process.stderr.write(`\n${id}\n`);
  return spawnSync(process.execPath, [PROGRAM, ...args], { stdio: "inherit" }).status === 0;
}

const flags = new Command("record")
  .description("record the runs of the lessons for the page to play")
  .addOption(new Option("--only <lessons...>", "some of them").choices(LESSONS.map(({ id }) => id)))
  .option("--steps <count>", "finished steps of each (default: the lesson's)", wholeNumber(1))
  .addOption(
    new Option("--backend <name>", "where to compute").choices(["wasm", "webgpu", "cpu"]).default("wasm"),
  )
  .parse()
  .opts<Flags>();

const wanted = LESSONS.filter(({ id }) => flags.only === undefined || flags.only.includes(id));
const failed = wanted.filter((lesson) => !recordLesson(lesson, flags));
if (failed.length > 0) {
  process.stderr.write(`\nnot recorded: ${failed.map(({ id }) => id).join(", ")}\n`);
  process.exitCode = 1;
}
