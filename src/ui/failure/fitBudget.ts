/** Another memory budget after memory ran out: which, and in what words. */
import { CONFIG_FIELDS } from "../../engine/config.ts";

const GIB = 2 ** 30;

export interface FittingBudget {
  /** GiB, as the setting takes it. */
  readonly budget: number;
  /** The run was refused before it began; otherwise it goes on. */
  readonly isNewRun: boolean;
  readonly words: string;
}

/**
 * @param peak bytes that the smallest cut takes, where the plan was refused before anything was allocated
 * @param planned what the run was planned to take when the device had no more
 * @returns null where no budget would help
 */
export function fitBudget(
  peak: unknown,
  planned: { readonly peakBytes: number } | undefined,
): FittingBudget | null {
  const { min, max, step } = CONFIG_FIELDS.memoryBudget;
  const round = (steps: number) => Number((steps * step).toFixed(2));
  if (typeof peak === "number") {
    const budget = Math.max(min, round(Math.ceil(peak / GIB / step)));
    return budget > max ? null : { budget, isNewRun: true, words: `Let it take ${budget} GiB` };
  }
  if (!planned) return null;
  const budget = round(Math.floor(planned.peakBytes / 2 / GIB / step));
  return budget < min ? null : { budget, isNewRun: false, words: `Go on with ${budget} GiB` };
}
