/** `unirl bench`: measures on this machine what the design assumes; the measurements live in bench/. */
import type { Command } from "commander";
import { addCommonOptions, type CommonOptions, wholeNumber } from "./options.ts";
import { createOutput } from "./output.ts";

export interface BenchOptions extends CommonOptions {
  readonly model?: string;
  readonly rounds: number;
}

async function runBench(options: BenchOptions): Promise<void> {
  const { runBenchmarks } = await import("../../bench/run.ts");
  await runBenchmarks(options, createOutput(options.json));
}

/** Adds the `bench` command. */
export function registerBench(program: Command): void {
  const command = program
    .command("bench")
    .description(
      "time matrix products per backend and, with a model, drawing with and without the prefix cache",
    )
    .option("--model <folder>", "also measure this model")
    .option("--rounds <count>", "interleaved rounds; medians are reported", wholeNumber(5, 1000), 7);
  addCommonOptions(command).action(runBench);
}
