/** Words about GenEval: who judges, what is judged, how it came out. */
import { CONFIG_FIELDS } from "../../engine/config.ts";
import { formatSigned } from "./numbers.ts";

/** "about 40 s", "about 12 min", "about 2 h 10 min"; seconds in tens, for nobody knows better. */
export function about(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(10, Math.ceil(seconds / 10) * 10)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `about ${minutes} min`;
  return `about ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const images = (count: number): string => `${count} ${count === 1 ? "image" : "images"}`;

export const JUDGING_WORDS = {
  title: "What an outsider sees",
  story:
    "GenEval asks for six kinds of pictures. A detector that the model has never met says which of them are right, and why not.",
  needsModel: "The model has to be open for this: it draws the pictures here, in this browser.",
  // The action
  run: "Run",
  pause: "Pause",
  pausing: "Pausing…",
  goOn: "Go on",
  done: "Judged",
  help: "On GenEval: have what is shown judged, or pause; what is judged is kept.",
  // Choices
  choices: "What is judged",
  prompts: "Prompts",
  promptsHelp: "Test prompts, as many of each task as there are, up to an equal share.",
  perPrompt: "Images a prompt",
  perPromptHelp: "Every image has its own seed, the same for A and B. GenEval itself takes 4.",
  allPrompts: "all",
  nobody: "Nothing to compare with",
  // Before and while
  willPause: "Training is running. It pauses when judging begins, and rests until you press Play.",
  lookingUp: "Looking for what is judged already…",
  nothingYet: "Nothing is judged yet.",
  left: (count: number, seconds: number | null) =>
    seconds === null
      ? `${images(count)} to draw and judge; how long that takes shows after the first ones.`
      : `${images(count)} to draw and judge, ${about(seconds)}. You can pause.`,
  leftAtMost: (count: number, seconds: number) =>
    `${images(count)} to draw and judge, at most ${about(seconds)}. You can pause.`,
  goOnWith: (count: number, seconds: number | null) =>
    `${images(count)} to go${seconds === null ? "" : `, ${about(seconds)}`}. What is judged is kept.`,
  running: (seconds: number | null) =>
    seconds === null ? "Drawing the first images…" : `${about(seconds)} left`,
  whole: "All of it is judged.",
  failed: "Judging has failed; what was judged before is kept.",
  progress: (name: string) => `Judged of ${name}`,
  ofTotal: (done: number, total: number) => `${done} of ${total}`,
  noJudgeTitle: "Nobody to judge this model",
  noJudge:
    "This model's world has no outside judge, so there is no score here. What it thinks of its own images is on Train.",
  noJudgeAction: "Watch it learn",
  // Scores
  scores: "Score",
  overall: "Overall",
  overallHelp: "Mean of the tasks",
  overallOf: (tasks: number) => `Mean of ${tasks === 1 ? "the one task" : `the ${tasks} tasks`} with images`,
  interval: (low: number, high: number) => `${low.toFixed(2)}–${high.toFixed(2)}`,
  noInterval: "no interval",
  spokenInterval: (low: number, high: number) =>
    `95 percent interval ${low.toFixed(2)} to ${high.toFixed(2)}`,
  n: (count: number) => `n ${count}`,
  legend: "Lines: 95 % intervals over prompts, none where all came out alike. n: prompts.",
  difference: (value: number) => `B − A ${formatSigned(value)}`,
  differs: {
    more: "The intervals do not overlap.",
    less: "The intervals overlap: it may be chance.",
  },
  asTable: "Show as table",
  asBars: "Show as bars",
  table: "Scores by task, with 95 % intervals",
  columns: ["score", "95 %", "prompts"],
  // Who judges
  judgedBy: (judge: string) => `Judged by ${judge}`,
  who: "The judge is a detector that shares no weights with the model and has no say in its training. It knows this model's small world, so scores cannot be compared with published ones.",
  subset: (done: number, total: number) =>
    `So far ${done} of ${total} images: the score of a part is not the score of the whole.`,
  subsetPlan: (prompts: number) =>
    `${prompts} of the test prompts: the score of a part is not the score of the whole.`,
  wholePlan: "All test prompts.",
  // Self-reward
  self: "Its own opinion",
  selfStory:
    "The reward that the model gives its own images, beside the score. It learns from the first and never sees the second. Both are means of the tasks.",
  selfReward: "its reward",
  selfJudge: "judge",
  selfGap: (gap: number) =>
    Math.abs(gap) < 0.05
      ? `${formatSigned(gap)}: about the same.`
      : `${formatSigned(gap)}: ${gap > 0 ? "it flatters itself" : "it is too modest"}.`,
  // Pictures
  pictures: "Picture by picture",
  task: "Task",
  allTasks: "all tasks",
  wrongOnly: "Wrong only",
  legendPictures:
    "Same column, same seed. Below each picture: the judge's verdict and the model's own reward.",
  noneWrong: "Nothing wrong here.",
  noneOfTask: "No picture of this task is judged yet.",
  more: (count: number) => `Show ${count} more`,
  shown: (shown: number, all: number) => `${shown} of ${all} prompts`,
  unseen: "never in training",
  unseenHelp: "Training never contains this composition, under any text.",
  notKept: "not kept",
  right: "right",
  wrong: "wrong",
  times: (letter: string, count: number) => `${letter} ${count}×`,
  // Files
  files: "Take it with you",
  csv: "CSV",
  lines: (name: string) => `JSON Lines of ${name}`,
} as const;

/** Also for the model at step 0: "The model as it came", "The open run, step 12". */
export const nameState = (name: string, step: number): string =>
  step === 0 ? name : `${name}, step ${step}`;

/** What an image shows, for who cannot see it. */
export function describePicture(
  picture: {
    readonly prompt: string;
    readonly number: number;
    readonly correct: boolean;
    readonly reasons: readonly string[];
    readonly answer: string;
    readonly reward: number;
  },
  state: string,
): string {
  const { prompt, number, correct, reasons, answer, reward } = picture;
  const verdict = correct ? JUDGING_WORDS.right : `${JUDGING_WORDS.wrong}: ${reasons.join("; ")}`;
  return `“${prompt}” by ${state}, image ${number + 1}, ${verdict}. Its own answer “${answer}”, reward ${reward.toFixed(2)}.`;
}

/** How far judging is, for who cannot see it; null before there is anything. */
export function describeJudging(
  states: readonly {
    readonly total: number;
    readonly done: number;
    readonly scores: { readonly overall: { readonly mean: number } } | null;
  }[],
  isAtWork: boolean,
): string | null {
  const total = states.reduce((sum, state) => sum + state.total, 0);
  const done = states.reduce((sum, state) => sum + state.done, 0);
  if (done === 0) return null;
  const scores = states.flatMap(({ scores: found }) => found?.overall.mean.toFixed(2) ?? []);
  return `${isAtWork ? "Judging" : "Judged"}: ${done} of ${total} images, score ${scores.join(" and ")}`;
}

/** The six tasks, in GenEval's order, as settings call them. */
const { all: _, ...tasks } = CONFIG_FIELDS.promptKind.options;
export const TASK_NAMES: Readonly<Record<string, string>> = tasks;
export const nameTask = (tag: string): string => TASK_NAMES[tag] ?? tag;
