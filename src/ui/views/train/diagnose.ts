/** Reads the curves as a patient teacher would: what is going wrong, in words, and what to try. */
import type { RunConfig } from "../../../engine/config.ts";
import type { MetricName } from "../../../protocol/record.ts";

export interface Notice {
  readonly id: string;
  readonly tone: "warning" | "hint" | "good";
  readonly title: string;
  readonly remedy: string;
}

/** What the rules look at: one column a metric, oldest first. */
export type Curves = (name: MetricName) => Float32Array;

const RECENT = 5;
/** Steps before "nothing learned" may be said: fewer are noise at these group sizes. */
const PATIENCE = 30;

function mean(values: Float32Array): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function median(values: Float32Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function checkDeadGroups(curves: Curves): Notice | null {
  const recent = curves("deadGroupShare").slice(-RECENT);
  if (recent.length < RECENT) return null;
  const share = mean(recent);
  if (recent.every((value) => value === 1)) {
    return {
      id: "allDead",
      tone: "warning",
      title: `The last ${RECENT} steps taught nothing: in every group all images earned the same.`,
      remedy: "Raise the temperature or the group size, so that images of one prompt differ.",
    };
  }
  if (share < 0.5) return null;
  return {
    id: "manyDead",
    tone: "warning",
    title: `${Math.round(share * 100)} % of recent groups were all equal and gave no gradient.`,
    remedy: "A higher temperature or a larger group makes the rewards differ.",
  };
}

function checkKl(curves: Curves): Notice | null {
  const kl = curves("klImage");
  const last = kl.at(-1) ?? Number.NaN;
  const usual = median(kl.slice(-21, -1));
  if (kl.length < 8 || !(last > 0.05 && last > 5 * usual)) return null;
  return {
    id: "klSpike",
    tone: "warning",
    title: "The images jumped away from the starting model in the last step.",
    remedy: "Lower the learning rate, or raise KL β for images to pull back.",
  };
}

function checkEntropy(curves: Curves): Notice | null {
  const entropy = curves("imageEntropy");
  if (entropy.length < 3 * RECENT) return null;
  const start = mean(entropy.slice(0, RECENT));
  const now = mean(entropy.slice(-RECENT));
  if (!(now < 0.5 * start)) return null;
  return {
    id: "entropyFall",
    tone: "warning",
    title: "The images are becoming alike: their entropy has halved since the start.",
    remedy: "Raise KL β for images or the temperature before all variety is gone.",
  };
}

function checkProgress(curves: Curves, config: RunConfig): Notice | null {
  const reward = curves("rewardMean");
  if (reward.length >= 3 && config.learningRate === 0) {
    return {
      id: "noRate",
      tone: "hint",
      title: "The learning rate is 0, so the model stays as it is.",
      remedy: "Move the learning rate up to let it learn.",
    };
  }
  if (reward.length < PATIENCE) return null;
  const gain = mean(reward.slice(-10)) - mean(reward.slice(0, 10));
  if (gain >= 0.05) {
    return {
      id: "learning",
      tone: "good",
      title: `It is learning: the reward rose by ${gain.toFixed(2)} since the first steps.`,
      remedy: "Compare the filmstrip's first and newest drawings.",
    };
  }
  if (gain > -0.05) {
    return {
      id: "nothingLearned",
      tone: "hint",
      title: `After ${reward.length} steps the reward is where it began.`,
      remedy: "Try more prompts per step, a larger group, or a higher learning rate.",
    };
  }
  return {
    id: "gettingWorse",
    tone: "warning",
    title: `The reward fell by ${Math.abs(gain).toFixed(2)} since the first steps.`,
    remedy: "Lower the learning rate, or reset and raise KL β.",
  };
}

/** All that can be said about a run so far; the gravest first. */
export function diagnose(curves: Curves, config: RunConfig): Notice[] {
  const found = [
    checkDeadGroups(curves),
    checkKl(curves),
    checkEntropy(curves),
    checkProgress(curves, config),
  ];
  return found.filter((notice) => notice !== null);
}
