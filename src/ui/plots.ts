/** The four plots of a run: which metrics share one, and how far its axis reaches. */
import { METRICS, type MetricName } from "../protocol/record.ts";

export interface PlotLine {
  readonly metric: MetricName;
  readonly label: string;
  /** CSS custom property that holds the colour. */
  readonly colour: string;
  readonly isDashed: boolean;
}

export interface Plot {
  readonly title: string;
  readonly help: string;
  readonly lines: readonly PlotLine[];
  readonly yFloor: number;
  readonly yRange?: readonly [number, number];
}

const one = (metric: MetricName): Plot["lines"] => [
  { metric, label: METRICS[metric].label, colour: "--series-1", isDashed: false },
];

export const PLOTS: readonly Plot[] = [
  {
    title: "Reward",
    help: "The model's opinion of its own images, and an outside judge's of the same ones. Learning follows the first; only where both rise are the images better.",
    lines: [
      { metric: "rewardMean", label: "own", colour: "--series-1", isDashed: false },
      { metric: "judgedMean", label: METRICS.judgedMean.label, colour: "--series-2", isDashed: true },
    ],
    yFloor: 1,
    yRange: [0, 1],
  },
  { title: "Reward spread", help: METRICS.rewardStd.help, lines: one("rewardStd"), yFloor: 0.4 },
  {
    title: "KL",
    help: "How far the trained model is from the one it started as, in nats per token.",
    lines: [
      { metric: "klImage", label: "images", colour: "--series-1", isDashed: false },
      { metric: "klAnswer", label: "answers", colour: "--series-2", isDashed: true },
    ],
    yFloor: 0.01,
  },
  {
    title: "Dead groups",
    help: METRICS.deadGroupShare.help,
    lines: one("deadGroupShare"),
    yFloor: 1,
    yRange: [0, 1],
  },
];
