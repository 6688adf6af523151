/** Words of the presentation: what stands on the screen, and what only the presenter reads. */
import type { Beat } from "../beats.ts";
import type { Place } from "../lessons/lessons.ts";

export const PRESENT_WORDS = {
  headlines: {
    prompts: () => "A few words go in.",
    drawing: (images: number) => `It draws each of them ${images} times.`,
    question: () => "Then it looks, and asks itself.",
    reward: () => "What it recognises earns a reward.",
    change: () => "Before, and now.",
    curve: () => "Does it get better?",
  } satisfies Record<Beat, (images: number) => string>,
  beatOf: (at: number, of: number) => `Beat ${at} of ${of}`,
  names: {
    prompts: "The prompts",
    drawing: "The drawing",
    question: "Question and answer",
    reward: "The reward",
    change: "Before and now",
    curve: "The curve",
  } satisfies Record<Beat, string>,
  waiting: "One moment…",
  more: (count: number) => `and ${count} more`,
  drawn: "Piece by piece, the surest first.",
  noAnswer: "no answer",
  moreOfThese: "more like these",
  lessOfThese: "less like these",
  dead: "All the same: nothing to learn.",
  before: (step: number) => `before, step ${step}`,
  now: (step: number) => `now, step ${step}`,
  notYet: (step: number) => `again at step ${step}`,
  own: "own reward",
  judge: "judge",
  first: "first step",
  overSteps: "steps",
  curveAlt: (steps: number) => `Reward over ${steps} steps, from 0 to 1.`,
  step: (step: number) => `step ${step}`,
  ofSteps: (steps: number) => ` of ${steps}`,
  recorded: "recorded",
  live: "live",
  showLive: "Recorded. Show the live run.",
  showRecorded: "Live. Show the recorded run.",
  fellBack: "recorded, live has stopped",
  notes: "Notes",
  notesTitle: "Speaker notes",
  nextBeat: (headline: string) => `Next: ${headline}`,
  lastBeat: "This is the last one.",
  dark: "Black-out. Press B or click to go on.",
  keysTitle: "Keys",
  liveTitle: "Live, on this machine.",
  liveStopped: "Live has stopped.",
  liveStory: (title: string) => `${title} learns here, in this browser.`,
  cues: {
    next: "Next",
    back: "Back",
    later: "Ten steps on",
    earlier: "Ten steps back",
    source: "Recorded or live",
    black: "Black-out",
    notes: "Speaker notes",
    notesWindow: "Notes in a window",
    fullScreen: "Full screen",
    keys: "These keys",
    leave: "Leave",
  },
  playPause: "Play or pause",
} as const;

/** What to say to each beat; the lesson adds its own sentence. */
export const NOTES: Readonly<Record<Beat, { readonly words: string; readonly place: Place | "story" }>> = {
  prompts: {
    words:
      "No pictures go in, only sentences. New ones in every step; those it is tested on are never among them.",
    place: "story",
  },
  drawing: {
    words:
      "It begins with nothing and decides a few pieces at a time. Chance makes the images differ, and differences teach.",
    place: "group",
  },
  question: {
    words: "The same model that drew now looks. It reads its own picture and answers; nobody else is asked.",
    place: "group",
  },
  reward: {
    words:
      "Each image is compared with its own group only. Better than the average: more like it. Worse: less like it. All equal: nothing.",
    place: "group",
  },
  change: {
    words: "The same words and the same dice, so what differs is what it has learned.",
    place: "filmstrip",
  },
  curve: {
    words:
      "The solid line is its own opinion, and learning follows it. The dashed one is another model's. Between them lies what it only believes.",
    place: "curves",
  },
};
