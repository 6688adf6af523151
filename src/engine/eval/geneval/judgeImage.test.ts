import { describe, expect, it } from "vitest";
import { createRng, type Rng } from "../../rng.ts";
import {
  colouredObject,
  colouredObjects,
  counting,
  type Metadata,
  positioned,
  singleObject,
  twoObjects,
} from "../../world/sentences.ts";
import { confidentObjects, minScoreOf } from "./confidentObjects.ts";
import type { Box, Detection, Detections } from "./detections.ts";
import { judgeImage } from "./judgeImage.ts";

const LEFT: Box = [0, 0, 10, 10];
const RIGHT: Box = [20, 0, 30, 10];

const seen = (score: number, color = "red", box: Box = LEFT): Detection => ({ box, score, color });
const kinds = (metadata: Metadata, detections: Detections) =>
  judgeImage(metadata, detections).reasons.map(({ kind }) => kind);

describe("thresholds", () => {
  it("are strict: 0.3, and 0.9 for counting alone", () => {
    expect(kinds(singleObject("dog"), { dog: [seen(0.3)] })).toEqual(["tooFew"]);
    expect(kinds(singleObject("dog"), { dog: [seen(0.3001)] })).toEqual([]);
    const two = counting("dog", 2);
    expect(kinds(two, { dog: [seen(0.9), seen(0.95)] })).toEqual(["tooFew"]);
    expect(kinds(two, { dog: [seen(0.9001), seen(0.95)] })).toEqual([]);
    expect(kinds(two, { dog: [seen(0.91), seen(0.95), seen(0.9)] })).toEqual([]);
  });

  it("leave at most 16 objects, the most confident first, the later of equals first", () => {
    const scores = Array.from({ length: 20 }, (_, at) => 0.91 + at / 1000);
    const kept = confidentObjects({ dog: scores.map((score) => seen(score)) }, "dog", "counting");
    expect(kept.map(({ score }) => score)).toEqual(scores.slice(4).reverse());
    const equals = [seen(0.5, "red"), seen(0.7, "pink"), seen(0.5, "blue")];
    expect(confidentObjects({ dog: equals }, "dog", "colors").map(({ color }) => color)).toEqual([
      "pink",
      "blue",
      "red",
    ]);
    // Sixteen of twenty are left, so "fewer than 17" holds although twenty were seen.
    const crowd = { dog: scores.map((score) => seen(score)) };
    expect(judgeImage(counting("dog", 16), crowd).correct).toBe(true);
    expect(kinds(counting("dog", 15), crowd)).toEqual(["tooMany"]);
  });

  it("do not take an object's own properties for classes", () => {
    expect(kinds(singleObject("constructor"), {})).toEqual(["tooFew"]);
  });
});

describe("counting", () => {
  it("wants the exact number", () => {
    const three = counting("dog", 3);
    const dogs = (count: number) => ({ dog: Array.from({ length: count }, () => seen(0.95)) });
    expect(kinds(three, dogs(2))).toEqual(["tooFew"]);
    expect(kinds(three, dogs(3))).toEqual([]);
    expect(kinds(three, dogs(4))).toEqual(["tooMany"]);
  });

  it("of other prompts bears more than asked, and classes nobody asked for", () => {
    const found = { dog: [seen(0.5), seen(0.6)], cat: [seen(0.9)], car: [seen(0.99)] };
    expect(kinds(twoObjects("dog", "cat"), found)).toEqual([]);
  });
});

