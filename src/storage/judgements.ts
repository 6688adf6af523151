/** What the outside judge said of images, kept image by image, so that an evaluation goes on where it was stopped. */
import { type Database, withDb } from "./db.ts";

/** Evaluations kept; of older ones the verdicts are deleted when a new one begins. */
const KEPT_EVALUATIONS = 24;

/** An image's name within its evaluation, and its line of a file of judged images. */
export interface Judgement {
  readonly seed: string;
  readonly line: string;
}

const linesOf = (key: string) => IDBKeyRange.bound([key, ""], [key, "\uffff"]);

/** The lines of an evaluation so far. @throws EngineError("storageUnavailable") */
export async function readJudgements(database: Database, key: string): Promise<string[]> {
  const records = await withDb(database, (db) => db.getAll("judgements", linesOf(key)));
  return records.map(({ line }) => line);
}

/**
 * Adds verdicts to an evaluation, all or none.
 * @throws EngineError("storageFull" | "storageUnavailable"); what was there stays
 */
export async function addJudgements(
  database: Database,
  key: string,
  judgements: readonly Judgement[],
  nowMs: number,
): Promise<void> {
  await withDb(database, async (db) => {
    const transaction = db.transaction(["evaluations", "judgements"], "readwrite");
    const [evaluations, lines] = [
      transaction.objectStore("evaluations"),
      transaction.objectStore("judgements"),
    ];
    const known = await evaluations.getAll();
    const others = known
      .filter((evaluation) => evaluation.key !== key)
      .sort((a, b) => b.savedAtMs - a.savedAtMs);
    const dropped = others.slice(KEPT_EVALUATIONS - 1).map((evaluation) => evaluation.key);
    await Promise.all([
      ...dropped.flatMap((old) => [evaluations.delete(old), lines.delete(linesOf(old))]),
      evaluations.put({ key, savedAtMs: nowMs }),
      ...judgements.map((judgement) => lines.put({ evaluation: key, ...judgement })),
      transaction.done,
    ]);
  });
}
