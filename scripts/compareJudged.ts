/**
 * What changed between two files of judged images of the same draws (`unirl eval --suite geneval --out`): the second's
 * scores minus the first's, paired image by image, with 95 % intervals over prompts. One JSON object.
 * `npx tsx scripts/compareJudged.ts BEFORE.jsonl AFTER.jsonl`
 */
import { readFileSync } from "node:fs";
import {
  isRedraw,
  type JudgedFile,
  parseJudgedFile,
  requireSameHeader,
  scoreGain,
} from "../src/engine/index.ts";

function read(path: string): JudgedFile {
  const file = parseJudgedFile({ name: path, text: readFileSync(path, "utf8") });
  if (!file) throw new Error(`${path} is empty.`);
  // The imbalance suite keeps its redraws in the same file; they are no draws of GenEval.
  return { ...file, images: file.images.filter((image) => !isRedraw(image)) };
}

const [beforePath, afterPath] = process.argv.slice(2);
if (!beforePath || !afterPath) {
  console.error("usage: tsx scripts/compareJudged.ts BEFORE.jsonl AFTER.jsonl");
  process.exit(2);
}
const [before, after] = [read(beforePath), read(afterPath)];
requireSameHeader(afterPath, after.header, before.header, "Draw both in the same way.", [
  "tokenizer",
  "judge",
  "prompts",
  "seed",
  "guidanceScale",
  "temperature",
  "steps",
]);
const bySeed = new Map(after.images.map((image) => [image.seed, image]));
const pairs = before.images.flatMap((image) => {
  const other = bySeed.get(image.seed);
  return other ? [[image, other] as const] : [];
});
const { overall, tasks } = scoreGain(
  pairs.map(([image]) => image),
  pairs.map(([, other]) => other),
  before.header.seed,
);
const count = (isSo: (pair: (typeof pairs)[number]) => boolean) => pairs.filter(isSo).length;
console.log(
  JSON.stringify({
    images: pairs.length,
    sameImages: count(([a, b]) => a.codes.join() === b.codes.join()),
    lost: count(([a, b]) => a.correct && !b.correct),
    won: count(([a, b]) => !a.correct && b.correct),
    overall,
    tasks: Object.fromEntries(tasks),
  }),
);
