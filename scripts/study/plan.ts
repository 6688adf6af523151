/**
 * What the study runs: every variant and seed is trained on the same number of drawn images and measured in the same way.
 * Pure: jobs as data, in the order in which they can run.
 */
import { type ConfigValue, makeConfig, type PresetName } from "../../src/engine/config.ts";

export interface Variant {
  readonly name: string;
  readonly preset: PresetName;
  readonly set: Readonly<Record<string, ConfigValue>>;
  readonly seeds: readonly number[];
}

export interface StudyOptions {
  readonly out: string;
  readonly model: string;
  /** Folder of the outside judge's detector. */
  readonly judge: string;
  /** Images that each run draws while it learns. */
  readonly images: number;
  /** Test prompts that are judged; all when absent. */
  readonly limit?: number;
  /** Images per judged prompt. */
  readonly n: number;
  readonly variants: readonly Variant[];
}

/** One command of `unirl`, and the file that its results go to. Done when the file is there. */
export interface Job {
  readonly args: readonly string[];
  readonly result: string;
  /** Given a checkpoint that an interrupted run left, the job goes on from it. */
  readonly checkpoint?: string;
  /** Results that must be there before. */
  readonly needs: readonly string[];
}

const THREE_SEEDS = [0, 1, 2];

/** The paper's four ways on three seeds each; group size and β of the robust one on one seed. */
export const VARIANTS: readonly Variant[] = [
  ...(["robust", "paper-showo", "sft-e2e", "sft-decoupled"] as const).map((preset) => ({
    name: preset,
    preset,
    set: {},
    seeds: THREE_SEEDS,
  })),
  ...[4, 16].map((groupSize) => ({
    name: `robust, G ${groupSize}`,
    preset: "robust" as const,
    set: { groupSize },
    seeds: [0],
  })),
  ...[0, 0.1].map((klImage) => ({
    name: `robust, β ${klImage}`,
    preset: "robust" as const,
    set: { klImage },
    seeds: [0],
  })),
];

/** Images that each task is measured with at the least: counting has 14 test prompts, and a sixth of the score. */
const TASK_IMAGES = 160;
/** Validation prompts, an image each, that a run is scored on before, twice on the way and after. */
const CURVE_PROMPTS = 72;
const CURVE_PARTS = 3;

/** Images that a variant draws in a step. */
export function imagesPerStep({ preset, set }: Variant): number {
  const { groupSize, promptsPerStep } = makeConfig(preset, set);
  return groupSize * promptsPerStep;
}

/** Steps in which a variant draws so many images; at least one. */
export function stepsFor(variant: Variant, images: number): number {
  return Math.max(1, Math.round(images / imagesPerStep(variant)));
}

/** Folder of one run, without spaces or letters that a shell minds. */
export function runFolder(out: string, name: string, seed: number): string {
  return `${out}/${name
    .replace("β", "beta")
    .replaceAll(/[^a-z0-9.]+/gi, "-")
    .toLowerCase()}-${seed}`;
}

/** Judges a state of the model: GenEval, understanding and self-deception, balance. */
function measureJobs(
  { model, judge, limit, n }: StudyOptions,
  folder: string,
  adapter: readonly string[],
  pool: string,
  needs: readonly string[],
): Job[] {
  const limited = limit === undefined ? [] : ["--limit", String(limit)];
  const shared = [
    ...["eval", "--model", model, ...adapter, "--judge", judge, "--prompts", "test", ...limited],
    ...["--n", String(n), "--task-images", String(TASK_IMAGES)],
    ...["--out", `${folder}/judged.jsonl`, "--json"],
  ];
  const geneval = `${folder}/geneval.json`;
  return [
    { args: [...shared, "--suite", "geneval"], result: geneval, needs },
    { args: [...shared, "--suite", "ablations"], result: `${folder}/ablations.json`, needs: [geneval] },
    {
      args: [...shared, "--suite", "imbalance", "--pool", `${pool}/judged.jsonl`],
      result: `${folder}/imbalance.json`,
      needs: [geneval, `${pool}/geneval.json`],
    },
  ];
}

/** Every run of the variants, in order. */
export function listRuns({ out, variants }: Pick<StudyOptions, "out" | "variants">) {
  return variants.flatMap((variant) =>
    variant.seeds.map((seed) => ({ variant, seed, folder: runFolder(out, variant.name, seed) })),
  );
}

/** Folder of the untrained model's measurements. */
export const baseFolder = (out: string) => `${out}/base`;

/** All jobs of a study, seed after seed and balance, the longest to measure, last: one
 * that is stopped early has seen every variant. The base model's images are the pool of every trained one; its own is the first run's. */
export function planStudy(options: StudyOptions): Job[] {
  const { out, model, judge, images } = options;
  const base = baseFolder(out);
  const runs = listRuns(options);
  const bySeed = runs.toSorted((a, b) => a.seed - b.seed);
  const trained = bySeed.flatMap(({ variant, seed, folder }): Job[] => {
    const settings = Object.entries(variant.set).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    const checkpoint = `${folder}/checkpoint.safetensors`;
    const steps = stepsFor(variant, images);
    const train: Job = {
      args: [
        ...["train", "--model", model, "--preset", variant.preset, "--seed", String(seed)],
        ...["--steps", String(steps), "--prompts", "validation", "--judge", judge],
        ...["--eval-prompts", String(CURVE_PROMPTS), "--eval-scenes", "0"],
        ...["--eval-every", String(Math.ceil(steps / CURVE_PARTS))],
        ...["--out", folder, "--json", ...settings],
      ],
      result: `${folder}/train.json`,
      checkpoint,
      needs: [],
    };
    return [train, ...measureJobs(options, folder, ["--adapter", checkpoint], base, [train.result])];
  });
  const jobs = [...measureJobs(options, base, [], runs[0]?.folder ?? base, []), ...trained];
  const isLast = ({ result }: Job) => result.endsWith("/imbalance.json");
  return [...jobs.filter((job) => !isLast(job)), ...jobs.filter(isLast)];
}
