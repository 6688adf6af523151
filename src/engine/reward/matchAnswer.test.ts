import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  colouredObject,
  colouredObjects,
  counting,
  type Metadata,
  positioned,
  singleObject,
  twoObjects,
} from "../world/sentences.ts";
import { meaningOf } from "./__fixtures__/meaning.ts";
import { isExactAnswer, matchAnswer, matchYesNo } from "./matchAnswer.ts";

const reward = (gold: Metadata, answer: string) => matchAnswer(gold, answer).reward;

describe("matchAnswer", () => {
  it.each([
    ["dog", "dog", 1],
    ["dog", "It is a dog.", 1],
    ["dog", "Dogs!", 1],
    ["dog", "hot dog", 0],
    ["hot dog", "a hot dog", 1],
    ["bear", "teddy bear", 0],
    ["tv", "A television", 1],
    ["tv", "tv remote", 0],
    ["knife", "knifes", 1],
    ["knife", "knives", 1],
    ["computer mouse", "a mouse", 1],
    ["orange", "an orange", 1],
    ["orange", "It is orange", 1],
    ["dog", "cat", 0],
    ["dog", "", 0],
    ["dog", "There is no dog", 0],
    ["dog", "dog cat bird horse", 0],
  ])("single object %s, answer %j: %d", (name, answer, expected) => {
    expect(reward(singleObject(name), answer)).toBe(expected);
  });

  it.each([
    ["four bowls", 1],
    ["4 bowls", 1],
    ["There are four bowls.", 1],
    ["three bowls", 0.5],
    ["four cups", 0.5],
    ["three cups", 0],
    ["four or five bowls", 0.5],
    ["bowls", 0.5],
  ])("counting four bowls, answer %j: %d (UniRL figure 2: 0, 1 or 2 points)", (answer, expected) => {
    expect(reward(counting("bowl", 4), answer)).toBe(expected);
  });

  it("accepts the odd official plurals when counting", () => {
    for (const [name, plural] of [
      ["sheep", "sheeps"],
      ["toothbrush", "toothbrushs"],
      ["bench", "benches"],
      ["person", "persons"],
      ["sandwich", "sandwichs"],
      ["scissors", "scissorses"],
    ] as const) {
      expect(reward(counting(name, 3), `three ${plural}`)).toBe(1);
    }
  });

  it("takes two objects in either order", () => {
    const gold = twoObjects("dog", "wine glass");
    expect(reward(gold, "There is a dog and a wine glass")).toBe(1);
    expect(reward(gold, "a wine glass and a dog")).toBe(1);
    expect(reward(gold, "a dog and a cup")).toBe(0.5);
    expect(reward(gold, "a cat and a cup")).toBe(0);
  });

  it("wants the right colour word alone", () => {
    const gold = colouredObject("car", "red");
    expect(reward(gold, "red")).toBe(1);
    expect(reward(gold, "The car is Red.")).toBe(1);
    expect(reward(gold, "red or blue")).toBe(0);
    expect(reward(gold, "red or orange")).toBe(0);
    expect(reward(gold, "orange and red")).toBe(0);
    expect(reward(gold, "The car is red and orange")).toBe(0);
    expect(reward(gold, "blue")).toBe(0);
    expect(reward(colouredObject("orange", "orange"), "orange")).toBe(1);
    expect(reward(colouredObject("orange", "red"), "The orange is red")).toBe(1);
    expect(reward(colouredObject("orange", "red"), "orange")).toBe(0);
  });

  it("takes a relation from either side and gives the objects their own points", () => {
    const gold = positioned("dog", "left of", "tv");
    expect(reward(gold, "The dog is left of the tv")).toBe(1);
    expect(reward(gold, "The television is to the right of the dog.")).toBe(1);
    expect(reward(gold, "To the left of the tv is the dog")).toBe(1);
    expect(reward(gold, "The tv is left of the dog")).toBeCloseTo(2 / 3);
    expect(reward(gold, "The dog is above the tv")).toBeCloseTo(2 / 3);
    expect(reward(gold, "The dog is left of the cat")).toBeCloseTo(1 / 3);
    expect(reward(gold, "The dog is left of and right of the tv")).toBeCloseTo(2 / 3);
    expect(reward(positioned("cup", "below", "bed"), "a cup under a bed")).toBe(1);
    expect(reward(positioned("cup", "above", "bed"), "a cup on top of a bed")).toBe(1);
  });

  it("checks which object wears which colour", () => {
    const gold = colouredObjects("dog", "red", "cat", "blue");
    expect(reward(gold, "The dog is red and the cat is blue")).toBe(1);
    expect(reward(gold, "a blue cat and a red dog")).toBe(1);
    expect(reward(gold, "The dog is blue and the cat is red")).toBe(0.5);
    expect(reward(gold, "The dog is red and the cat is red")).toBe(0.75);
    expect(reward(gold, "The dog is red and blue and the cat is blue")).toBe(0.75);
    expect(reward(gold, "a red and blue dog and cat")).toBe(0.5);
    const fruit = colouredObjects("orange", "orange", "apple", "green");
    expect(reward(fruit, "The orange is orange and the apple is green")).toBe(1);
    expect(reward(fruit, "an orange orange and a green apple")).toBe(1);
    expect(reward(fruit, "apple is green and orange is orange")).toBe(1);
    expect(reward(fruit, "orange orange and green apple")).toBe(1);
    expect(reward(gold, "The dog is red and orange and the cat is blue")).toBe(0.75);
  });

  it("explains every part", () => {
    const { parts } = matchAnswer(counting("dog", 2), "two cats");
    expect(parts.map(({ label, satisfied }) => [label, satisfied])).toEqual([
      ["object", false],
      ["number", true],
    ]);
    expect(parts[0]?.reason).toContain("cat");
  });

  it("refuses a record without its objects", () => {
    expect(() => matchAnswer({ tag: "position", include: [{ class: "dog", count: 1 }] }, "x")).toThrow(
      expect.objectContaining({ code: "badInput" }),
    );
  });
});

