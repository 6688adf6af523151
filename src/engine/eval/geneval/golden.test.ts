/** The official code's own verdicts and scores, and the official prompts; skipped where the shared folder is not. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { officialPluralOf } from "../../world/classes.ts";
import { COLOUR_NAMES } from "../../world/colours.ts";
import { NUMBER_WORDS, TAGS, withArticle } from "../../world/sentences.ts";
import { parseDetectionFile } from "./detectionFile.ts";
import { judgeImage } from "./judgeImage.ts";
import { type MetadataRecord, metadataKey, parseMetadata } from "./metadata.ts";
import { outsideWorld } from "./outsideWorld.ts";
import { scoreImages } from "./scoreImages.ts";

const shared = process.env.UNIRL_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const folder = `${shared}/golden/geneval`;
const read = (name: string) => ({ name, text: readFileSync(`${folder}/${name}`, "utf8") });

/** The prompt that GenEval's templates make of a record, odd plurals included. */
function officialPrompt({ tag, include }: MetadataRecord): string {
  const [first, second] = include;
  const noun = (clause = first) => withArticle([clause?.color, clause?.class].filter(Boolean).join(" "));
  if (tag === "counting")
    return `a photo of ${NUMBER_WORDS[first?.count ?? 0]} ${officialPluralOf(first?.class ?? "")}`;
  if (tag === "position") return `a photo of ${noun(second)} ${second?.position?.[0]} ${noun(first)}`;
  return `a photo of ${[first, second]
    .filter(Boolean)
    .map((clause) => noun(clause))
    .join(" and ")}`;
}

/** The 48 classes that the project's GenEval notes (5.2) count for, with the prompts they cover. */
const NOTES_CLASSES =
  "apple, backpack, banana, bear, bed, bicycle, boat, book, broccoli, bus, cake, car, carrot, cell phone, chair, " +
  "clock, computer keyboard, computer mouse, couch, cow, cup, dog, donut, elephant, frisbee, giraffe, handbag, " +
  "horse, hot dog, kite, laptop, orange, pizza, potted plant, scissors, skateboard, sports ball, stop sign, " +
  "suitcase, teddy bear, toilet, toothbrush, train, tv, umbrella, vase, wine glass, zebra";

const countByTag = (records: readonly MetadataRecord[]) =>
  Object.fromEntries(TAGS.map((name) => [name, records.filter(({ tag }) => tag === name).length]));

describe.skipIf(!existsSync(folder))("GenEval's golden data", () => {
  it("are judged as by the official code: verdicts, failed clauses, scores", () => {
    const file = read("judge-a.jsonl");
    const expected = file.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { correct: boolean; failures: number });
    const images = parseDetectionFile(file);
    const verdicts = images.map(({ metadata, detections }) => judgeImage(metadata, detections));
    expect(verdicts.map(({ correct, reasons }) => ({ correct, failures: reasons.length }))).toEqual(
      expected.map(({ correct, failures }) => ({ correct, failures })),
    );
    const scores = scoreImages(
      images.map(({ metadata }, at) => ({ metadata, correct: verdicts[at]?.correct ?? false })),
      0,
    );
    const means = Object.fromEntries([...scores.tasks].map(([tag, { mean }]) => [tag, mean]));
    expect({ tasks: means, overall: scores.overall.mean }).toEqual(
      JSON.parse(read("judge-a.scores.json").text),
    );
  });

  it("list 553 different prompts, made by the templates, with and without UniRL's questions", () => {
    const records = parseMetadata(read("evaluation_metadata.jsonl"));
    expect(countByTag(records)).toEqual({
      single_object: 80,
      two_object: 99,
      counting: 80,
      colors: 94,
      position: 100,
      color_attr: 100,
    });
    expect(new Set(records.map(metadataKey)).size).toBe(553);
    expect(records.map(({ prompt }) => prompt)).toEqual(records.map(officialPrompt));
    const asked = parseMetadata(read("evaluation_metadata_qa.jsonl"));
    expect(asked.map(metadataKey)).toEqual(records.map(metadataKey));
    expect(asked.every(({ question, answer }) => question && answer)).toBe(true);
  });

  it("fit a world of 48 classes as far as the notes say", () => {
    const world = { classes: NOTES_CLASSES.split(", "), colours: COLOUR_NAMES };
    const records = parseMetadata(read("evaluation_metadata.jsonl"));
    expect(countByTag(records.filter((record) => outsideWorld(record, world) === null))).toEqual({
      single_object: 48,
      two_object: 40,
      counting: 53,
      colors: 69,
      position: 46,
      color_attr: 54,
    });
  });
});
