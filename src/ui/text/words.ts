/** The shell's words: navigation, recorded and live, loading, links, empty views. Plain, short, in one place. */
import type { ConfigValue } from "../../engine/config.ts";
import type { Place } from "../lessons/lessons.ts";
import type { LinkProblem } from "../permalink.ts";
import { formatBytes } from "./numbers.ts";

export const SKIP = "Skip to the content";
export const CLOSE = "Close";

export const LESSON_WORDS = {
  kicker: "Lesson",
  choose: "Lesson",
  menu: "Lessons",
  more: "More",
  lookAt: "Look at",
  tryIt: "Try it live",
  watch: "Watch the recording",
  places: {
    group: "The group",
    curves: "The curves",
    filmstrip: "The filmstrip",
    notices: "The notices",
  } satisfies Record<Place, string>,
} as const;

export const SOURCE_WORDS = {
  label: "What is shown",
  recorded: "Recorded",
  live: "Live",
  /** On the stage, where it must be read at a glance. */
  badge: "recorded",
  badgeHelp: "A real run of this model, recorded and played back. Nothing is computed here.",
} as const;

export const PLAYER_WORDS = {
  step: "Step of the recording",
  loop: "Play again and again",
  stepOf: (step: number, steps: number) => `step ${step} of ${steps}`,
} as const;

export const LOAD_WORDS = {
  /** The middle is left out where there is no room. */
  load: ["Load", " the model"],
  size: (bytes: number) => ` (${formatBytes(bytes)})`,
  goOn: (loaded: number, total: number) => `Go on loading (${formatBytes(loaded)} of ${formatBytes(total)})`,
  play: "Play live",
  back: "Back to live",
  failed: "Live has failed: see why",
  cancel: "Stop loading",
  bytes: (loaded: number, total: number) => `${formatBytes(loaded)} of ${formatBytes(total)}`,
  left: (seconds: number) =>
    seconds < 90 ? `${Math.max(1, Math.ceil(seconds))} s left` : `${Math.ceil(seconds / 60)} min left`,
  preparing: "Getting ready…",
  progress: "Loading the model",
  offerTitle: "Train it yourself",
  offerStory: (title: string) =>
    `${title} is small enough to learn in this browser. It is downloaded once and kept; nothing leaves this machine.`,
  files: "Files",
  arrived: "here",
} as const;

export const DRAFT_WORDS = {
  recorded: "A recording stays as it was. Your settings begin a live run.",
  play: "Play live with these",
  undo: "Undo",
} as const;

export const LINK_WORDS = {
  title: "About this link",
  dismiss: "Go on",
  fresh: "Open without it",
} as const;

const quote = (text: string) => `“${text}”`;

const spell = (value: ConfigValue): string => String(value);

/** What a link asked for in vain, in a sentence. */
export function describeProblem(problem: LinkProblem): string {
  switch (problem.kind) {
    case "unknownView":
      return `There is no page ${quote(problem.name)} here, so this is the first one.`;
    case "unknownLesson":
      return `There is no lesson ${quote(problem.name)}, so this is the first one.`;
    case "unknownKeys":
      return `The link says ${problem.names.map(quote).join(", ")}, which this page does not know; it was left out.`;
    case "newer":
      return "The link was made by a newer version of this page; what is known of it is shown. Reloading may bring that version.";
    case "older":
      return "The link is from another version of this page; what still fits is shown.";
    case "clamped":
      return `${quote(problem.label)} cannot be ${problem.asked}; ${spell(problem.used)} is used.`;
    case "unreadable":
      return `The link's value for ${quote(problem.label)} (${quote(problem.asked)}) cannot be used; the usual one is.`;
    default:
      return problem satisfies never;
  }
}

/** What a view shows, and where to go from it while there is nothing to show. */
export const EMPTY_WORDS = {
  how: {
    title: "One step, taken apart",
    story:
      "A prompt, a group of images, a question to itself, a reward, a comparison, a nudge: the six stops of a step, on the data of the run you watch.",
    action: "Watch a step",
  },
} as const;
