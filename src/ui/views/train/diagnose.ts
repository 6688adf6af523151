/** Reads the curves as a patient teacher would: what is going wrong, in words, and what to try. Pure. */
import { CONFIG_FIELDS, type RunConfig } from "../../../engine/config.ts";
import type { MetricName } from "../../../protocol/record.ts";
import { halfRate, type Offer, offer, offerRollBack } from "../../offers.ts";
import type { ConfigMark } from "../../stores/metricsStore.ts";
import type { Failure } from "../../stores/runStore.ts";
import { FINDING_WORDS, NOTICE_WORDS } from "../../text/notices.ts";

export interface Notice {
  readonly id: keyof typeof FINDING_WORDS;
  readonly tone: "warning" | "hint" | "good";
  readonly title: string;
  readonly remedy: string;
  /** Null where all that could be changed is at its end. */
  readonly offer: Offer | null;
}

/** What the rules look at: one column a metric, oldest first. */
export type Curves = (name: MetricName) => Float32Array;

/** Steps that a change is given to show in. */
const RECENT = 5;
/** Steps before "nothing learned" may be said: fewer are noise at these group sizes. */
const PATIENCE = 30;
/** First and last steps that a gain is measured between. */
const SPAN = 10;
const LEAST_GAIN = 0.05;
/** A judge that rises less than this is flat. */
const FLAT_GAIN = 0.02;

const measured = (values: Float32Array): Float32Array => values.filter((value) => !Number.isNaN(value));

function mean(values: Float32Array): number {
  const known = measured(values);
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function median(values: Float32Array): number {
  const sorted = measured(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Rise from the first measured values to the last; NaN before there are enough. */
function gainOf(values: Float32Array): number {
  const known = measured(values);
  return known.length < 2 * SPAN ? Number.NaN : mean(known.slice(-SPAN)) - mean(known.slice(0, SPAN));
}

function checkFailure(failure: Failure | null, config: RunConfig, savedStep: number | null): Notice | null {
  if (failure?.error.code !== "nonFinite") return null;
  const words = FINDING_WORDS.nonFinite(failure.step);
  const slower = halfRate(config);
  const restart: Offer | null = slower && {
    ...slower,
    kind: "restart",
    words: NOTICE_WORDS.restart(slower.words),
  };
  const offered = savedStep === null ? restart : offerRollBack(config, savedStep);
  return { id: "nonFinite", tone: "warning", ...words, offer: offered };
}

function checkDeadGroups(curves: Curves, config: RunConfig): Notice | null {
  const recent = curves("deadGroupShare").slice(-RECENT);
  if (recent.length < RECENT) return null;
  const larger = offer(config, "groupSize", 2 * config.groupSize);
  if (recent.every((value) => value === 1)) {
    const hotter = offer(config, "temperature", config.temperature + 0.25);
    return { id: "allDead", tone: "warning", ...FINDING_WORDS.allDead(RECENT), offer: hotter ?? larger };
  }
  const share = mean(recent);
  if (!(share >= 0.5)) return null;
  return { id: "manyDead", tone: "warning", ...FINDING_WORDS.manyDead(share), offer: larger };
}

function checkKl(curves: Curves, config: RunConfig): Notice | null {
  const kl = curves("klImage");
  const last = kl.at(-1) ?? Number.NaN;
  const usual = median(kl.slice(-21, -1));
  if (kl.length < 8 || !(last > 0.05 && last > 5 * usual)) return null;
  return { id: "klSpike", tone: "warning", ...FINDING_WORDS.klSpike(), offer: halfRate(config) };
}

function checkEntropy(curves: Curves, config: RunConfig): Notice | null {
  const entropy = curves("imageEntropy");
  if (entropy.length < 3 * RECENT) return null;
  if (!(mean(entropy.slice(-RECENT)) < 0.5 * mean(entropy.slice(0, RECENT)))) return null;
  const firmer = offer(config, "klImage", Math.max(0.01, 2 * config.klImage));
  return { id: "entropyFall", tone: "warning", ...FINDING_WORDS.entropyFall(), offer: firmer };
}

/** Its own reward rises and the judge's does not. */
function checkJudge(curves: Curves, config: RunConfig): Notice | null {
  const gain = gainOf(curves("rewardMean"));
  const judgedGain = gainOf(curves("judgedMean"));
  if (!(gain >= LEAST_GAIN && judgedGain < FLAT_GAIN)) return null;
  const frozen = offer(config, "frozenJudge", Math.max(0.5, config.frozenJudge));
  const words = FINDING_WORDS.judgeFlat(gain, judgedGain);
  return {
    id: "judgeFlat",
    tone: "warning",
    ...words,
    offer: frozen ?? offer(config, "questionsPerImage", 3),
  };
}

function checkProgress(curves: Curves, config: RunConfig): Notice | null {
  const reward = curves("rewardMean");
  if (reward.length >= 3 && config.learningRate === 0) {
    const usual = offer(config, "learningRate", CONFIG_FIELDS.learningRate.default);
    return { id: "noRate", tone: "hint", ...FINDING_WORDS.noRate(), offer: usual };
  }
  if (reward.length < PATIENCE) return null;
  const gain = gainOf(reward);
  if (gain >= LEAST_GAIN) {
    const look = { kind: "compare", words: NOTICE_WORDS.compare } as const;
    return { id: "learning", tone: "good", ...FINDING_WORDS.learning(gain), offer: look };
  }
  if (gain > -LEAST_GAIN) {
    const more = offer(config, "promptsPerStep", 2 * config.promptsPerStep);
    return {
      id: "nothingLearned",
      tone: "hint",
      ...FINDING_WORDS.nothingLearned(reward.length),
      offer: more,
    };
  }
  return {
    id: "gettingWorse",
    tone: "warning",
    ...FINDING_WORDS.gettingWorse(-gain),
    offer: halfRate(config),
  };
}

/** All that can be said about a run so far; the gravest first. */
export function diagnose(
  curves: Curves,
  config: RunConfig,
  failure: Failure | null = null,
  savedStep: number | null = null,
): Notice[] {
  const judge = checkJudge(curves, config);
  const progress = checkProgress(curves, config);
  const found = [
    checkFailure(failure, config, savedStep),
    checkDeadGroups(curves, config),
    checkKl(curves, config),
    checkEntropy(curves, config),
    judge,
    // What pleases only itself is no good news.
    judge && progress?.id === "learning" ? null : progress,
  ];
  return found.filter((notice) => notice !== null);
}

/** Whether what is offered was done so lately that it cannot show yet. */
export function isTried(offer: Offer, marks: readonly ConfigMark[], step: number): boolean {
  if (offer.kind !== "change") return false;
  const isNew = (mark: ConfigMark) => mark.step > step - RECENT;
  return marks.some((mark) => isNew(mark) && mark.keys.some((key) => Object.hasOwn(offer.changes, key)));
}
