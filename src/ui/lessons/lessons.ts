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
    id: "counting",
    title: "Counting",
    story: [
      "Every prompt asks for two, three or four of a thing.",
      "The model counts what it drew; images with the right number beat their group and become more likely.",
      "Nobody shows it a right picture: it only ever compares its own.",
    ],
    lookAt: [
      { place: "group", words: "Same prompt, eight tries: which of them hold the right number?" },
      { place: "curves", words: "Reward and judge rise together, so the images really improve." },
      { place: "filmstrip", words: "The first and the newest drawing of the same prompt and seed." },
    ],
    preset: "robust",
    changes: { promptKind: "counting" },
    steps: 60,
  },
  {
    id: "colour-binding",
    title: "Colour binding",
    story: [
      "Two things, two colours: “a red dog and a blue bench” must not become a blue dog.",
      "The model asks itself what it sees, and earns a point for each thing and each colour in its place.",
      "Partial points keep a group alive that all-or-nothing would call dead.",
    ],
    lookAt: [
      { place: "group", words: "Rewards between 0 and 1: a colour on the wrong thing costs one point." },
      { place: "curves", words: "The judge, who saw none of this, agrees more and more." },
    ],
    preset: "robust",
    changes: { promptKind: "color_attr" },
    steps: 60,
  },
  {
    id: "reward-hacking",
    title: "Reward hacking",
    story: [
      "The only question is the colour, and almost nothing holds the images back.",
      "The model learns what pleases its own eye, and its reward climbs.",
      "The judge looks at the whole picture and is not impressed: a reward is a wish, taken literally.",
    ],
    lookAt: [
      { place: "curves", words: "The two lines part: own reward up, judge not." },
      { place: "group", words: "The colour is right. Is the thing?" },
    ],
    preset: "robust",
    changes: { promptKind: "colors", temperature: 3, learningRate: 2e-3, klImage: 0, klAnswer: 0 },
    steps: 60,
  },
  {
    id: "kl-too-low",
    title: "KL too low",
    story: [
      "KL β pulls the images back to the model they started from; here it is 0 and the learning rate is high.",
      "For a few steps all is well, then the images drift away and fall apart.",
      "Every step only ever follows the last one: without the pull nothing remembers what a picture is.",
    ],
    lookAt: [
      { place: "curves", words: "KL leaves the floor first, then the reward falls." },
      { place: "filmstrip", words: "The same seed, until it is no picture any more." },
      { place: "notices", words: "The page says it in words when it happens." },
    ],
    preset: "robust",
    changes: { learningRate: 4e-3, klImage: 0, klAnswer: 0 },
    steps: 60,
  },
  {
    id: "group-of-two",
    title: "Group of two",
    story: [
      "An image is only ever compared with the others of its group, and here the group is two.",
      "Most pairs earn the same and teach nothing; of the others one is simply better and one worse, by how much is lost.",
      "Sixteen pairs cost as much as four groups of eight, and teach less.",
    ],
    lookAt: [
      { place: "curves", words: "Dead groups: more than half of the work is for nothing." },
      { place: "group", words: "Advantages are always +1 and −1, or nothing." },
    ],
    preset: "robust",
    changes: { groupSize: 2, promptsPerStep: 16 },
    steps: 60,
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
