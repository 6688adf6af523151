/** Which changes of the configuration a safe point lets through. */
import { type Applies, CONFIG_FIELDS, type ConfigKey, type RunConfig } from "../config.ts";

/**
 * `held` with the fields of `wanted` that may change now.
 * @param allowed at a step's start "live" and "nextStep"; inside a step "live" only; "newRun" fields never change
 */
export function takeChanges(held: RunConfig, wanted: RunConfig, allowed: readonly Applies[]): RunConfig {
  const keys = Object.keys(CONFIG_FIELDS) as ConfigKey[];
  const changes = keys.filter((key) => allowed.includes(CONFIG_FIELDS[key].applies));
  return { ...held, ...Object.fromEntries(changes.map((key) => [key, wanted[key]])) };
}
