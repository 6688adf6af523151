/** Changes of the recipe that the page offers to make, in words. Pure. */
import { CONFIG_FIELDS, type RunConfig } from "../engine/config.ts";
import { CHANGE_WORDS, NOTICE_WORDS } from "./text/notices.ts";

/** What a notice or a card offers to do. */
export type Offer =
  /** Of a run whose weights may be spoilt "restart" begins a new one with the change, "rollBack" goes back to its last checkpoint. */
  | {
      readonly kind: "change" | "restart" | "rollBack";
      readonly words: string;
      readonly changes: Readonly<Partial<RunConfig>>;
    }
  | { readonly kind: "compare"; readonly words: string };

type Changeable = keyof typeof CHANGE_WORDS;

type Change = Extract<Offer, { readonly changes: unknown }>;

/** Offers a new value of a setting, within its range; null when it is there already. */
export function offer(config: RunConfig, key: Changeable, wanted: number): Change | null {
  const { min, max, step, kind } = CONFIG_FIELDS[key];
  const near =
    kind === "integer" ? Math.round(wanted) : Number((Math.round(wanted / step) * step).toPrecision(6));
  const value = Math.min(max, Math.max(min, near));
  if (value === config[key]) return null;
  return { kind: "change", words: CHANGE_WORDS[key](value), changes: { [key]: value } };
}

export const halfRate = (config: RunConfig) => offer(config, "learningRate", config.learningRate / 2);

/** The same step would give the same numbers again, so that the rate is halved with it. */
export function offerRollBack(config: RunConfig, savedStep: number): Change {
  const slower = halfRate(config);
  const words = NOTICE_WORDS.rollBack(savedStep, slower?.words ?? null);
  return { kind: "rollBack", words, changes: slower?.changes ?? {} };
}