describe("colour", () => {
  const redDog = colouredObject("dog", "red");

  it("is that of the most confident object alone", () => {
    expect(kinds(redDog, { dog: [seen(0.8, "red"), seen(0.7, "blue")] })).toEqual([]);
    expect(kinds(redDog, { dog: [seen(0.7, "red"), seen(0.8, "blue")] })).toEqual(["colour"]);
  });

  it("is asked of as many objects as the clause counts", () => {
    const both: Metadata = { ...redDog, include: [{ class: "dog", count: 2, color: "red" }] };
    expect(kinds(both, { dog: [seen(0.8, "red"), seen(0.7, "red"), seen(0.6, "blue")] })).toEqual([]);
    expect(kinds(both, { dog: [seen(0.8, "red"), seen(0.7, "blue"), seen(0.6, "red")] })).toEqual(["colour"]);
  });

  it("must be known where it matters, and only there", () => {
    const plain = { box: LEFT, score: 0.8 };
    expect(() => judgeImage(redDog, { dog: [plain] })).toThrow(
      expect.objectContaining({ code: "badInput", message: expect.stringMatching(/dog has no "color"/) }),
    );
    expect(kinds(singleObject("dog"), { dog: [plain] })).toEqual([]);
    expect(kinds(redDog, { dog: [seen(0.9), plain] })).toEqual([]);
  });

  it("fails each coloured object by itself", () => {
    const prompt = colouredObjects("dog", "red", "cat", "blue");
    expect(kinds(prompt, { dog: [seen(0.5, "blue")], cat: [seen(0.5, "red")] })).toEqual([
      "colour",
      "colour",
    ]);
    expect(kinds(prompt, { cat: [seen(0.5, "red")] })).toEqual(["tooFew", "colour"]);
    expect(kinds(prompt, { dog: [seen(0.5, "red")], cat: [seen(0.5, "blue")] })).toEqual([]);
  });
});

describe("position", () => {
  const prompt = positioned("dog", "left of", "cat");

  it("is that of the prompt's first noun seen from its second", () => {
    expect(kinds(prompt, { dog: [seen(0.5, "red", LEFT)], cat: [seen(0.5, "red", RIGHT)] })).toEqual([]);
    expect(kinds(prompt, { dog: [seen(0.5, "red", RIGHT)], cat: [seen(0.5, "red", LEFT)] })).toEqual([
      "position",
    ]);
  });

  it("looks at the most confident objects alone", () => {
    const cat = [seen(0.9, "red", RIGHT)];
    expect(kinds(prompt, { dog: [seen(0.6, "red", LEFT), seen(0.5, "red", RIGHT)], cat })).toEqual([]);
    expect(kinds(prompt, { dog: [seen(0.5, "red", LEFT), seen(0.6, "red", RIGHT)], cat })).toEqual([
      "position",
    ]);
  });

  it("fails with its target: one reason for each clause", () => {
    expect(kinds(prompt, { dog: [seen(0.5)] })).toEqual(["tooFew", "noTarget"]);
    expect(kinds(prompt, { cat: [seen(0.5)] })).toEqual(["tooFew"]);
    expect(kinds(prompt, {})).toEqual(["tooFew", "tooFew"]);
  });

  it("comes after colour, whose failure ends the clause and takes the target away", () => {
    const [reference, subject] = prompt.include as [Metadata["include"][0], Metadata["include"][0]];
    const dog = [seen(0.5, "blue", RIGHT)];
    const cat = [seen(0.5, "blue", LEFT)];
    const colouredSubject = { ...prompt, include: [reference, { ...subject, color: "red" }] };
    expect(kinds(colouredSubject, { dog, cat })).toEqual(["colour"]);
    const colouredTarget = { ...prompt, include: [{ ...reference, color: "red" }, subject] };
    expect(kinds(colouredTarget, { dog, cat })).toEqual(["colour", "noTarget"]);
  });

  it("must hold for every pair; the first miss is the only reason", () => {
    const pairs: Metadata = {
      tag: "position",
      include: [
        { class: "cat", count: 2 },
        { class: "dog", count: 2, position: ["left of", 0] },
      ],
      prompt: "two dogs left of two cats",
    };
    const cat = [seen(0.9, "red", RIGHT), seen(0.8, "red", [40, 0, 50, 10])];
    const near = seen(0.9, "red", LEFT);
    expect(kinds(pairs, { cat, dog: [near, seen(0.8, "red", [2, 0, 12, 10])] })).toEqual([]);
    expect(kinds(pairs, { cat, dog: [near, seen(0.8, "red", [30, 0, 40, 10])] })).toEqual(["position"]);
    expect(
      kinds(pairs, { cat, dog: [seen(0.9, "red", [60, 0, 70, 10]), seen(0.8, "red", cat[0]?.box)] }),
    ).toEqual(["position"]);
  });
});

