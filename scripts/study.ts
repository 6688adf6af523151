/**
 * The study behind docs/RESULTS.md: trains every variant on the same number of drawn images, measures each run in the
 * same way, and writes tables and curves. What is done stays done: the same command goes on after a stop.
 *
 *   npm run study -- --out runs/study --images 1920 --n 2 --parallel 2     hours, in the background
 *   npm run study -- --out runs/study --report                            what there is so far
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { Command, Option } from "commander";
import { wholeNumber } from "../src/cli/options.ts";
import { planStudy, type StudyOptions, VARIANTS } from "./study/plan.ts";
import { drawCurves, reportStudy } from "./study/report.ts";
import { readResults } from "./study/results.ts";
import { runJobs } from "./study/runJobs.ts";

interface Flags extends Omit<StudyOptions, "variants"> {
  readonly only?: readonly string[];
  readonly parallel: number;
  readonly backend: string;
  readonly report: boolean;
}

const say = (text: string) => process.stderr.write(`${text}\n`);

async function run({ only, parallel, backend, report, ...options }: Flags): Promise<void> {
  const variants = VARIANTS.filter(({ name }) => only === undefined || only.includes(name));
  if (!report) {
    await runJobs(planStudy({ ...options, variants }), { parallel, backend, report: say });
  }
  const results = readResults({ out: options.out, variants });
  for (const [name, text] of [
    ["report.md", reportStudy(results)],
    ["curves.svg", drawCurves(results)],
  ] as const) {
    writeFileSync(`${options.out}/${name}`, text);
    say(`wrote ${options.out}/${name}`);
  }
}

const program = new Command("study")
  .description("train every variant on the same number of images, measure and compare")
  .option("--out <folder>", "where results are kept", "runs/study")
  .option("--model <folder>", "model folder", "public/models/showo-tiny")
  .option("--judge <folder>", "the outside judge's folder", "public/models/judge-tiny")
  .option("--images <count>", "images that each run draws while it learns", wholeNumber(1), 1920)
  .option("--limit <count>", "at most this many test prompts", wholeNumber(1))
  .option("--n <count>", "images per test prompt", wholeNumber(1), 2)
  .addOption(
    new Option("--only <variants...>", "some of the variants").choices(VARIANTS.map(({ name }) => name)),
  )
  .option("--parallel <count>", "jobs at a time", wholeNumber(1, 64), Math.max(1, cpus().length))
  .addOption(
    new Option("--backend <name>", "where to compute").choices(["wasm", "webgpu", "cpu"]).default("wasm"),
  )
  .option("--report", "only write report.md and curves.svg of what is done", false)
  .action(run);

await program.parseAsync();
