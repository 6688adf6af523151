/** `unirl bench`: measures on this machine what the design assumes; the measurements live in bench/. */
import { type Command, Option } from "commander";
import { addModelOptions, type ModelOptions, wholeNumber } from "./options.ts";
import { createOutput } from "./output.ts";

export interface BenchOptions extends ModelOptions {
  readonly rounds: number;
  readonly suite: (typeof SUITES)[number];
  readonly filter: string;
  readonly count: boolean;
  /** Absent: small on a software adapter, full on hardware. */
  readonly sizes?: (typeof SIZES)[number];
  readonly out?: string;
}

const SUITES = ["all", "kernels", "peers", "drawing", "answering", "step", "layer", "growth"] as const;
const SIZES = ["small", "full"] as const;

async function runBench(options: BenchOptions): Promise<void> {
  const { runBenchmarks } = await import("../../bench/run.ts");
  await runBenchmarks(options, createOutput(options.json));
}

/** Adds the `bench` command. */
export function registerBench(program: Command): void {
  const command = program
    .command("bench")
    .description("time our shaders against stock ops and other libraries, part by part and as a whole")
    .addOption(new Option("--suite <name>", "what to measure").choices(SUITES).default("all"))
    .option("--filter <words>", "only benchmarks whose name contains it", "")
    .option(
      "--count",
      "of a step, only count what it asks of the GPU, which computes nothing meanwhile",
      false,
    )
    .addOption(
      new Option("--sizes <name>", "how big; default: small on software, full on hardware").choices(SIZES),
    )
    .option("--rounds <count>", "interleaved rounds; medians are reported", wholeNumber(1, 1000), 5)
    .option(
      "--out <path>",
      "keep results in this JSON file, or in a folder under the adapter's name; measuring again replaces",
    );
  addModelOptions(command).action(runBench);
}
