/** `unirl bench`: measures on this machine what the design assumes; the measurements live in bench/. */
import { type Command, Option } from "commander";
import {
  addCommonOptions,
  addWeightsOption,
  type CommonOptions,
  type ModelOptions,
  wholeNumber,
} from "./options.ts";
import { createOutput } from "./output.ts";

export interface BenchOptions extends CommonOptions, Pick<ModelOptions, "weights"> {
  readonly model?: string;
  readonly rounds: number;
  readonly suite: (typeof SUITES)[number];
  readonly filter: string;
  readonly count: boolean;
}

const SUITES = ["all", "products", "drawing", "kernels", "step"] as const;

async function runBench(options: BenchOptions): Promise<void> {
  const { runBenchmarks } = await import("../../bench/run.ts");
  await runBenchmarks(options, createOutput(options.json));
}

/** Adds the `bench` command. */
export function registerBench(program: Command): void {
  const command = program
    .command("bench")
    .description(
      "time matrix products per backend, our kernels against stock ops and, with a model, drawing and a training step",
    )
    .option("--model <folder>", "also measure this model")
    .addOption(new Option("--suite <name>", "what to measure").choices(SUITES).default("all"))
    .option("--filter <words>", "of the kernels, only those whose name contains it", "")
    .option("--count", "of a step, count what it asks of the GPU, which computes nothing meanwhile", false)
    .option("--rounds <count>", "interleaved rounds; medians are reported", wholeNumber(5, 1000), 7);
  addCommonOptions(addWeightsOption(command)).action(runBench);
}
