/**
 * The run configuration: one table that says, for every field, its default, range, unit, source and when a
 * change takes effect. The zod schema, the page's recipe panel, the URL and the CLI flags are all read off it.
 * Light door of the engine: no tfjs here.
 */
import { z } from "zod";

/** When a changed value takes effect: at once, with the next step, or only in a new run. */
export type Applies = "live" | "nextStep" | "newRun";

interface FieldBase {
  readonly label: string;
  readonly help: string;
  readonly applies: Applies;
  /** Where default and range come from (spec section or paper). */
  readonly source: string;
  /** Hidden under "Advanced" on the page unless true. */
  readonly basic?: boolean;
}

export interface NumberField extends FieldBase {
  readonly kind: "number" | "integer";
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string;
  /** Sliders of these fields move in powers of ten. */
  readonly log?: boolean;
}

/** One of a few named ways. */
export interface ChoiceField<Option extends string = string> extends FieldBase {
  readonly kind: "choice";
  readonly default: Option;
  /** What each value is called on the page. */
  readonly options: Readonly<Record<Option, string>>;
}

export type ConfigField = NumberField | ChoiceField;
export type ConfigValue = number | string;

const number = (field: Omit<NumberField, "kind">): NumberField => ({ kind: "number", ...field });
const integer = (field: Omit<NumberField, "kind">): NumberField => ({ kind: "integer", ...field });
const choice = <const Option extends string>(
  field: Omit<ChoiceField<Option>, "kind" | "default"> & { readonly default: NoInfer<Option> },
): ChoiceField<Option> => ({ kind: "choice", ...field });