describe("matchYesNo", () => {
  it("wants one of the two words", () => {
    expect(matchYesNo("yes", "Yes, it is.").reward).toBe(1);
    expect(matchYesNo("no", "No").reward).toBe(1);
    expect(matchYesNo("no", "yes").reward).toBe(0);
    expect(matchYesNo("yes", "yes no").reward).toBe(0);
    expect(matchYesNo("yes", "maybe").reward).toBe(0);
  });
});

describe("isExactAnswer", () => {
  it("accepts the gold meaning in other words and nothing beyond it", () => {
    expect(isExactAnswer(singleObject("dog"), "a dog")).toBe(true);
    expect(isExactAnswer(singleObject("dog"), "a dog and a cat")).toBe(false);
    expect(isExactAnswer(twoObjects("dog", "cat"), "There is a cat and a dog")).toBe(true);
    expect(isExactAnswer(colouredObject("car", "red"), "The car is red")).toBe(true);
    expect(isExactAnswer(colouredObject("car", "red"), "The bus is red")).toBe(false);
    expect(isExactAnswer(counting("dog", 3), "three dogs")).toBe(true);
    expect(isExactAnswer(counting("dog", 3), "three dogs and a cat")).toBe(false);
    expect(isExactAnswer(positioned("dog", "left of", "cat"), "The cat is right of the dog")).toBe(true);
    expect(isExactAnswer(positioned("dog", "left of", "cat"), "The cat is left of the dog")).toBe(false);
  });
});

const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const sharedFolder = process.env.UNIRL_SHARED ?? join(repositoryRoot, "../shared");
const goldenFile = join(sharedFolder, "golden/geneval/evaluation_metadata_qa.jsonl");

interface GoldenRow extends Metadata {
  readonly answer: string;
}

describe.skipIf(!existsSync(goldenFile))("matchAnswer on UniRL's 553 released rows", () => {
  const rows = existsSync(goldenFile)
    ? readFileSync(goldenFile, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as GoldenRow)
    : [];

  it("gives every gold answer the full score, and calls it exact", () => {
    expect(rows).toHaveLength(553);
    const failed = rows.filter(
      (row) => matchAnswer(row, row.answer).reward !== 1 || !isExactAnswer(row, row.answer),
    );
    expect(failed).toEqual([]);
  });

  it("gives no row's gold answer the full score on another row of its tag with another meaning", () => {
    const confused: string[] = [];
    for (const row of rows) {
      for (const other of rows) {
        if (row.tag !== other.tag || meaningOf(row) === meaningOf(other)) continue;
        if (matchAnswer(row, other.answer).reward === 1) confused.push(`${row.answer} | ${other.answer}`);
      }
    }
    expect(confused).toEqual([]);
  });
});
