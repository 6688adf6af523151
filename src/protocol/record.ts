/**
 * The numbers a run leaves behind. One table: name, label and unit of every metric, read by curves, tables and files.
 */

export interface MetricField {
  readonly label: string;
  readonly unit: string;
  /** What it tells, in a sentence. */
  readonly help: string;
}

/** Metrics of one finished step, in the order they are shown. */
export const METRICS = {
  rewardMean: {
    label: "reward",
    unit: "0–1",
    help: "Mean reward of the model's answers about its own images.",
  },
  judgedMean: {
    label: "judge",
    unit: "0–1",
    help: "Share of the same images that the outside judge finds right; nothing is learnt from it.",
  },
  judgeGap: {
    label: "reward − judge",
    unit: "0–1",
    help: "What the reward of the same images has above the judge.",
  },
  rewardStd: {
    label: "reward spread",
    unit: "0–1",
    help: "Mean standard deviation of the rewards within a group.",
  },
  klImage: {
    label: "KL, images",
    unit: "nats/token",
    help: "Distance of the image tokens from the starting model.",
  },
  klAnswer: {
    label: "KL, answers",
    unit: "nats/token",
    help: "Distance of the answer tokens from the starting model.",
  },
  deadGroupShare: {
    label: "dead groups",
    unit: "share",
    help: "Groups whose rewards are all equal: no gradient.",
  },
  gradientNorm: {
    label: "gradient norm",
    unit: "",
    help: "Global norm of the adapter's gradient before clipping.",
  },
  imageEntropy: {
    label: "image entropy",
    unit: "nats/token",
    help: "Mean negative log-prob of the drawn tokens.",
  },
  tokenDistance: {
    label: "diversity",
    unit: "share",
    help: "Share of tokens in which two images of a group differ.",
  },
  gpuMs: { label: "GPU time", unit: "ms", help: "Time the GPU computed for the step, by its own clock." },
  stepSeconds: { label: "step time", unit: "s", help: "Wall-clock time of the step." },
} as const satisfies Record<string, MetricField>;

export type MetricName = keyof typeof METRICS;
