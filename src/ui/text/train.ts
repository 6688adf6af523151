/** The words of the view "Train": filmstrip, curves, pace, seeds and rules. Plain and short. */
import type { Phase } from "../../protocol/events.ts";
import type { StopKind, StopRule } from "../stopRule.ts";
import type { XAxis } from "../xAxis.ts";
import { formatCount, formatSeconds } from "./numbers.ts";

export const DISPLAY_WORDS = {
  pause: "Pause the display",
  goOn: "Go on showing",
  still: "The display is paused; training goes on.",
} as const;

export const LOOK_WORDS = {
  /** On the button that ends looking back. */
  backToNow: "Back to now",
  step: (step: number) => `step ${step}`,
  gone: (step: number) => `The group of step ${step} is not kept.`,
  goneStory:
    "The newest steps are kept; its drawings and numbers are still in the filmstrip and on the curves.",
  beginning: "Step 0, before the first update.",
  beginningStory: "No group had been drawn yet. The filmstrip shows what the model drew to begin with.",
} as const;

export const FILM_WORDS = {
  title: "Filmstrip: same prompt, same seed",
  empty: (every: number) =>
    `Two fixed prompts are drawn here every ${every} steps, so that change can be seen.`,
  slider: "look at step",
  step: (step: number) => `step ${step}`,
  pinned: (step: number) => `step ${step}, pinned`,
  alt: (prompt: string, step: number) => `“${prompt}” drawn at step ${step}, always with the same seed`,
  lookAt: (step: number) => `Look at step ${step}`,
  strip: (prompt: string) => `Drawings of “${prompt}”, by step`,
  pin: "Pin",
  pinHelp: (step: number) => `Pin: compare with step ${step}`,
  unpinHelp: (step: number) => `Pin: compare with the start again instead of step ${step}`,
  swipe: "Swipe",
  swipeHelp: "Swipe: lay both drawings over each other",
  swipeLabel: (before: number, after: number) => `Swipe between step ${before} and step ${after}`,
  swipeValue: (share: number, before: number) => `${Math.round(share)} percent of step ${before}`,
  pinRow: (prompt: string) => `Put “${prompt}” first`,
  unpinRow: (prompt: string) => `Put “${prompt}” back in its place`,
} as const;

export const SEED_WORDS = {
  seed: (seed: string) => `seed ${seed}`,
  take: "Use this seed",
  takeOf: (name: string) => `Use the seed of ${name}`,
  image: (at: number) => `image ${at + 1}`,
  copy: "Copy prompt and seed",
  copied: "Prompt and seed are copied.",
  refused: "The browser did not allow copying.",
  /** What is copied. */
  written: (prompt: string, seed: string) => `${prompt}\nseed ${seed}`,
  arena: "Draw it in the Arena",
  roll: "Roll another seed",
  lock: "Hold the seed in new runs",
  locked: "New runs begin with this seed.",
  unlocked: "Each new run rolls its own seed.",
} as const;

export const CURVE_WORDS = {
  title: "Curves",
  smooth: "smooth",
  smoothValue: (share: number) => `${Math.round(share * 100)} percent of the past`,
  axis: "over",
  axisLabel: "Curves over",
  axes: { step: "steps", images: "images", seconds: "time" } satisfies Record<XAxis, string>,
  /** What cannot be known exactly, and why. */
  guessed: "Images per step were changed in an earlier visit; the count before that is a guess.",
  changed: "▲ a setting was changed",
  asTable: "Show as table",
  asCurves: "Show as curves",
  tableTitle: "All metrics, newest step first",
  plotLabel: (title: string, steps: number, last: string) =>
    `${title} over ${steps} steps; last: ${last}. The table holds all values.`,
  readingOf: (step: number) => `Step ${step}`,
  newest: "newest",
  images: (count: number) => `${formatCount(count)} images`,
  seconds: (seconds: number) => formatSeconds(seconds),
  noReading: "No step is finished yet.",
  notOnAxis: (name: string) => `${name} does not say what it cost, so it is only drawn over steps.`,
} as const;

export const TRANSPORT_WORDS = {
  step: "step",
  perStep: "per step",
  left: "left",
  moreSteps: "More ways to step",
  moreResets: "More ways to reset",
  /** Where a button's own word would say too little in a menu. */
  ways: { stepOnce: "One whole step", reset: "Same seed", resetNewSeed: "New seed" } as Readonly<
    Record<string, string>
  >,
} as const;

export const SPEED_WORDS = {
  label: "Speed",
  speeds: { slow: "Slow motion", normal: "Normal", max: "Max" },
  help: {
    slow: "Holds after each phase.",
    normal: "Shows how each image comes to be.",
    max: "Shows finished steps only.",
  },
  gpuShare: "GPU share",
  share: (percent: number) => `GPU ${percent} %`,
} as const;

/** Each phase of a step: its name, what happens, and its formula as written and as read. */
export const PHASE_WORDS: Readonly<
  Record<Phase, { title: string; story: string; formula: string; meaning: string }>
> = {
  sample: {
    title: "Sample",
    story: "draw a group",
    formula: "x₁ … x_G ∼ π(x | prompt)",
    meaning: "G images of one prompt, each from a seed of its own",
  },
  judge: {
    title: "Judge",
    story: "ask itself",
    formula: "rᵢ = match(answer(xᵢ), right answer)",
    meaning: "the same model answers about each image; what is right earns points",
  },
  score: {
    title: "Score",
    story: "compare the group",
    formula: "Aᵢ = (rᵢ − mean r) / (std r + ε)",
    meaning: "better than the group’s average is positive",
  },
  learn: {
    title: "Learn",
    story: "nudge the weights",
    formula: "θ ← θ + η ∇ Σ Aᵢ log π(xᵢ) − β KL",
    meaning: "what did better becomes likelier, pulled back to the start by β",
  },
};

export const STOP_WORDS = {
  label: "Stop when",
  kinds: {
    never: "I pause it",
    step: "a step is reached",
    minutes: "time is up",
    plateau: "the reward is flat",
  } satisfies Record<StopKind, string>,
  amounts: {
    never: "",
    step: "Last step",
    minutes: "Minutes of training",
    plateau: "Steps without a rise of the reward",
  } satisfies Record<StopKind, string>,
} as const;

/** In slow motion, between two steps. */
export const WHOLE_STEP = {
  formula: "sample → judge → score → learn",
  meaning: "slow motion holds after each phase and shows its formula here",
} as const;

/** What a rule does, or has done, in a sentence. */
export function describeStop({ kind, amount, reachedAt }: StopRule): string {
  const reached = reachedAt === undefined ? "" : `It paused after step ${reachedAt}; Play goes on. `;
  switch (kind) {
    case "never":
      return "The run goes on until you pause it.";
    case "step":
      return `${reached}The run pauses after step ${amount}.`;
    case "minutes":
      return `${reached}The run pauses after ${amount} ${amount === 1 ? "minute" : "minutes"} of training.`;
    case "plateau":
      return `${reached}The run pauses when ${amount} steps earned no more than the ${amount} before.`;
    default:
      return kind satisfies never;
  }
}
