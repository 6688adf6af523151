/** What `unirl train` was asked for, and the run configuration made of it. */
import { InvalidArgumentError } from "commander";
import {
  CONFIG_FIELDS,
  type ConfigField,
  type ConfigKey,
  type ConfigValue,
  PRESETS,
  type PresetName,
  type RunConfig,
  runConfigSchema,
} from "../../engine/config.ts";
import { EngineError } from "../../engine/errors.ts";
import type { ModelOptions } from "../options.ts";

export interface TrainOptions extends ModelOptions {
  readonly preset: PresetName;
  readonly steps: number;
  readonly set: Readonly<Record<string, ConfigValue>>;
  readonly prompts: "validation" | "test";
  /** Prompts scored before and after; 0 scores nothing. */
  readonly evalPrompts: number;
  /** Real scenes asked about before and after. */
  readonly evalScenes: number;
  /** Steps between evaluations on the way; 0: only before and after. */
  readonly evalEvery: number;
  /** Folder of a detector that judges the images of every evaluation. */
  readonly judge?: string;
  readonly out?: string;
  readonly resume?: string;
}

/** Collects `key=value` of repeated --set flags, for commander. */
export function collectSetting(
  text: string,
  before: Readonly<Record<string, ConfigValue>>,
): Record<string, ConfigValue> {
  const [key = "", value = ""] = text.split("=", 2);
  if (!Object.hasOwn(CONFIG_FIELDS, key)) {
    throw new InvalidArgumentError(
      `There is no setting "${key}". Known: ${Object.keys(CONFIG_FIELDS).join(", ")}.`,
    );
  }
  const field: ConfigField = CONFIG_FIELDS[key as ConfigKey];
  if (field.kind === "choice") {
    const names = Object.keys(field.options);
    if (names.includes(value)) return { ...before, [key]: value };
    throw new InvalidArgumentError(`Give ${key} one of ${names.join(", ")}, as in --set ${key}=${names[0]}.`);
  }
  if (value.trim() === "" || !Number.isFinite(Number(value))) {
    throw new InvalidArgumentError(`Give ${key} a number, as in --set ${key}=1.`);
  }
  return { ...before, [key]: Number(value) };
}

/** Checks a whole configuration. @throws EngineError("badConfig") naming the field that is out of range */
export function validateConfig(config: Readonly<Record<string, ConfigValue>>): RunConfig {
  const parsed = runConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new EngineError("badConfig", `These settings cannot be used. ${reasons.join("; ")}.`);
}

/** Preset, then --set, then --seed. @throws EngineError("badConfig") */
export function chooseConfig({
  preset,
  set,
  seed,
}: Pick<TrainOptions, "preset" | "set" | "seed">): RunConfig {
  return validateConfig({ ...PRESETS[preset], ...set, seed });
}
