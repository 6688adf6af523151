/** `unirl eval --suite imbalance`: understanding given drawing, and drawing given understanding. */
import type { ConditionalAccuracy, ConditionalShare, JudgedHeader, PoolImage } from "../../engine/index.ts";
import { readText } from "../node/files.ts";
import { describeShare, describeTable, underProgress } from "./bench.ts";
import { type JudgedBench, judgeAll, judgeListed } from "./geneval.ts";

function accuracyRecord({ all, tasks }: ConditionalAccuracy): Record<string, ConditionalShare | object> {
  return { all, tasks: Object.fromEntries(tasks) };
}

function accuracyText(title: string, { all, tasks }: ConditionalAccuracy): string {
  const describe = ({ share, passed, kept, total }: ConditionalShare) =>
    `${describeShare(share)}, ${passed} of ${kept} images, out of ${total}`;
  const rows = [...tasks].map(([tag, share]): [string, string] => [tag, describe(share)]);
  return describeTable(title, { all: describe(all), ...Object.fromEntries(rows) });
}

/**
 * The correct images of a file that the geneval suite wrote for another checkpoint.
 * @throws EngineError("badInput") when it cannot serve as a pool
 */
async function readPool({ bench, header }: JudgedBench, path: string): Promise<[JudgedHeader, PoolImage[]]> {
  const { engine } = bench;
  const file = engine.parseJudgedFile({ name: path, text: await readText(path) });
  const fail = (problem: string) =>
    new engine.EngineError(
      "badInput",
      `${path} ${problem} Write one with --suite geneval --out, by another model or adapter.`,
      { path },
    );
  if (!file) throw fail("has no header.");
  const wayOut = "A pool needs the same image tokenizer and the same judge.";
  engine.requireSameHeader(path, file.header, header, wayOut, ["tokenizer", "judge"]);
  if (file.header.weights === header.weights && file.header.adapter === header.adapter) {
    throw fail("was drawn by the model under test itself.");
  }
  const pool = file.images.filter((image) => image.correct && !engine.isRedraw(image));
  if (pool.length === 0) throw fail("has no correct image.");
  return [file.header, pool];
}

/** Acc(T2I|MMU) over a pool. */
async function measureOverPool(
  judged: JudgedBench,
  pool: readonly PoolImage[],
): Promise<ConditionalAccuracy> {
  const { bench } = judged;
  const { engine, model, options } = bench;
  const answers = await underProgress(bench, "imbalance, asking", pool.length, (progress) =>
    engine.answerPool(model, pool, progress),
  );
  const answered = pool.map((image, at) => ({ ...image, answer: answers[at] ?? "" }));
  const draws = answered.flatMap((image, at) =>
    engine.isExactAnswer(image.metadata, image.answer) ? [engine.planRedraw(image, at, options.seed)] : [],
  );
  const redrawn = await judgeAll(judged, "imbalance, drawing", draws);
  const verdicts = new Map(redrawn.map(({ promptIndex, correct }) => [promptIndex, correct]));
  const outcomes = answered.map(({ metadata, answer }, at) => {
    return { metadata, answer, redrawn: verdicts.get(at) ?? null };
  });
  return engine.drawingGivenUnderstanding(outcomes, options.seed);
}

/** Runs the suite; without --pool only its first half. */
export async function runImbalance(judged: JudgedBench): Promise<void> {
  const { bench, header } = judged;
  const { engine, options, output } = bench;
  // A pool that does not fit is found before the drawing, not after.
  const pool = options.pool === undefined ? null : await readPool(judged, options.pool);
  const understood = engine.understandingGivenDrawing(await judgeListed(judged), options.seed);
  const record = { command: "eval", suite: "imbalance", ...header };
  output.result(
    { ...record, metric: "Acc(MMU|T2I)", ...accuracyRecord(understood) },
    accuracyText("Acc(MMU|T2I): of its correct images, answered exactly", understood),
  );
  if (!pool) {
    output.log(
      "Acc(T2I|MMU) needs a --pool: images of another model or adapter, from --suite geneval --out.",
    );
    return;
  }
  const [poolHeader, images] = pool;
  const drawn = await measureOverPool(judged, images);
  output.result(
    { ...record, metric: "Acc(T2I|MMU)", pool: poolHeader, ...accuracyRecord(drawn) },
    accuracyText("Acc(T2I|MMU): of another's correct images that it answers exactly, drawn correctly", drawn),
  );
}
