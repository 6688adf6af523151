/** What the page says about a run, and what it offers to do: one entry a finding. Plain and short. */
import type { RunConfig } from "../../engine/config.ts";
import { writeNumber } from "../components/sliderScale.ts";

const percent = (share: number): string => `${Math.round(share * 100)} %`;

export const NOTICE_WORDS = {
  title: "Notices",
  waiting: "Advice appears here once the run has something to say.",
  none: "Nothing to worry about.",
  tried: "Changed just now: give it a few steps.",
  live: (words: string) => `Try it live: ${words}`,
  restart: (words: string) => `New run: ${words}`,
  /** The change is none where the rate is at its lowest. */
  rollBack: (step: number, words: string | null) =>
    `Back to step ${step}${words === null ? "" : `: ${words}`}`,
  compare: "Compare with the start",
} as const;

/** A finding's sentence, and what may help. */
export const FINDING_WORDS = {
  nonFinite: (step: number | null) => ({
    title: `${step === null ? "A step" : `Step ${step}`} gave a number that is not finite. Nothing of it was written.`,
    remedy: "The weights may be spoilt: a smaller learning rate, from a step that was good, usually helps.",
  }),
  allDead: (steps: number) => ({
    title: `The last ${steps} steps taught nothing: in every group all images earned the same.`,
    remedy: "A higher temperature makes images of one prompt differ.",
  }),
  manyDead: (share: number) => ({
    title: `${percent(share)} of recent groups were all equal and gave no gradient.`,
    remedy: "A larger group is more likely to hold a better and a worse image.",
  }),
  klSpike: () => ({
    title: "The images jumped away from the starting model in the last step.",
    remedy: "A smaller learning rate takes smaller steps.",
  }),
  entropyFall: () => ({
    title: "The images are becoming alike: their entropy has halved since the start.",
    remedy: "A stronger pull to the starting model keeps its variety.",
  }),
  judgeFlat: (gain: number, judgedGain: number) => ({
    title: `Its own reward rose by ${gain.toFixed(2)}, the judge's by ${judgedGain.toFixed(2)}: it may be learning to please itself.`,
    remedy: "Rewards by the starting model's answers cannot drift with it.",
  }),
  noRate: () => ({
    title: "The learning rate is 0, so the model stays as it is.",
    remedy: "Let it learn.",
  }),
  learning: (gain: number) => ({
    title: `It is learning: the reward rose by ${gain.toFixed(2)} since the first steps.`,
    remedy: "See it in the filmstrip.",
  }),
  nothingLearned: (steps: number) => ({
    title: `After ${steps} steps the reward is where it began.`,
    remedy: "More prompts a step make a steadier gradient.",
  }),
  gettingWorse: (loss: number) => ({
    title: `The reward fell by ${loss.toFixed(2)} since the first steps.`,
    remedy: "A smaller learning rate does less harm; Reset begins again.",
  }),
} as const;

/** What a change of the recipe is called on a button. */
export const CHANGE_WORDS = {
  temperature: (value) => `Temperature ${writeNumber(value)}`,
  groupSize: (value) => `Groups of ${value}`,
  learningRate: (value) => `Learning rate ${writeNumber(value)}`,
  klImage: (value) => `KL β, images ${writeNumber(value)}`,
  frozenJudge: (value) => `Frozen judge ${writeNumber(value)}`,
  questionsPerImage: (value) => `${value} questions per image`,
  promptsPerStep: (value) => `${value} prompts per step`,
} as const satisfies { readonly [K in keyof RunConfig]?: (value: number) => string };
