/**
 * The five lessons, as data: a configuration, the run that was recorded with it (`public/runs/<id>`), a story of three
 * sentences, and where to look. `npm run record` makes the recordings from what stands here.
 */
import { makeConfig, type PresetName, type RunConfig } from "../../engine/config.ts";

/** Parts of the page that a lesson points at. */
export type Place = "group" | "curves" | "filmstrip" | "notices";

export interface Lesson {
  /** Also the name of its recording. */
  readonly id: string;
  readonly title: string;
  /** Three sentences: what is done, what happens, why. */
  readonly story: readonly [string, string, string];
  readonly lookAt: readonly { readonly place: Place; readonly words: string }[];
  readonly preset: PresetName;
  /** Differences to the preset. */
  readonly changes: Readonly<Partial<RunConfig>>;
  /** Steps of the recording. */
  readonly steps: number;
}

/** The model all recordings were made with. */
export const LESSON_MODEL = "showo-tiny";

export const LESSONS: readonly Lesson[] = [
  {
    id: "colour-binding",
    title: "Colour binding",
    story: [
      "Every prompt asks for two things in two colours: a red bird and a green kite, not a green bird.",
      "The model asks itself what it sees; every thing and every colour in its place earns a point, and images with more points than their group become more likely.",
      "Nobody shows it a right picture: it only ever compares its own.",
    ],
    lookAt: [
      { place: "group", words: "One prompt, eight tries: which of them have both colours right?" },
      {
        place: "curves",
        words: "The judge looks on and teaches nothing. It rises too, so the images are better.",
      },
      { place: "filmstrip", words: "The same prompt and seed, drawn again and again." },
    ],
    preset: "robust",
    changes: { promptKind: "color_attr" },
    steps: 60,
  },
  {
    id: "counting",
    title: "Counting",
    story: [
      "Every prompt asks for two, three or four of a thing.",
      "A group needs differences: where some images have the right number and some have not, the model learns; where all are right it learns nothing.",
      "A firm pull to the starting model keeps it from forgetting how to draw while it learns to count.",
    ],
    lookAt: [
      { place: "group", words: "One prompt, eight tries: count for yourself, then read its answer." },
      { place: "curves", words: "Dead groups: the easy prompts have nothing to teach." },
      { place: "filmstrip", words: "The same prompt and seed, drawn again and again." },
    ],
    preset: "robust",
    changes: { promptKind: "counting", klImage: 0.1 },
    steps: 40,
  },
  {
    id: "reward-hacking",
    title: "Reward hacking",
    story: [
      "The same task, but nothing pulls the images back and wrong ones teach answering too.",
      "This model has only ever been asked to count two, three and four, so to its own eye one thing passes for two: its own reward stays high, whatever it draws.",
      "The judge can count to one and disagrees: a reward is a wish, taken literally.",
    ],
    lookAt: [
      { place: "curves", words: "Two lines far apart: nine tenths by its own eye, half by the judge's." },
      { place: "group", words: "A prompt for two, one thing in the picture, full reward." },
    ],
    preset: "robust",
    changes: { promptKind: "counting", learningRate: 2e-3, klImage: 1e-3, klAnswer: 1e-3, answerGate: 0 },
    steps: 36,
  },
  {
    id: "kl-too-low",
    title: "KL too low",
    story: [
      "KL β pulls the images back to the model they started from; here it is next to nothing and the learning rate is high.",
      "For ten steps all is well, then the images drift away and some fall apart.",
      "Every step only follows the last one: without the pull nothing remembers what a picture is.",
    ],
    lookAt: [
      { place: "curves", words: "KL leaves the floor first, then the judge sinks." },
      { place: "group", words: "In the last steps: shapes blur, and things turn up that nobody asked for." },
      { place: "notices", words: "The page says it in words when it happens." },
    ],
    preset: "robust",
    changes: { learningRate: 4e-3, klImage: 1e-3, klAnswer: 1e-3 },
    steps: 36,
  },
  {
    id: "group-of-two",
    title: "Group of two",
    story: [
      "An image is only ever compared with the others of its group, and here the group is two.",
      "Most pairs earn the same and teach nothing; of the others one is better and one is worse, and by how much is lost.",
      "Sixteen pairs cost as much as four groups of eight, and teach less.",
    ],
    lookAt: [
      { place: "curves", words: "Dead groups: most of the work is for nothing." },
      { place: "group", words: "Advantages are +1 and −1, or nothing." },
    ],
    preset: "robust",
    changes: { groupSize: 2, promptsPerStep: 16 },
    steps: 36,
  },
];

/** The lesson the page opens with. */
export const DEFAULT_LESSON = LESSONS[0] as Lesson;

export function findLesson(id: string): Lesson | null {
  return LESSONS.find((lesson) => lesson.id === id) ?? null;
}

/** The whole configuration of a lesson. */
export function configOf({ preset, changes }: Lesson): RunConfig {
  return makeConfig(preset, changes);
}
