/** A study's results as Markdown tables and curves. Pure: results in, text out. */
import { type Estimate, type ScoredImage, scoreGain, TAGS } from "../../src/engine/index.ts";
import { COLOURS, lineChart, type Series } from "../lineChart.ts";
import { imagesPerStep, type Variant } from "./plan.ts";
import type { MeasuredState, StudyResults, StudyRun } from "./results.ts";

const SHORT_NAMES = ["single", "two", "counting", "colours", "position", "attribution"];
/** Steps at the end of a run over which its KL is averaged. */
const LAST_STEPS = 10;
/** Images of a run that make one point of its curve. */
const CURVE_PART = 640;

type Value = number | null | undefined;

/** Mean, and over several seeds the standard deviation (n − 1). */
export function meanAndSpread(values: readonly Value[], digits = 3): string {
  const known = values.filter((value): value is number => typeof value === "number" && !Number.isNaN(value));
  if (known.length === 0) return "–";
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length === 1) return mean.toFixed(digits);
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(variance).toFixed(digits)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The runs of each variant, in the order of the plan. */
function groupRuns(runs: readonly StudyRun[]): [Variant, StudyRun[]][] {
  const groups = new Map<Variant, StudyRun[]>();
  for (const run of runs) groups.set(run.variant, [...(groups.get(run.variant) ?? []), run]);
  return [...groups];
}

/** One row per variant: its name, how many seeds, and each column's mean and spread. */
function rowsOf<S extends MeasuredState>(
  states: readonly [string, readonly S[]][],
  columns: readonly ((state: S) => Value)[],
): string[][] {
  return states.map(([name, group]) => [
    group.length > 1 ? `${name}, ${group.length} seeds` : name,
    ...columns.map((read) => meanAndSpread(group.map(read))),
  ]);
}

/** What the judge's scores gained, all seeds of a variant together: intervals resample prompts, seeds within them. */
function gainOf(base: MeasuredState, runs: readonly StudyRun[], chosen: (image: ScoredSeen) => boolean) {
  const keep = runs.flatMap(() => base.images.map(chosen));
  const before: ScoredImage[] = runs.flatMap(() => base.images);
  const after: ScoredImage[] = runs.flatMap(({ images }) => images);
  return scoreGain(
    before.filter((_, at) => keep[at]),
    after.filter((_, at) => keep[at]),
    0,
  );
}

type ScoredSeen = { readonly seen: boolean };

/** Overall, and of compositions that training may and may not have. */
function gainCells(base: MeasuredState, runs: readonly StudyRun[]): string[] {
  const shares = [() => true, ({ seen }: ScoredSeen) => seen, ({ seen }: ScoredSeen) => !seen];
  return shares.map((chosen) => spellGain(gainOf(base, runs, chosen).overall));
}

function taskGainCells(base: MeasuredState, runs: readonly StudyRun[]): string[] {
  const { tasks } = gainOf(base, runs, () => true);
  return TAGS.map((tag) => spellGain(tasks.get(tag)));
}

function spellGain(gain: Estimate | undefined): string {
  return gain ? `${signed(gain.mean)} (${signed(gain.low)} to ${signed(gain.high)})` : "–";
}

