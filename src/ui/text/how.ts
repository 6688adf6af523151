/** The words of the view "How it works": its six stops, their formulas and what their numbers mean. */
import { CONFIG_FIELDS } from "../../engine/config.ts";
import type { StopId, Trial } from "../views/how/stops.ts";
import { spellValue } from "./config.ts";
import { formatSigned } from "./numbers.ts";

export interface StopWords {
  /** On the rail. */
  readonly name: string;
  readonly title: string;
  readonly story: string;
  /** The formula, as it is said aloud. */
  readonly spoken: string;
}

export const STOPS: Readonly<Record<StopId, StopWords>> = {
  prompt: {
    name: "Prompt",
    title: "It begins with a sentence",
    story:
      "A step draws a few prompts at random. Each comes with a question about the picture that is not there yet, and with the answer that would be right.",
    spoken: "A prompt p, a question q and a right answer a star are drawn from the tasks.",
  },
  draw: {
    name: "Draw",
    title: "Tokens come out of the dark",
    story:
      "A picture is a grid of tokens, all hidden at first. In every decoding step the model guesses all that are hidden, keeps those it is surest of, and hides the others again.",
    spoken: "After decoding step k of T, N times the cosine of pi over two times k over T tokens are hidden.",
  },
  ask: {
    name: "Ask",
    title: "Then it looks at its own picture",
    story:
      "The same model reads the picture it just drew and answers the question, word by word. It sees the picture alone, not the prompt.",
    spoken:
      "The probability of an answer is the product over its tokens. At temperature T it is p to the power of one over T, divided by the same for all answers.",
  },
  reward: {
    name: "Reward",
    title: "An answer earns points",
    story:
      "Every thing, colour or number that the answer gets right earns a point. No person and no other model is asked: what the model sees in its picture is all there is.",
    spoken: "The reward r is the points earned divided by the points possible.",
  },
  compare: {
    name: "Compare",
    title: "Better than its siblings?",
    story:
      "A reward says little alone, so each picture is compared with the others of its group. Drag a reward: the mean, the spread and every advantage follow.",
    spoken:
      "The advantage of picture i is its reward minus the group's mean, divided by the group's standard deviation.",
  },
  learn: {
    name: "Learn",
    title: "A nudge, and a leash",
    story:
      "Pictures above the mean become a little more likely, those below a little less. A second term pulls the model back to where it started, so that it does not forget how to draw.",
    spoken:
      "The loss of picture i is minus its advantage times the ratio of probabilities, plus beta times the distance to the starting model.",
  },
};

export const HOW_WORDS = {
  stops: "Stops of a step",
  stopOf: (at: number, count: number) => `Stop ${at} of ${count}`,
  back: "Back",
  next: "Next",
  again: "From the start",
  formula: "Formula",
  readings: "Its numbers",
  code: "Show me in the code",
  codeGone: "The code could not be fetched.",
  tryIt: "Try it",
  stepOf: (step: number) => `step ${step}`,
  promptOf: (at: number, count: number) => `prompt ${at} of ${count}`,
  earlier: "Prompt before",
  later: "Next prompt",
  recorded: "recorded",
  held: "held while you try things",
  showNewer: (step: number) => `Show step ${step}`,
  images: "Pictures of the group",
  image: (at: number) => `Picture ${at}`,
  firstTitle: "The first step is on its way",
  question: "Question",
  gold: "Right answer",
  answer: "Its answer",
  noAnswer: "(no answer)",
} as const;

export const PROMPT_WORDS = {
  title: "The prompts of this step",
  choose: (at: number, prompt: string) => `Prompt ${at}: ${prompt}`,
  note: (groups: number, size: number) =>
    `${groups} ${groups === 1 ? "prompt" : "prompts"}, ${size} pictures each. No prompt of the tests is ever among them.`,
  terms: {
    prompt: "what to draw",
    question: "what to ask about it",
    gold: "what would be right",
    tasks: "kind of prompt",
  },
} as const;