describe("reasons", () => {
  it("say what was asked for and what was found", () => {
    const texts = (metadata: Metadata, detections: Detections) =>
      judgeImage(metadata, detections).reasons.map(({ text }) => text);
    expect(texts(counting("dog", 2), { dog: [seen(0.95)] })).toEqual(["asked for 2 dog, found 1"]);
    expect(texts(counting("dog", 1), { dog: [seen(0.95), seen(0.95)] })).toEqual([
      "asked for fewer than 2 dog, found 2",
    ]);
    expect(texts(colouredObject("dog", "red"), { dog: [seen(0.5, "blue")] })).toEqual([
      "asked for 1 red dog, the most confident is blue",
    ]);
    expect(texts(positioned("dog", "above", "cat"), { dog: [seen(0.5)], cat: [seen(0.5)] })).toEqual([
      "asked for dog above the other, it is in no clear relation",
    ]);
  });
});

const CLASSES = ["dog", "cat", "car"] as const;
const COLOURS = ["red", "blue"] as const;
/** With scores equal to both thresholds; an index is added so that no two scores of a class are the same. */
const SCORES = [0.1, 0.3, 0.35, 0.6, 0.9, 0.95] as const;

function drawObject(rng: Rng, index: number): Detection {
  const [x, y] = [rng.int(100), rng.int(100)];
  const score = rng.pick(SCORES) + index / 1e4;
  return { box: [x, y, x + 10 + rng.int(20), y + 10 + rng.int(20)], score, color: rng.pick(COLOURS) };
}

function drawDetections(rng: Rng): Record<string, Detection[]> {
  const objects = () => Array.from({ length: rng.int(5) }, (_, index) => drawObject(rng, index));
  return Object.fromEntries(CLASSES.map((name) => [name, objects()]));
}

const PROMPTS: readonly Metadata[] = [
  singleObject("dog"),
  twoObjects("dog", "cat"),
  counting("dog", 2),
  colouredObject("dog", "red"),
  positioned("dog", "left of", "cat"),
  colouredObjects("dog", "red", "cat", "blue"),
];

describe.each(PROMPTS)("of any picture, the verdict on $prompt", (metadata) => {
  const rng = createRng(5, "judge", metadata.tag);
  const rounds = Array.from({ length: 300 }, () => drawDetections(rng));

  it("does not depend on the order of classes and objects", () => {
    for (const detections of rounds) {
      const shuffled = Object.fromEntries(
        rng.shuffle(Object.entries(detections)).map(([name, objects]) => [name, rng.shuffle(objects)]),
      );
      expect(judgeImage(metadata, shuffled)).toEqual(judgeImage(metadata, detections));
    }
  });

  it("does not change with an object at or below the threshold, of any class", () => {
    for (const detections of rounds) {
      const name = rng.pick(CLASSES);
      const faint = { ...drawObject(rng, 0), score: minScoreOf(metadata.tag) * rng.pick([0, 0.5, 1]) };
      const more = { ...detections, [name]: [faint, ...(detections[name] ?? [])] };
      expect(judgeImage(metadata, more)).toEqual(judgeImage(metadata, detections));
    }
  });

  it("does not change with a class nobody asked for", () => {
    for (const detections of rounds) {
      const { car: _, ...without } = detections;
      expect(judgeImage(metadata, without)).toEqual(judgeImage(metadata, detections));
    }
  });

  it("has at most one reason for each clause, and is correct without any", () => {
    const verdicts = rounds.map((detections) => judgeImage(metadata, detections));
    const clauses = metadata.include.length + (metadata.exclude?.length ?? 0);
    for (const { correct, reasons } of verdicts) {
      expect(correct).toBe(reasons.length === 0);
      expect(reasons.length).toBeLessThanOrEqual(clauses);
    }
    // The draws reach both verdicts, so that the properties above say something.
    expect(new Set(verdicts.map(({ correct }) => correct)).size).toBe(2);
  });
});
