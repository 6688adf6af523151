/** What a run is called that nobody has given a title: the lesson or preset it is nearest to, and how it differs. */
import {
  CONFIG_FIELDS,
  type ConfigKey,
  diffConfig,
  makeConfig,
  PRESETS,
  type RunConfig,
} from "../engine/config.ts";
import type { RunSummary } from "../protocol/events.ts";
import { configOf, LESSONS } from "./lessons/lessons.ts";
import { presetNamed } from "./session.ts";
import { spellValue } from "./text/config.ts";

/** How a run is kept and shown, and what it may use: the model learns the same. */
const HOUSEKEEPING: readonly ConfigKey[] = ["checkpointEvery", "filmstripEvery", "gpuShare", "memoryBudget"];
/** Differences that fit a name. */
const NAMED = 2;

interface Base {
  /** Empty where the differences alone say it. */
  readonly title: string;
  readonly config: RunConfig;
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function basesOf(preset: string): Base[] {
  const known = presetNamed(preset);
  const lessons = LESSONS.filter((lesson) => lesson.preset === known);
  return [
    { title: "", config: makeConfig(known) },
    ...lessons.map((lesson) => ({ title: lesson.title, config: configOf(lesson) })),
  ];
}

/** "Robust", "Counting", "Counting, seed 3", "Learning rate 2e-3, group size G 4 and 1 more". */
export function nameByDifference({ preset, config }: Pick<RunSummary, "preset" | "config">): string {
  const candidates = basesOf(preset).map(({ title, config: base }) => {
    return { title, keys: diffConfig(base, config).filter((key) => !HOUSEKEEPING.includes(key)) };
  });
  // The first of the nearest: the preset itself, unless a lesson is nearer.
  const { title, keys } = candidates.reduce((best, next) =>
    next.keys.length < best.keys.length ? next : best,
  );
  const named = keys
    .slice(0, NAMED)
    .map((key) => `${CONFIG_FIELDS[key].label} ${spellValue(key, config[key])}`);
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : "";
  // A preset of a newer version has a name all the same.
  const base = title || (keys.length === 0 || !(preset in PRESETS) ? preset : "");
  return capitalise([...(base === "" ? [] : [base]), ...named].join(", ") + more);
}
