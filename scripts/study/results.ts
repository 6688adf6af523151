/** Reads what a study's jobs wrote. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { isRedraw, type JudgedImage, parseJudgedFile } from "../../src/engine/index.ts";
import { baseFolder, listRuns, type StudyOptions, type Variant } from "./plan.ts";

const estimate = z.object({
  mean: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
const byTag = z.record(z.string(), estimate);
const scores = z.object({ overall: z.number().nullable(), tasks: z.record(z.string(), z.number()) });

const genevalLine = scores.extend({
  seen: scores,
  unseen: scores,
  self: z.object({ reward: estimate, excess: estimate }),
});
const understandingLine = z.object({
  shown: z.enum(["real", "blanked", "swapped"]),
  exact: estimate,
  exactByTag: byTag,
  exactUnseen: estimate,
});
const frozenLine = z.object({
  ablation: z.literal("frozenJudge"),
  own: estimate,
  frozen: estimate,
  excess: estimate,
});
const varietyLine = z.object({
  ablation: z.literal("variety"),
  tokenEntropy: estimate,
  tokenDistance: estimate,
});
const imbalanceLine = z.object({
  metric: z.enum(["Acc(MMU|T2I)", "Acc(T2I|MMU)"]),
  all: z.object({ share: estimate }),
  tasks: z.record(z.string(), z.object({ share: estimate })),
});
const stepLine = z.looseObject({
  type: z.literal("stepFinished"),
  step: z.number(),
  stepSeconds: z.number(),
});
export type StepMetrics = z.infer<typeof stepLine>;

/** One state of the model, measured. */
export interface MeasuredState {
  readonly geneval: z.infer<typeof genevalLine>;
  readonly images: readonly Omit<JudgedImage, "promptIndex">[];
  readonly understanding: Readonly<Record<"real" | "blanked" | "swapped", z.infer<typeof understandingLine>>>;
  readonly frozen: z.infer<typeof frozenLine>;
  readonly variety: z.infer<typeof varietyLine>;
  /** Acc(MMU|T2I) and Acc(T2I|MMU), the longest to measure; empty until they are. */
  readonly balance: Readonly<Partial<Record<"Acc(MMU|T2I)" | "Acc(T2I|MMU)", z.infer<typeof imbalanceLine>>>>;
}

/** A trained and measured run. */
export interface StudyRun extends MeasuredState {
  readonly variant: Variant;
  readonly seed: number;
  readonly steps: readonly StepMetrics[];
}

export interface StudyResults {
  readonly base: MeasuredState;
  readonly runs: readonly StudyRun[];
  /** Runs that are not measured yet. */
  readonly missing: readonly { readonly variant: Variant; readonly seed: number }[];
}

function readLines(path: string): unknown[] {
  const text = readFileSync(path, "utf8").trim();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as unknown);
}

/** The lines of a kind. @throws Error naming the file when there are fewer than `atLeast` */
function pick<T>(path: string, schema: z.ZodType<T>, atLeast = 1): T[] {
  const found = readLines(path).flatMap((line) => {
    const parsed = schema.safeParse(line);
    return parsed.success ? [parsed.data] : [];
  });
  if (found.length < atLeast)
    throw new Error(`${path} lacks what the report needs. Delete it and run the study again.`);
  return found;
}

const isMeasured = (folder: string) =>
  ["geneval", "ablations"].every((name) => existsSync(`${folder}/${name}.json`));

function readState(folder: string): MeasuredState {
  const [geneval] = pick(`${folder}/geneval.json`, genevalLine);
  const ablations = `${folder}/ablations.json`;
  const [frozen] = pick(ablations, frozenLine);
  const [variety] = pick(ablations, varietyLine);
  const path = `${folder}/judged.jsonl`;
  const file = parseJudgedFile({ name: path, text: readFileSync(path, "utf8") });
  const understanding = Object.fromEntries(
    pick(ablations, understandingLine, 3).map((line) => [line.shown, line]),
  );
  const imbalance = `${folder}/imbalance.json`;
  const balance = Object.fromEntries(
    existsSync(imbalance) ? pick(imbalance, imbalanceLine, 2).map((line) => [line.metric, line]) : [],
  );
  if (!geneval || !frozen || !variety || !file) throw new Error(`${folder} is incomplete.`);
  return {
    geneval,
    frozen,
    variety,
    // The imbalance suite keeps its redraws in the same file; and where a measurement was added to, the order is its own.
    images: file.images.filter((image) => !isRedraw(image)).toSorted((a, b) => (a.seed < b.seed ? -1 : 1)),
    understanding: understanding as MeasuredState["understanding"],
    balance: balance as MeasuredState["balance"],
  };
}

/** @throws Error when the base is not measured yet, or a file is damaged */
export function readResults(options: Pick<StudyOptions, "out" | "variants">): StudyResults {
  const base = baseFolder(options.out);
  if (!isMeasured(base)) throw new Error(`${base} is not measured yet. Run the study first.`);
  const runs = listRuns(options);
  return {
    base: readState(base),
    runs: runs
      .filter(({ folder }) => isMeasured(folder))
      .map(({ variant, seed, folder }): StudyRun => {
        return {
          ...readState(folder),
          variant,
          seed,
          steps: pick(`${folder}/metrics.jsonl`, stepLine),
        };
      }),
    missing: runs.filter(({ folder }) => !isMeasured(folder)),
  };
}
