/** The words of the guided tour. */
import type { TourStopId } from "../tour/stops.ts";

export const TOUR_WORDS = {
  label: "Guided tour",
  offer: "New here?",
  take: "Show me around",
  notNow: "Not now",
  position: (at: number, count: number) => `Stop ${at} of ${count}`,
  back: "Back",
  next: "Next",
  done: "Done",
  end: "End the tour",
} as const;

export const TOUR_STOPS: Readonly<Record<TourStopId, { readonly title: string; readonly story: string }>> = {
  transport: {
    title: "This is a real run",
    story:
      "It was recorded from the model that this page can load. Play it, take one step, or drag to any step. Live trains the same model here, in your browser.",
  },
  group: {
    title: "One prompt, a group of tries",
    story:
      "In each step the model draws the same prompt several times. Then it asks itself about every picture: its answer stands below, and what it recognises earns the reward.",
  },
  advantage: {
    title: "Only the comparison counts",
    story:
      "A picture is measured against its own group. Above the average the bar goes right, and such pictures become more likely; below it goes left. Where all are equal, nothing is learnt.",
  },
  curves: {
    title: "Is it learning?",
    story:
      "The reward is the model's own opinion. The judge is an outsider that only looks on: where the two drift apart, the model fools itself.",
  },
  recipe: {
    title: "Take part",
    story:
      "Every setting says when it takes effect: at once, with the next step, or in a new run. Change one, and play live with it.",
  },
  how: {
    title: "One step, taken apart",
    story:
      "Six stops with the numbers of the very step you watched. Drag a reward and see what moves; every formula leads to its code.",
  },
  present: {
    title: "Show it to a room",
    story:
      "The same run, one idea at a time, large enough for the last row. Arrow keys turn the beats; P brings you here.",
  },
};
