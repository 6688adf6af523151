/** Made-up runs and judgements for the harness: stored images come at once, others a few at a time. */
import { makeConfig } from "../../engine/config.ts";
import type { Command } from "../../protocol/commands.ts";
import type { RunSummary, WireEstimate, WireJudgedImage } from "../../protocol/events.ts";
import { TASK_NAMES } from "../text/judging.ts";
import type { FakeClient } from "./fakeClient.ts";
import { paint, stream } from "./paint.ts";

type Evaluate = Extract<Command, { type: "evaluate" }>;

/** What the fake was told to be before it is asked. */
export interface JudgeScene {
  /** Share of the images that are stored already. */
  readonly stored: number;
  /** Whether a job that draws breaks. */
  readonly breaks: boolean;
}

const PROMPTS: Readonly<Record<string, readonly string[]>> = {
  single_object: ["a photo of a cup", "a photo of a kite"],
  two_object: ["a photo of an apple and a ball", "a photo of a kite and a cup"],
  counting: ["a photo of three apples", "a photo of two balls"],
  colors: ["a photo of a blue ball", "a photo of a yellow kite"],
  position: ["a photo of a cup left of an apple", "a photo of a ball above a kite"],
  color_attr: ["a photo of a red cup and a green ball", "a photo of a blue kite and a yellow apple"],
};
const REASONS: Readonly<Record<string, string>> = {
  single_object: "asked for 1 cup, found 0",
  two_object: "asked for 1 ball, found 0",
  counting: "asked for 3 apple, found 2",
  colors: "asked for 1 blue ball, the most confident is green",
  position: "asked for cup left of the other, it is above",
  color_attr: "asked for 1 red cup, the most confident is green",
};
const EASE: Readonly<Record<string, number>> = {
  single_object: 0.9,
  two_object: 0.5,
  counting: 0.58,
  colors: 0.7,
  position: 0.74,
  color_attr: 0.3,
};
const TAGS = Object.keys(TASK_NAMES);
const ALL_PROMPTS = 404;
const BATCH = 6;
const BATCH_MS = 250;

const round = (value: number): number => Math.round(value * 1000) / 1000;

export const FAKE_RUNS: readonly RunSummary[] = [
  ["run-7", "Counts to three", 120, 0.83, "2026-11-25T12:04:00"],
  ["run-5", null, 60, 0.71, "2026-11-24T18:31:00"],
].map(([runId, title, step, rewardMean, saved]) => ({
  runId: String(runId),
  title: title === null ? null : String(title),
  isPinned: title !== null,
  isOpen: false,
  preset: "robust",
  config: makeConfig(),
  step: Number(step),
  createdAtMs: Date.parse(String(saved)),
  savedAtMs: Date.parse(String(saved)),
  rewardMean: Number(rewardMean),
  sizeBytes: 2.1e6,
}));

function judgeOne(at: number, command: Evaluate): WireJudgedImage {
  const number = at % command.imagesPerPrompt;
  const prompt = Math.floor(at / command.imagesPerPrompt);
  const tag = TAGS[prompt % TAGS.length] ?? "counting";
  const texts = PROMPTS[tag] ?? [];
  const random = stream(at * 7919 + 11);
  random();
  const gain = command.source.of === "model" ? 0 : 0.17;
  const correct = random() < (EASE[tag] ?? 0.5) + gain;
  const turn = Math.floor(prompt / TAGS.length / texts.length);
  const text = `${texts[Math.floor(prompt / TAGS.length) % texts.length]}${turn > 0 ? ` (${turn + 1})` : ""}`;
  return {
    tag,
    prompt: text,
    number,
    seen: prompt % 3 !== 0,
    seed: `0/${text}/${number}`,
    correct,
    reasons: correct ? [] : [REASONS[tag] ?? ""],
    answer: correct ? "yes" : "no",
    reward: correct ? 1 : round(random() * 0.9),
    image: paint(1 + (prompt % 3), prompt % 4, correct ? 0.9 : 0.5, at),
    line: JSON.stringify({ prompt: text, number, correct }),
  };
}

function estimate(images: readonly WireJudgedImage[]): WireEstimate {
  const prompts = new Set(images.map(({ prompt }) => prompt)).size;
  const mean = images.filter(({ correct }) => correct).length / images.length;
  const half = 1.96 * Math.sqrt((mean * (1 - mean)) / images.length);
  return { mean, low: Math.max(0, mean - half), high: Math.min(1, mean + half), count: prompts };
}

function scoresOf(images: readonly WireJudgedImage[]) {
  const tasks = TAGS.map((tag) => ({ tag, images: images.filter((image) => image.tag === tag) }))
    .filter((task) => task.images.length > 0)
    .map((task) => ({ tag: task.tag, estimate: estimate(task.images) }));
  const mean = tasks.reduce((sum, task) => sum + task.estimate.mean, 0) / tasks.length;
  const all = estimate(images);
  const shift = mean - all.mean;
  return { overall: { ...all, mean, low: all.low + shift, high: all.high + shift }, tasks };
}

/** Answers what is asked of the judge; remembers what it judged. */
export function createFakeJudge(scene: JudgeScene): (command: Command, client: FakeClient) => void {
  const judged = new Map<string, WireJudgedImage[]>();
  let stopped = new Set<string>();

  function evaluate(command: Evaluate, client: FakeClient): void {
    const { jobId, source, imagesPerPrompt, isStoredOnly } = command;
    const total = (command.promptCount ?? ALL_PROMPTS) * imagesPerPrompt;
    const name = source.of === "model" ? "model" : source.runId;
    const known = judged.get(name) ?? [];
    judged.set(name, known);
    const storedCount = Math.max(known.length, Math.floor(total * scene.stored));
    while (known.length < Math.min(total, storedCount)) known.push(judgeOne(known.length, command));
    const header = JSON.stringify({ format: "unirl-judged", version: 1, adapter: name });
    const judge = "judge-tiny";
    client.emit({ type: "jobStarted", jobId, total, done: known.length, judge, header });
    const tell = (images: WireJudgedImage[]) =>
      client.emit({ type: "imagesJudged", jobId, images, scores: scoresOf(known) });
    if (known.length > 0) tell([...known]);
    const goOn = () => {
      if (stopped.delete(jobId)) return client.emit({ type: "jobEnded", jobId, outcome: "stopped" });
      if (scene.breaks && !isStoredOnly) {
        const error = { code: "deviceLost" as const, message: "The GPU process was restarted.", data: {} };
        client.emit({ type: "failed", error, isFatal: true, step: null });
        return client.emit({ type: "jobEnded", jobId, outcome: "failed" });
      }
      if (isStoredOnly || known.length >= total) {
        return client.emit({ type: "jobEnded", jobId, outcome: "finished" });
      }
      const from = known.length;
      while (known.length < Math.min(total, from + BATCH)) known.push(judgeOne(known.length, command));
      tell(known.slice(from));
      setTimeout(goOn, BATCH_MS);
    };
    setTimeout(goOn, isStoredOnly ? 0 : BATCH_MS);
  }

  return (command, client) => {
    if (command.type === "listRuns") client.emit({ type: "runsListed", runs: [...FAKE_RUNS] });
    if (command.type === "endJob") stopped = new Set([...stopped, command.jobId]);
    if (command.type === "evaluate") setTimeout(() => evaluate(command, client), 20);
  };
}
