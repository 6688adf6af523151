/** `unirl eval --suite geneval`: the model's pictures before an outside judge. */
import { EngineError } from "../../engine/errors.ts";
import type {
  Contest,
  JudgedHeader,
  JudgedImage,
  ObjectDetector,
  PlannedDraw,
  SelfJudgement,
} from "../../engine/index.ts";
import {
  type Bench,
  choosePrompts,
  describeMean,
  describeTable,
  drawSettings,
  underProgress,
} from "./bench.ts";
import { describeContest, type JudgedStore, openJudgedStore } from "./judgedStore.ts";
import { scoresRecord, scoresText } from "./scores.ts";

/** GenEval's own number of images per prompt. */
const IMAGES_PER_PROMPT = 4;

/** A bench with a judge at it, and what of this evaluation was judged before. */
export interface JudgedBench {
  readonly bench: Bench;
  readonly contest: Contest;
  readonly header: JudgedHeader;
  readonly store: JudgedStore;
}

/** Sits the judge down. @throws EngineError("badInput") when --out belongs to another evaluation */
export async function seatJudge(bench: Bench, detector: ObjectDetector): Promise<JudgedBench> {
  const header = await describeContest(bench, detector);
  const store = await openJudgedStore(bench, bench.options.out, header);
  return { bench, contest: { model: bench.model, detector }, header, store };
}

/**
 * Draws and judges what --out does not have yet.
 * @returns one image per draw, in order
 * @throws EngineError("cancelled") on Ctrl-C, with what was finished in the file
 */
export async function judgeAll(
  { bench, contest, store }: JudgedBench,
  label: string,
  draws: readonly PlannedDraw[],
): Promise<JudgedImage[]> {
  const { engine, options, output } = bench;
  const { done, left } = engine.splitDone(draws, store.images);
  if (done.length > 0) output.log(`${done.length} of ${draws.length} images are in ${options.out} already`);
  const judge = (progress: { onProgress: (done: number) => void; signal: AbortSignal }) =>
    engine.judgeDraws(contest, left, { ...drawSettings(bench), ...progress, onJudged: store.append });
  try {
    const judged = await underProgress(bench, label, draws.length, judge, done.length);
    return engine.orderByPlan(draws, [...done, ...judged]);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code === "cancelled" && options.out !== undefined) {
      output.log(`What is judged is in ${options.out}; the same command goes on from there.`);
    }
    throw thrown;
  }
}

/** The judged images of the chosen list. */
export function judgeListed(judged: JudgedBench): Promise<JudgedImage[]> {
  const { bench } = judged;
  const { engine, options } = bench;
  const { n = IMAGES_PER_PROMPT, seed, taskImages } = options;
  return judgeAll(judged, "geneval", engine.planDraws(choosePrompts(bench), n, seed, taskImages));
}

function describeSelf({ reward, correct, excess, excessExact }: SelfJudgement): string {
  return describeTable("the model's opinion of its own images, against the judge's", {
    "self-reward": describeMean(reward),
    judge: describeMean(correct),
    "reward − judge": describeMean(excess),
    "exact − judge": describeMean(excessExact),
  });
}

/** Runs the suite. */
export async function runGenEval(judged: JudgedBench): Promise<void> {
  const { bench, header } = judged;
  const { engine, options, output } = bench;
  const images = await judgeListed(judged);
  const { scores, seen, unseen, self, selfByTag } = engine.reportGenEval(images, options.seed);
  const listed = images.map(({ metadata, number, answer, reward, correct, reasons }) => {
    const { prompt, tag } = metadata;
    return { prompt, tag, number, answer, reward, correct, reasons };
  });
  const record = {
    command: "eval",
    suite: "geneval",
    ...header,
    ...scoresRecord(scores),
    images: images.length,
    imagesPerPrompt: options.n ?? IMAGES_PER_PROMPT,
    ...(options.taskImages === undefined ? {} : { leastImagesPerTask: options.taskImages }),
    seen: scoresRecord(seen),
    unseen: scoresRecord(unseen),
    self,
    selfByTag: Object.fromEntries(selfByTag),
    ...(options.answers ? { judged: listed } : {}),
  };
  const parts = [
    scoresText(scores, []),
    scoresText(seen, [], "compositions that training may contain"),
    scoresText(unseen, [], "compositions that training never contains"),
    describeSelf(self),
  ];
  output.result(record, parts.join("\n"));
}
