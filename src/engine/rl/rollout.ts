/**
 * The sampling half of a step: draw G images for each prompt, then let the model answer about them. No tape.
 * Every random choice is named by (run seed, step, group, image), so a step can be repeated from its number alone.
 */

import { util } from "@tensorflow/tfjs-core";
import { chunk } from "../chunk.ts";
import type { RunConfig } from "../config.ts";
import type { Answer, DrawRequest, ImageCodes, StopSignal, UnifiedModel } from "../models/unified.ts";
import type { DrawnGroup, Task } from "./task.ts";

/** Where drawing stands: codes of the images `firstImage`, `firstImage + 1`, … of all P·G, −1 where undecided. */
export interface DrawProgress {
  readonly decodeStep: number;
  readonly decodeSteps: number;
  readonly firstImage: number;
  readonly codes: readonly ImageCodes[];
}

/** What rollouts need besides the model and the tasks. */
export interface RolloutOptions {
  readonly config: RunConfig;
  readonly step: number;
  /** 0, and more for each redraw of dead groups. */
  readonly attempt: number;
  /** Images drawn or asked about in one call of the model. */
  readonly imagesPerCall: number;
  readonly signal?: StopSignal | undefined;
}

/** A result and the seconds spent on it, pauses of the consumer excluded. */
export interface Timed<T> {
  readonly value: T;
  readonly seconds: number;
}

function sampleSeed(options: RolloutOptions, use: string, group: number, image: number): string {
  const { config, step, attempt } = options;
  const name = attempt === 0 ? [use] : ["redraw", attempt, use];
  return [config.seed, "step", step, ...name, group, image].join("/");
}
interface DrawnBatch {
  readonly images: ImageCodes[];
  /** [B][N] */
  readonly decidedAt: Uint8Array[];
}

/** Remembers in which step each code was decided. A code once decided stays. */
class DecisionLog {
  readonly decidedAt: Uint8Array[];
  readonly #last: number;

  constructor(images: number, tokens: number, steps: number) {
    this.#last = steps - 1;
    this.decidedAt = Array.from({ length: images }, () => new Uint8Array(tokens).fill(this.#last));
  }

  /** @param codes [B][N], −1 where undecided */
  record(step: number, codes: readonly ImageCodes[]): void {
    for (const [image, row] of codes.entries()) {
      const decidedAt = this.decidedAt[image];
      row.forEach((code, token) => {
        if (decidedAt && code >= 0 && step < (decidedAt[token] ?? 0)) decidedAt[token] = step;
      });
    }
  }
}

/** Runs one drawing call and yields its progress. Never leaves a drawing running behind: returning waits for it. */
async function* followDrawing(
  model: UnifiedModel,
  request: DrawRequest,
  firstImage: number,
): AsyncGenerator<DrawProgress, Timed<DrawnBatch>> {
  const log = new DecisionLog(request.prompts.length, model.imageTokenCount, request.steps);
  const reports: DrawProgress[] = [];
  let wake = () => {};
  let isSettled = false;
  const settle = () => {
    isSettled = true;
    wake();
  };
  const startedMs = util.now();
  const drawing = model
    .drawImages({
      ...request,
      onStep: ({ step, steps, codes }) => {
        log.record(step, codes);
        const copies = codes.map((image) => image.slice());
        reports.push({ decodeStep: step, decodeSteps: steps, firstImage, codes: copies });
        wake();
      },
    })
    .then((images) => ({
      value: { images, decidedAt: log.decidedAt },
      seconds: (util.now() - startedMs) / 1000,
    }));
  const finished = drawing.then(settle, settle);
  try {
    for (;;) {
      const report = reports.shift();
      if (report) yield report;
      else if (isSettled) return await drawing;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    await finished;
  }
}

/**
 * Draws `groupSize` images for each task, `imagesPerCall` at a time.
 * @returns one group per task, in order
 * @throws EngineError("cancelled") within one decoding step of the signal
 */
export async function* drawGroups<T extends Task>(
  model: UnifiedModel,
  tasks: readonly T[],
  options: RolloutOptions,
): AsyncGenerator<DrawProgress, Timed<DrawnGroup<T>[]>> {
  const { config, imagesPerCall, signal } = options;
  const { groupSize: size } = config;
  const orders = tasks.flatMap(({ metadata }, group) =>
    Array.from({ length: size }, (_, image) => ({
      prompt: metadata.prompt,
      seed: sampleSeed(options, "image", group, image),
    })),
  );
  const images: ImageCodes[] = [];
  const decidedAt: Uint8Array[] = [];
  let seconds = 0;
  for (const batch of chunk(orders, imagesPerCall)) {
    const request = {
      prompts: batch.map(({ prompt }) => prompt),
      seeds: batch.map(({ seed }) => seed),
      guidanceScale: config.guidanceScale,
      temperature: config.temperature,
      steps: config.decodeSteps,
      ...(signal ? { signal } : {}),
    };
    const drawn = yield* followDrawing(model, request, images.length);
    images.push(...drawn.value.images);
    decidedAt.push(...drawn.value.decidedAt);
    seconds += drawn.seconds;
  }
  const groups = tasks.map((task, group) => ({
    task,
    images: images.slice(group * size, (group + 1) * size),
    decidedAt: decidedAt.slice(group * size, (group + 1) * size),
    seeds: orders.slice(group * size, (group + 1) * size).map(({ seed }) => seed),
  }));
  return { value: groups, seconds };
}

/** Which question is asked, and who answers. */
export interface AnswerOptions extends RolloutOptions {
  /** 0: the task's own; n: the n-th of its further ones, the last where there are fewer. */
  readonly question?: number;
  /** The starting model answers, with what it finds most likely. */
  readonly isReference?: boolean;
}

function questionOf({ question, moreQuestions = [] }: Task, number: number): string {
  return number === 0 ? question : (moreQuestions[number - 1] ?? moreQuestions.at(-1) ?? question);
}

/**
 * Samples one answer about each image of each group.
 * @returns [P][G]
 * @throws EngineError("cancelled")
 */
export async function answerGroups(
  model: UnifiedModel,
  groups: readonly DrawnGroup[],
  options: AnswerOptions,
): Promise<Timed<Answer[][]>> {
  const { config, imagesPerCall, signal, question = 0, isReference = false } = options;
  const use = question === 0 ? "answer" : `answer${question}`;
  const orders = groups.flatMap(({ task, images }, group) =>
    images.map((image, index) => ({
      image,
      question: questionOf(task, question),
      seed: sampleSeed(options, use, group, index),
    })),
  );
  const startedMs = util.now();
  const answers: Answer[] = [];
  for (const batch of chunk(orders, imagesPerCall)) {
    const request = {
      images: batch.map(({ image }) => image),
      questions: batch.map(({ question }) => question),
      maxTokens: config.answerMaxTokens,
      ...(signal ? { signal } : {}),
    };
    const sampling = { temperature: config.answerTemperature, seeds: batch.map(({ seed }) => seed) };
    const answered = isReference
      ? model.withoutAdapter(() => model.answerQuestions(request))
      : model.answerQuestions({ ...request, sampling });
    answers.push(...(await answered));
  }
  const ends = groups.map((_, at) =>
    groups.slice(0, at + 1).reduce((sum, { images }) => sum + images.length, 0),
  );
  const value = ends.map((end, at) => answers.slice(ends[at - 1] ?? 0, end));
  return { value, seconds: (util.now() - startedMs) / 1000 };
}
