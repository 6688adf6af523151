import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { isExactAnswer } from "../reward/matchAnswer.ts";
import { createRng } from "../rng.ts";
import { CLASS_NAMES, classIndexOf, officialPluralOf, pluralOf } from "./classes.ts";
import { askQuestion, QUESTION_FORMS, TEMPLATE_QUESTIONS } from "./questions.ts";
import {
  answerOf,
  colouredObject,
  colouredObjects,
  counting,
  inverseOf,
  positioned,
  RELATIONS,
  singleObject,
  TAGS,
  twoObjects,
} from "./sentences.ts";
import { createSplits, drawFromSplit } from "./splits.ts";
import { collectWords, tokenizerConfigFile, tokenizerFile } from "./vocabulary.ts";
import { worldPreset } from "./worldSpec.ts";

const spec = worldPreset("all");
const splits = createSplits(spec);

describe("sentences", () => {
  it("writes the official prompts, answers and records", () => {
    expect(singleObject("apple")).toEqual({
      tag: "single_object",
      include: [{ class: "apple", count: 1 }],
      prompt: "a photo of an apple",
    });
    expect(counting("knife", 3)).toEqual({
      tag: "counting",
      include: [{ class: "knife", count: 3 }],
      exclude: [{ class: "knife", count: 4 }],
      prompt: "a photo of three knives",
    });
    const position = positioned("dog", "right of", "teddy bear");
    expect(position.prompt).toBe("a photo of a dog right of a teddy bear");
    expect(position.include).toEqual([
      { class: "teddy bear", count: 1 },
      { class: "dog", count: 1, position: ["right of", 0] },
    ]);
    expect(answerOf(position)).toBe("The dog is right of the teddy bear");
    expect(twoObjects("apple", "elephant").prompt).toBe("a photo of an apple and an elephant");
    expect(answerOf(twoObjects("person", "apple"))).toBe("There is a person and a apple");
    expect(colouredObject("cup", "orange").prompt).toBe("a photo of an orange cup");
    const attribution = colouredObjects("bus", "green", "cup", "orange");
    expect(attribution.prompt).toBe("a photo of a green bus and an orange cup");
    expect(answerOf(attribution)).toBe("The bus is green and the cup is orange");
  });

  it("knows both plurals", () => {
    expect(["sheep", "knife", "bus", "couch", "computer mouse"].map(pluralOf)).toEqual([
      "sheep",
      "knives",
      "buses",
      "couches",
      "computer mice",
    ]);
    expect(["sheep", "knife", "bus", "toothbrush"].map(officialPluralOf)).toEqual([
      "sheeps",
      "knifes",
      "buses",
      "toothbrushs",
    ]);
  });
});

describe("questions", () => {
  it("asks UniRL's questions word for word", () => {
    expect(TEMPLATE_QUESTIONS.counting).toBe("How many items in this image?");
    expect(TEMPLATE_QUESTIONS.color_attr).toBe(
      "What are two objects and the colors of two objects in the image? Use one sentence",
    );
  });

  it("gives gold answers that the matcher calls exact, whatever the wording", () => {
    const rng = createRng(1, "questions");
    for (let draw = 0; draw < 800; draw++) {
      const metadata = drawFromSplit(spec, splits, "all", rng.pick(TAGS), rng);
      for (const form of QUESTION_FORMS) {
        const { question, answer } = askQuestion(spec, metadata, form, rng);
        if (form === "yesNo") expect(["yes", "no"]).toContain(answer);
        else expect(isExactAnswer(metadata, answer), `${question} ${answer}`).toBe(true);
        if (form === "choice" && metadata.tag === "single_object") expect(question).toContain(answer);
      }
    }
  });

  it("answers yes and no about equally often", () => {
    const rng = createRng(2);
    const metadata = colouredObjects("dog", "red", "cat", "blue");
    const yes = Array.from({ length: 1000 }, () => askQuestion(spec, metadata, "yesNo", rng)).filter(
      ({ answer }) => answer === "yes",
    );
    expect(Math.abs(yes.length - 500)).toBeLessThan(80);
  });
});

describe("tokenizer file", () => {
  const words = collectWords(spec);
  const tokenizer = new Tokenizer(tokenizerFile(words), tokenizerConfigFile());

  it("encodes by word, unknown words as 0, end of text last", () => {
    const expected = ["a", "photo", "of", "three", "red", "apples"].map((word) => words.indexOf(word) + 1);
    expect(tokenizer.encode("a photo of three red apples").ids).toEqual(expected);
    expect(tokenizer.encode("USER: \nQuasar? ASSISTANT:").ids).toEqual(
      [
        words.indexOf("user"),
        words.indexOf(":"),
        -1,
        words.indexOf("?"),
        words.indexOf("assistant"),
        words.indexOf(":"),
      ].map((index) => index + 1),
    );
    expect(tokenizer.encode("dog<|endoftext|>").ids).toEqual([words.indexOf("dog") + 1, words.length + 1]);
  });

  it("decodes to words joined by spaces", () => {
    const { ids } = tokenizer.encode("The dog is left of the cat");
    expect(tokenizer.decode(ids, { skip_special_tokens: true })).toBe("the dog is left of the cat");
  });

  it("holds each word once, sorted", () => {
    expect(words).toEqual([...new Set(words)].sort());
    expect(words).toContain("knives");
  });
});

describe("classes and relations", () => {
  it("are unique and findable", () => {
    expect(new Set(CLASS_NAMES).size).toBe(CLASS_NAMES.length);
    expect(classIndexOf("dog")).toBe(0);
    expect(() => classIndexOf("dragon")).toThrow(expect.objectContaining({ code: "badInput" }));
    for (const relation of RELATIONS) expect(inverseOf(inverseOf(relation))).toBe(relation);
  });
});
