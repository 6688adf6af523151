/**
 * Group-relative advantages.
 * Source: spec/unirl.md 4.2 and 10.1. Population standard deviation, as the group is all there is.
 */

const EPSILON = 1e-4;
/** Rewards are sums of a few fractions; differences below this are rounding. */
const EQUAL_REWARDS = 1e-6;

/** Mean and population standard deviation of a group. @param rewards [G], G ≥ 1 */
export function groupStatistics(rewards: readonly number[]): { mean: number; std: number } {
  const mean = rewards.reduce((total, reward) => total + reward, 0) / rewards.length;
  const variance = rewards.reduce((total, reward) => total + (reward - mean) ** 2, 0) / rewards.length;
  return { mean, std: Math.sqrt(variance) };
}

/** Whether all rewards of a group are equal, so that it teaches nothing. @param rewards [G] */
export function isDeadGroup(rewards: readonly number[]): boolean {
  return groupStatistics(rewards).std < EQUAL_REWARDS;
}

/**
 * A_i = clamp((r_i − mean r) / scale, ±clip), scale = std r + 1e-4, or 1 for Dr.GRPO; all 0 for a dead group. Sums to 0
 * unless clipped.
 * @param rewards [G] @returns [G]
 */
export function computeAdvantages(
  rewards: readonly number[],
  clip: number,
  scale: "std" | "none" = "std",
): number[] {
  const { mean, std } = groupStatistics(rewards);
  if (std < EQUAL_REWARDS) return rewards.map(() => 0);
  const divisor = scale === "std" ? std + EPSILON : 1;
  return rewards.map((reward) => Math.max(-clip, Math.min(clip, (reward - mean) / divisor)));
}