/** Every field of a run, in the order the page shows them. */
export const CONFIG_FIELDS = {
  promptKind: choice({
    label: "prompts",
    help: "What the prompts ask for: all six of GenEval's tasks in turn, or one of them alone.",
    default: "all",
    options: {
      all: "all kinds",
      single_object: "one thing",
      two_object: "two things",
      counting: "counting",
      colors: "colours",
      position: "position",
      color_attr: "colour binding",
    },
    applies: "nextStep",
    source: "design/ux.md 4.1",
    basic: true,
  }),
  objective: choice({
    label: "objective",
    help: "GRPO moves what the model sampled towards its rewards; SFT teaches it the right answers.",
    default: "grpo",
    options: { grpo: "GRPO", sft: "SFT" },
    applies: "nextStep",
    source: "spec/unirl.md 3 and 4",
    basic: true,
  }),
  imagePath: choice({
    label: "way to the generator",
    help: "Decoupled: a term of its own on the image tokens. End to end: the answers' loss, through the differentiable image.",
    default: "decoupled",
    options: { decoupled: "decoupled", endToEnd: "end to end" },
    applies: "nextStep",
    source: "spec/unirl.md 2 and 3.2",
    basic: true,
  }),
  learningRate: number({
    label: "learning rate",
    help: "Size of each AdamW update of the adapter.",
    default: 1e-4,
    min: 0,
    max: 1e-2,
    step: 1e-6,
    log: true,
    applies: "live",
    source: "spec/unirl.md 10.1: 2e-5 to 3e-4 for LoRA",
    basic: true,
  }),
  klImage: number({
    label: "KL β, images",
    help: "Pull of the image tokens back to the starting model (k3 estimate).",
    default: 0.01,
    min: 0,
    max: 1,
    step: 0.001,
    applies: "live",
    source: "spec/unirl.md 10.1",
    basic: true,
  }),
  klAnswer: number({
    label: "KL β, answers",
    help: "Pull of the answer tokens back to the starting model (k3 estimate).",
    default: 0.04,
    min: 0,
    max: 1,
    step: 0.001,
    applies: "live",
    source: "spec/unirl.md 10.1",
    basic: true,
  }),
  groupSize: integer({
    label: "group size G",
    help: "Images drawn from one prompt and compared with each other.",
    default: 8,
    min: 2,
    max: 32,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 10.1",
    basic: true,
  }),
  promptsPerStep: integer({
    label: "prompts per step",
    help: "Groups that share one update.",
    default: 4,
    min: 1,
    max: 32,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 10.1",
    basic: true,
  }),
  temperature: number({
    label: "temperature",
    help: "Noise on which image tokens are kept at each decoding step, annealed to 0.",
    default: 1,
    min: 0,
    max: 4,
    step: 0.05,
    applies: "live",
    source: "spec/showo.md 5.1, generation_temperature",
    basic: true,
  }),
  guidanceScale: number({
    label: "guidance scale",
    help: "Classifier-free guidance w in (1 + w)·conditional − w·unconditional while drawing.",
    default: 0,
    min: 0,
    max: 10,
    step: 0.1,
    applies: "live",
    source: "spec/unirl.md 8.2: train without guidance",
    basic: true,
  }),
  imageWeight: number({
    label: "image term",
    help: "Weight of the policy term on image tokens.",
    default: 1,
    min: 0,
    max: 2,
    step: 0.05,
    applies: "live",
    source: "spec/unirl.md 10.1",
  }),
  answerWeight: number({
    label: "answer term",
    help: "Weight of the policy term on answer tokens.",
    default: 1,
    min: 0,
    max: 2,
    step: 0.05,
    applies: "live",
    source: "spec/unirl.md 10.1",
  }),
  answerGate: number({
    label: "answer gate",
    help: "Only images whose answer earned at least this reward teach answering (SFT, decoupled: drawing too); 0 lets all in. KL acts on all.",
    default: 1,
    min: 0,
    max: 1,
    step: 0.05,
    applies: "live",
    source: "design/world.md: answering about one's own wrong images teaches guessing; spec/unirl.md 3.3",
  }),
  remaskDraws: integer({
    label: "re-mask draws K",
    help: "Random re-maskings of a finished image on which its log-probs are measured.",
    default: 2,
    min: 1,
    max: 8,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 8.1 and 10.2",
  }),
  remaskMinRatio: number({
    label: "re-mask ratio from",
    help: "Lowest share of image tokens hidden in a re-masking; the draws spread from here to 1.",
    default: 0.6,
    min: 0.05,
    max: 0.99,
    step: 0.01,
    applies: "nextStep",
    source: "spec/unirl.md 10.1",
  }),
  imageEstimator: choice({
    label: "image log-probs",
    help: "Re-mask: hide the finished image again at random. Replay: score each token in the sampler's state where it was decided.",
    default: "remask",
    options: { remask: "re-mask", replay: "replay" },
    applies: "nextStep",
    source: "spec/unirl.md 8.1: MaskGRPO against Mask-GRPO",
  }),
  gumbelTau: number({
    label: "Gumbel τ",
    help: "Temperature of the straight-through Gumbel-softmax behind the differentiable image.",
    default: 1,
    min: 0.3,
    max: 2,
    step: 0.05,
    applies: "live",
    source: "spec/unirl.md 3.1 and 10.1",
  }),
  holdUnderstanding: integer({
    label: "hold understanding",
    help: "End to end: every so many steps the answers' loss trains the generator alone. 0: never, 1: always.",
    default: 0,
    min: 0,
    max: 16,
    step: 1,
    unit: "steps",
    applies: "nextStep",
    source: "spec/unirl.md 10.3, guard against forgetting",
  }),
  innerUpdates: integer({
    label: "updates per rollout μ",
    help: "Updates from the same images; beyond 1 the policy ratio is clipped.",
    default: 1,
    min: 1,
    max: 6,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 10.1",
  }),
  clipLow: number({
    label: "ratio clip, low",
    help: "With several updates per rollout, ratios below 1 − this stop pushing.",
    default: 0.2,
    min: 0.01,
    max: 1,
    step: 0.01,
    applies: "live",
    source: "spec/unirl.md 10.1",
  }),
  clipHigh: number({
    label: "ratio clip, high",
    help: "With several updates per rollout, ratios above 1 + this stop pushing.",
    default: 0.28,
    min: 0.01,
    max: 2,
    step: 0.01,
    applies: "live",
    source: "spec/unirl.md 10.1: clip-higher",
  }),
  advantageScale: choice({
    label: "advantage scale",
    help: "Divide by the group's standard deviation, or not at all (Dr.GRPO).",
    default: "std",
    options: { std: "group std", none: "none" },
    applies: "live",
    source: "spec/unirl.md 8.3 and 10.1",
  }),
  redraws: integer({
    label: "redraws of dead groups",
    help: "Times that groups of equal rewards are replaced by groups of new prompts before learning.",
    default: 0,
    min: 0,
    max: 3,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 8.3: DAPO dynamic sampling",
  }),
  questionsPerImage: integer({
    label: "questions per image",
    help: "The reward is the mean over this many: the template, a paraphrase, a multiple choice. The first one's answer is learnt from.",
    default: 1,
    min: 1,
    max: 3,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 10.1: 1 for parity, 3 recommended",
  }),
  frozenJudge: number({
    label: "frozen judge",
    help: "Share of the reward given by the starting model's answer instead of the learner's own.",
    default: 0,
    min: 0,
    max: 1,
    step: 0.05,
    applies: "live",
    source: "spec/unirl.md 10.4, guard against collusion",
  }),
  decodeSteps: integer({
    label: "decoding steps T",
    help: "MaskGIT steps per image while drawing.",
    default: 8,
    min: 1,
    max: 64,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 10.1, scaled to 64 image tokens",
  }),
  answerTemperature: number({
    label: "answer temperature",
    help: "Temperature of the sampled answers.",
    default: 1,
    min: 0.1,
    max: 2,
    step: 0.05,
    applies: "live",
    source: "spec/unirl.md 10.1",
  }),
  answerMaxTokens: integer({
    label: "answer length",
    help: "Longest answer, in tokens.",
    default: 16,
    min: 1,
    max: 64,
    step: 1,
    applies: "nextStep",
    source: "spec/unirl.md 10.1",
  }),
  advantageClip: number({
    label: "advantage clip",
    help: "Advantages are clamped to ± this value.",
    default: 5,
    min: 0.5,
    max: 10,
    step: 0.5,
    applies: "live",
    source: "spec/unirl.md 10.1",
  }),
  gradientClip: number({
    label: "gradient clip",
    help: "Largest global norm of the adapter's gradient.",
    default: 1,
    min: 0.01,
    max: 100,
    step: 0.01,
    applies: "live",
    source: "spec/unirl.md 10.1",
  }),
  loraRank: integer({
    label: "LoRA rank",
    help: "Rank r of the adapter on every linear layer.",
    default: 16,
    min: 1,
    max: 128,
    step: 1,
    applies: "newRun",
    source: "spec/unirl.md 10.1",
  }),
  loraAlpha: number({
    label: "LoRA alpha",
    help: "The adapter is scaled by alpha / rank.",
    default: 32,
    min: 1,
    max: 512,
    step: 1,
    applies: "newRun",
    source: "spec/unirl.md 10.1",
  }),
  checkpointEvery: integer({
    label: "save every",
    help: "Steps between automatic checkpoints.",
    default: 5,
    min: 1,
    max: 1000,
    step: 1,
    unit: "steps",
    applies: "live",
    source: "design/ux.md section 2",
  }),
  filmstripEvery: integer({
    label: "filmstrip every",
    help: "Steps between drawings of the two fixed prompts.",
    default: 5,
    min: 1,
    max: 1000,
    step: 1,
    unit: "steps",
    applies: "live",
    source: "design/ux.md 4.1",
  }),
  gpuShare: integer({
    label: "GPU share",
    help: "How much of the time may be spent computing, on the GPU or on WebAssembly's processor; below 100 the run rests after each piece of work, so that the desktop stays fluid.",
    default: 100,
    min: 10,
    max: 100,
    step: 5,
    unit: "%",
    applies: "live",
    source: "design/ux.md section 2, speed",
  }),
  memoryBudget: number({
    label: "memory budget",
    help: "What a run may take of the device's memory; it is cut into smaller calls and passes until it fits.",
    default: 4,
    min: 0.05,
    max: 128,
    step: 0.05,
    unit: "GiB",
    applies: "nextStep",
    source: "design/ux.md section 4.6, out of memory",
  }),
  seed: integer({
    label: "seed",
    help: "Same seed, same run.",
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    step: 1,
    applies: "newRun",
    source: "design/ux.md section 1, lesson 5",
    basic: true,
  }),
} as const satisfies Record<string, ConfigField>;