function signed(value: number): string {
  if (Number.isNaN(value)) return "–";
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

function lastMean(steps: StudyRun["steps"], name: string): Value {
  const values = steps
    .slice(-LAST_STEPS)
    .map((step) => step[name])
    .filter((value) => typeof value === "number");
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The study's tables. */
export function reportStudy({ base, runs, missing }: StudyResults): string {
  const groups = groupRuns(runs);
  const states: [string, readonly MeasuredState[]][] = [
    ["base", [base]],
    ...groups.map(([{ name }, group]): [string, readonly MeasuredState[]] => [name, group]),
  ];
  const trained = groups.map(([{ name }, group]): [string, readonly StudyRun[]] => [name, group]);
  const tagColumns = TAGS.map((tag) => tag as string);
  const parts = [
    "### Drawing, before the outside judge",
    table(
      ["", "overall", ...SHORT_NAMES, "seen", "unseen"],
      rowsOf(states, [
        ({ geneval }) => geneval.overall,
        ...tagColumns.map(
          (tag) =>
            ({ geneval }: MeasuredState) =>
              geneval.tasks[tag],
        ),
        ({ geneval }) => geneval.seen.overall,
        ({ geneval }) => geneval.unseen.overall,
      ]),
    ),
    "Gains over the base, image by image on the same prompts and seeds; 95 % intervals over prompts.",
    table(
      ["", "overall", "seen", "unseen"],
      trained.map(([name, group]) => [name, ...gainCells(base, group)]),
    ),
    table(
      ["", ...SHORT_NAMES],
      trained.map(([name, group]) => [name, ...taskGainCells(base, group)]),
    ),
    "### Understanding of rendered scenes, exact answers",
    table(
      ["", "all", ...SHORT_NAMES, "unseen", "blank image", "another image"],
      rowsOf(states, [
        ({ understanding }) => understanding.real.exact.mean,
        ...tagColumns.map(
          (tag) =>
            ({ understanding }: MeasuredState) =>
              understanding.real.exactByTag[tag]?.mean,
        ),
        ({ understanding }) => understanding.real.exactUnseen.mean,
        ({ understanding }) => understanding.blanked.exact.mean,
        ({ understanding }) => understanding.swapped.exact.mean,
      ]),
    ),
    "### Balance, self-deception, variety",
    table(
      [
        "",
        "Acc(MMU\\|T2I)",
        "Acc(T2I\\|MMU)",
        "self-reward",
        "self − judge",
        "own − frozen answers",
        "token entropy",
        "token distance",
      ],
      rowsOf(states, [
        ({ balance }) => balance["Acc(MMU|T2I)"]?.all.share.mean,
        ({ balance }) => balance["Acc(T2I|MMU)"]?.all.share.mean,
        ({ geneval }) => geneval.self.reward.mean,
        ({ geneval }) => geneval.self.excess.mean,
        ({ frozen }) => frozen.excess.mean,
        ({ variety }) => variety.tokenEntropy.mean,
        ({ variety }) => variety.tokenDistance.mean,
      ]),
    ),
    ...(["Acc(MMU|T2I)", "Acc(T2I|MMU)"] as const).flatMap((metric) => [
      `${metric.replace("|", "\\|")} by task:`,
      table(
        ["", ...SHORT_NAMES],
        rowsOf(
          states,
          tagColumns.map(
            (tag) =>
              ({ balance }: MeasuredState) =>
                balance[metric]?.tasks[tag]?.share.mean,
          ),
        ),
      ),
    ]),
    "### Cost",
    table(
      [
        "",
        "steps",
        `image KL, last ${LAST_STEPS} steps`,
        `answer KL, last ${LAST_STEPS} steps`,
        "minutes of training",
      ],
      trained.map(([name, group]) => [
        name,
        meanAndSpread(
          group.map(({ steps }) => steps.at(-1)?.step),
          0,
        ),
        meanAndSpread(group.map(({ steps }) => lastMean(steps, "klImage"))),
        meanAndSpread(
          group.map(({ steps }) => lastMean(steps, "klAnswer")),
          5,
        ),
        meanAndSpread(
          group.map(({ steps }) => steps.reduce((sum, { stepSeconds }) => sum + stepSeconds, 0) / 60),
          1,
        ),
      ]),
    ),
  ];
  if (missing.length > 0) {
    const names = missing.map(({ variant, seed }) => `${variant.name} (seed ${seed})`);
    parts.push(`Not measured yet: ${names.join("; ")}.`);
  }
  return `${parts.join("\n\n")}\n`;
}

/** Mean of a metric over the runs' steps, part by part of the images drawn: [images at the middle of the part, mean]. */
function curveOf(variant: Variant, group: readonly StudyRun[], name: string): [number, number][] {
  const perStep = imagesPerStep(variant);
  const parts = new Map<number, number[]>();
  for (const { step, [name]: value } of group.flatMap(({ steps }) => steps)) {
    // Counted by images, so that runs with other steps, or with a missing one, are not mixed up.
    const part = Math.floor(((step - 0.5) * perStep) / CURVE_PART);
    if (typeof value === "number") parts.set(part, [...(parts.get(part) ?? []), value]);
  }
  return [...parts]
    .toSorted(([a], [b]) => a - b)
    .map(([part, values]) => {
      return [(part + 0.5) * CURVE_PART, values.reduce((sum, value) => sum + value, 0) / values.length];
    });
}

/** The images that runs learnt from: their own reward (dashed) and the share the judge finds right (solid), by variant. */
export function drawCurves({ runs }: StudyResults): string {
  const compared = groupRuns(runs).filter(([{ seeds }]) => seeds.length > 1);
  const series = compared.flatMap(([variant, group], at): Series[] => {
    const { name } = variant;
    const colour = COLOURS[at % COLOURS.length] ?? "#000000";
    return [
      { name: `${name}: judge`, colour, points: curveOf(variant, group, "judgedMean") },
      {
        name: `${name}: self-reward`,
        colour,
        points: curveOf(variant, group, "rewardMean"),
        look: "dashed",
      },
    ];
  });
  return lineChart("score of the images learnt from, mean of seeds", "drawn images", series, 1);
}
