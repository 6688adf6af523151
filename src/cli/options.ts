/** Options that several commands share, and parsers that turn a bad value into a usage error. */
import { type Command, InvalidArgumentError, Option } from "commander";

export interface CommonOptions {
  readonly backend: "auto" | "webgpu" | "wasm" | "cpu";
  readonly seed: number;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Parses a whole number inside a range. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Give a whole number ${range}.`);
  };
}

/** Parses a number inside a range. */
export function numberBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
  };
}

/** Adds --backend, --seed, --json and --verbose. */
export function addCommonOptions(command: Command): Command {
  return addReportOptions(
    command.addOption(
      new Option("--backend <name>", "where to compute")
        .choices(["auto", "webgpu", "wasm", "cpu"])
        .default("auto"),
    ),
  );
}

/** Adds --seed, --json and --verbose: all that a command needs which computes without a backend. */
export function addReportOptions(command: Command): Command {
  return command
    .option("--seed <number>", "seed of all draws", wholeNumber(0), 0)
    .option("--json", "results as one JSON object per line on stdout", false)
    .option("--verbose", "show where an error came from", false);
}

/** Options of a command that works with a model. */
export interface ModelOptions extends CommonOptions {
  readonly model: string;
  readonly weights: "f32" | "int8" | "int4";
}

/** Adds --weights. */
export function addWeightsOption(command: Command): Command {
  return command.addOption(
    new Option("--weights <format>", "how the model's matrices are kept")
      .choices(["f32", "int8", "int4"])
      .default("f32"),
  );
}

/** Adds --model, with the shipped model as default, --weights and the common options. */
export function addModelOptions(command: Command): Command {
  const withModel = command.option("--model <folder>", "model folder", "public/models/showo-tiny");
  return addCommonOptions(addWeightsOption(withModel));
}

/** How images are drawn, where it differs from the model's own way. */
export interface DrawingOptions {
  readonly guidance?: number;
  readonly steps?: number;
}

/** Adds --guidance and --steps. */
export function addDrawingOptions(command: Command): Command {
  return command
    .option("--guidance <scale>", "guidance scale (default: the model's)", numberBetween(0, 20))
    .option("--steps <count>", "decoding steps (default: the model's)", wholeNumber(1, 64));
}