export const DRAW_WORDS = {
  slider: "Decoding step",
  position: (step: number, steps: number) => `after step ${step} of ${steps}`,
  alt: (image: number, step: number, steps: number, decided: number, tokens: number) =>
    `Picture ${image} after decoding step ${step} of ${steps}: ${decided} of ${tokens} tokens decided`,
  spoken: (step: number, steps: number, decided: number, tokens: number) =>
    `after step ${step} of ${steps}, ${decided} of ${tokens} tokens decided`,
  new: "just decided",
  hidden: "still hidden",
  note: "What you see through each token is the finished picture: tokens become pixels only at the end.",
  kept: (moments: number, steps: number) => `${moments} of the ${steps} decoding steps were kept.`,
  redrawn: "Groups without differences were drawn again here, so a grid may be that of another picture.",
  none: "This run did not report how its pictures were decoded.",
  terms: {
    step: "decoding step",
    steps: "decoding steps in all",
    tokens: "tokens of a picture",
    hidden: "still hidden",
  },
} as const;

export const ASK_WORDS = {
  temperature: "Temperature",
  temperatureHelp: "1 is the model as it is; more makes it less sure, less makes it surer.",
  given: "this answer",
  others: "all others",
  note: "The run keeps the probability of the answer given. All others share the second bar and are taken as one; in a run the temperature acts on every token.",
  sampled: (temperature: number) => `This run sampled its answers at temperature ${temperature}.`,
  terms: { p: "probability of this answer", T: "temperature", pT: "at that temperature" },
} as const;

export const REWARD_WORDS = {
  parts: "What the answer gets right",
  part: (earned: number, possible: number) => (earned >= possible ? "earned" : "missed"),
  mixed:
    "Here the reward also counts other questions or the starting model's answer; the points are those of the first question.",
  terms: { earned: "points earned", possible: "points possible", reward: "reward of this picture" },
} as const;

export const COMPARE_WORDS = {
  reward: "Reward",
  advantage: "Advantage",
  drag: (at: number) => `Reward of picture ${at}`,
  compared: "Pictures compared",
  comparedOf: (count: number, size: number) => `${count} of ${size}`,
  restore: "Real rewards again",
  verdict: (better: number, count: number) =>
    `${better} of ${count} are above the mean: more like these, less like the others.`,
  dead: "All are equal: this group teaches nothing.",
  clipped: (clip: number) => `Advantages end at ±${clip}.`,
  bySft: "This run learns from right answers (SFT): it measures advantages and does not use them.",
  terms: {
    r: "reward of this picture",
    mean: "mean of the group",
    std: "its standard deviation",
    A: "advantage",
  },
} as const;

export const LEARN_WORDS = {
  pushes: "How much each picture is pushed",
  push: (at: number, advantage: number) =>
    `Picture ${at}: ${advantage > 0 ? "more likely" : advantage < 0 ? "less likely" : "left alone"}, ${formatSigned(advantage)}`,
  more: "more likely",
  less: "less likely",
  pulls: "Back to the starting model",
  term: "term",
  weight: "weight",
  beta: "β",
  kl: "KL",
  pull: "β · KL",
  drawing: "drawing",
  answering: "answering",
  gate: (teaching: number, size: number) =>
    `Drawing learns from all ${size} pictures, answering from the ${teaching} whose answer passed the gate.`,
  answersOnly: (teaching: number, size: number) =>
    `Answers alone are pushed, ${teaching} of ${size}; the drawing learns through them.`,
  spark: (from: number, to: number) => `KL of the drawing, steps ${from} to ${to}`,
  before: "before the first step",
  after: (step: number) => `after step ${step}`,
  fixed: "The same prompt and seed",
  altFixed: (prompt: string, step: number) => `“${prompt}”, step ${step}`,
  dead: "This group is dead: nothing of it is pushed.",
  bySft:
    "This run learns from right answers (SFT): pictures that pass the gate are made more likely, whatever their advantage.",
  terms: {
    A: "advantage of this picture",
    rho: "its probability, new over old",
    beta: "strength of the leash",
    KL: "distance from the start, drawing",
  },
  slope: "1 while nothing has moved; what counts is its slope",
} as const;

/** "group size G = 2", as the recipe calls it. */
export const describeTrial = ({ key, value }: Trial): string =>
  `${CONFIG_FIELDS[key].label} = ${spellValue(key, value)}`;