export type ConfigKey = keyof typeof CONFIG_FIELDS;
type ValueOf<Field> = Field extends ChoiceField<infer Option> ? Option : number;
export type RunConfig = { [K in ConfigKey]: ValueOf<(typeof CONFIG_FIELDS)[K]> };

/** Whether a field may have this value; whole numbers are the schema's business. */
export function isInRange(field: ConfigField, value: ConfigValue): boolean {
  if (field.kind === "choice") return Object.hasOwn(field.options, value);
  return typeof value === "number" && value >= field.min && value <= field.max;
}

/** What a field's value must be, in words that follow "must be". */
export function describeRange(field: ConfigField): string {
  if (field.kind === "choice") return `one of ${Object.keys(field.options).join(", ")}`;
  return `between ${field.min} and ${field.max}`;
}

function fieldSchema(field: ConfigField) {
  if (field.kind === "choice") return z.enum(Object.keys(field.options)).default(field.default);
  const base = z.number().min(field.min).max(field.max);
  return (field.kind === "integer" ? base.int() : base).default(field.default);
}

/** Validates a run configuration; missing fields take their defaults, unknown ones are refused. */
export const runConfigSchema = z.strictObject(
  Object.fromEntries(Object.entries(CONFIG_FIELDS).map(([key, field]) => [key, fieldSchema(field)])),
) as unknown as z.ZodType<RunConfig, Partial<RunConfig>>;

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
