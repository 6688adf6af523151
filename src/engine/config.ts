/**
 * The run configuration: a table (`config/`) that says, for every field, its default, range, unit, source and when a
 * change takes effect. The zod schema, the page's recipe panel, the URL and the CLI flags are all read off it.
 * Light door of the engine: no tfjs here.
 */
import { en } from "zod/locales";
import * as z from "zod/mini";
import { ALGORITHM_FIELDS } from "./config/algorithmFields.ts";
import type { ChoiceField, ConfigField } from "./config/field.ts";
import { RECIPE_FIELDS } from "./config/recipeFields.ts";
import { RUN_FIELDS } from "./config/runFields.ts";

// The small zod brings no words for what it refuses; people read them.
z.config(en());

export {
  type Applies,
  type ConfigField,
  type ConfigValue,
  describeRange,
  isInRange,
} from "./config/field.ts";

/** Every field of a run, in the order the page shows them. */
export const CONFIG_FIELDS = {
  ...RECIPE_FIELDS,
  ...ALGORITHM_FIELDS,
  ...RUN_FIELDS,
} as const satisfies Record<string, ConfigField>;

export type ConfigKey = keyof typeof CONFIG_FIELDS;
type ValueOf<Field> = Field extends ChoiceField<infer Option> ? Option : number;
export type RunConfig = { [K in ConfigKey]: ValueOf<(typeof CONFIG_FIELDS)[K]> };

function fieldSchema(field: ConfigField) {
  if (field.kind === "choice") return z._default(z.enum(Object.keys(field.options)), field.default);
  const base = field.kind === "integer" ? z.int() : z.number();
  return z._default(base.check(z.minimum(field.min), z.maximum(field.max)), field.default);
}

/** Validates a run configuration; missing fields take their defaults, unknown ones are refused. */
export const runConfigSchema = z.strictObject(
  Object.fromEntries(Object.entries(CONFIG_FIELDS).map(([key, field]) => [key, fieldSchema(field)])),
) as unknown as z.ZodMiniType<RunConfig, Partial<RunConfig>>;

/** Named starting points; each is the difference to the defaults. */
export const PRESETS = {
  /**
   * Decoupled image term, answer term on sampled answers: spec/unirl.md 10.1 column "robust". Differs: models of a few
   * million parameters bear a higher rate, and with it want a stronger pull (docs/RESULTS.md).
   */
  robust: { learningRate: 6e-4, klImage: 0.02 },
  /**
   * The paper's GRPO: the answers' policy term alone, reaching the generator through the image; group of 3 on each of
   * 8 machines, β 0.2. Source: spec/unirl.md 4.2, 4.3, 10.4. Differs: an adapter learns, so at ten times the paper's rate; six times
   * that spoilt the drawings (docs/RESULTS.md).
   */
  "paper-showo": {
    imagePath: "endToEnd",
    learningRate: 1e-4,
    groupSize: 3,
    promptsPerStep: 8,
    imageWeight: 0,
    klImage: 0,
    klAnswer: 0.2,
    answerGate: 0,
  },
  /** The paper's SFT: cross-entropy of the gold answer through the image, nothing else. Source: spec/unirl.md 3.2. */
  "sft-e2e": {
    objective: "sft",
    imagePath: "endToEnd",
    learningRate: 1e-4,
    imageWeight: 0,
    klImage: 0,
    klAnswer: 0,
    answerGate: 0,
  },
  /** Filtered self-distillation: only images answered rightly teach, drawing and answering. Source: spec/unirl.md 3.3. */
  "sft-decoupled": { objective: "sft", learningRate: 1e-4, klImage: 0, klAnswer: 0, answerGate: 1 },
} as const satisfies Record<string, Partial<RunConfig>>;

export type PresetName = keyof typeof PRESETS;

/** The configuration of a preset with changes on top. @throws ZodError when a value is out of range */
export function makeConfig(preset: PresetName = "robust", changes: Partial<RunConfig> = {}): RunConfig {
  return runConfigSchema.parse({ ...PRESETS[preset], ...changes });
}

/** The keys in which two configurations differ. */
export function diffConfig(before: RunConfig, after: RunConfig): ConfigKey[] {
  return (Object.keys(CONFIG_FIELDS) as ConfigKey[]).filter((key) => before[key] !== after[key]);
}
