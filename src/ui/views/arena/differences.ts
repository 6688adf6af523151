/** The settings in which two states of the model differ, in the words of the recipe. Pure. */
import {
  CONFIG_FIELDS,
  type ConfigKey,
  type ConfigValue,
  diffConfig,
  makeConfig,
  type RunConfig,
} from "../../../engine/config.ts";
import type { Both } from "../../stores/arenaStore.ts";
import { DIFFERENCE_WORDS } from "../../text/arena.ts";

export interface Compared {
  readonly names: Both<string>;
  /** Null for the model as it came, and where it is not known. */
  readonly configs: Both<RunConfig | null>;
}

export interface Difference {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

function spell(key: ConfigKey, value: ConfigValue): string {
  const field = CONFIG_FIELDS[key];
  if (field.kind !== "choice") return String(value);
  return (field.options as Readonly<Record<string, string>>)[String(value)] ?? String(value);
}

const rowsOf = (before: RunConfig, after: RunConfig): Difference[] =>
  diffConfig(before, after).map((key) => ({
    label: CONFIG_FIELDS[key].label,
    before: spell(key, before[key]),
    after: spell(key, after[key]),
  }));

/** Two runs differ in their settings; beside the model as it came, a run differs from the usual settings. */
export function listDifferences({ names, configs: [first, second] }: Compared): {
  readonly words: string;
  readonly rows: readonly Difference[];
} {
  if (first && second) {
    const rows = rowsOf(first, second);
    const words = rows.length === 0 ? DIFFERENCE_WORDS.sameSettings : DIFFERENCE_WORDS.between(...names);
    return { words, rows };
  }
  const trained = first ?? second;
  if (!trained) return { words: DIFFERENCE_WORDS.untrained, rows: [] };
  const rows = rowsOf(makeConfig(), trained);
  const name = first ? names[0] : names[1];
  return { words: rows.length === 0 ? DIFFERENCE_WORDS.usual(name) : DIFFERENCE_WORDS.unusual(name), rows };
}
