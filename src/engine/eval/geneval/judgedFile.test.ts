import { describe, expect, it } from "vitest";
import { singleObject } from "../../world/sentences.ts";
import { planDraws } from "../drawAndAsk.ts";
import { codesToText, textToCodes } from "./codesText.ts";
import type { JudgedImage } from "./judgeDraws.ts";
import {
  type JudgedHeader,
  orderByPlan,
  parseJudgedFile,
  requireSameHeader,
  splitDone,
  writeJudgedHeader,
  writeJudgedImage,
} from "./judgedFile.ts";

const header: JudgedHeader = {
  model: "nano",
  weights: "aa",
  tokenizer: "bb",
  adapter: null,
  judge: "telling",
  backend: "cpu",
  prompts: "validation",
  seed: 0,
  guidanceScale: 2,
  temperature: 1,
  steps: 6,
};
const draws = planDraws([{ metadata: singleObject("dog"), seen: true }], 3, 0);
const judged = draws.map((draw, at): JudgedImage => {
  const reason = { kind: "tooFew", class: "dog", text: "asked for 1 dog, found 0" } as const;
  const correct = at === 0;
  const codes = Int32Array.of(0, 255, 256, 8191);
  return { ...draw, codes, answer: "dog", reward: 1, correct, reasons: correct ? [] : [reason] };
});
const stored = judged.map(({ promptIndex: _, ...image }) => image);
const text = writeJudgedHeader(header) + stored.map(writeJudgedImage).join("");
const parse = (content: string) => parseJudgedFile({ name: "x.jsonl", text: content });

describe("image codes as text", () => {
  it("come back as they were", () => {
    const codes = Int32Array.of(0, 1, 255, 256, 65_535);
    expect(textToCodes(codesToText(codes))).toEqual(codes);
    // 0x0102 is 02 01, little-endian.
    expect(codesToText(Int32Array.of(0x0102))).toBe("AgE=");
  });

  it("are refused when undecided, too large or no text of codes", () => {
    expect(() => codesToText(Int32Array.of(-1))).toThrow(/65535/);
    expect(() => codesToText(Int32Array.of(65_536))).toThrow(/65535/);
    expect(textToCodes("AgEC")).toBeNull();
    expect(textToCodes("!")).toBeNull();
  });
});

describe("a file of judged images", () => {
  it("comes back as it was written", () => {
    expect(parse(text)).toEqual({ header, images: stored, wholeText: text });
    expect(parse(writeJudgedHeader(header))).toMatchObject({ images: [] });
  });

  it("loses a torn last line and nothing else", () => {
    const torn = parse(text.slice(0, -5));
    expect(torn?.images).toEqual(stored.slice(0, 2));
    expect(text.startsWith(torn?.wholeText ?? "none")).toBe(true);
    expect(torn?.wholeText.endsWith("}\n")).toBe(true);
    // Even a whole line without its end: who knows what was to follow.
    expect(parse(text.slice(0, -1))?.images.length).toBe(2);
    expect(parse(text.slice(0, 20))).toBeNull();
    expect(parse("")).toBeNull();
  });

  it("names the line that is damaged elsewhere", () => {
    const lines = text.split("\n");
    expect(() => parse([lines[0], "{", ...lines.slice(1)].join("\n"))).toThrow(
      /x\.jsonl, line 2: this is no/,
    );
    expect(() => parse(text.replace('"correct":false', '"correct":3'))).toThrow(/line 3: "correct" is 3/);
    expect(() => parse('{"command":"eval"}\n')).toThrow(/line 1: "format" is missing/);
  });

  it("is only continued under the same header", () => {
    const check = (wanted: JudgedHeader, keys?: (keyof JudgedHeader)[]) => () =>
      requireSameHeader("x.jsonl", header, wanted, "Give another.", keys);
    expect(check({ ...header })).not.toThrow();
    expect(check({ ...header, adapter: "cc", seed: 1 })).toThrow(
      "x.jsonl was made otherwise: adapter is null, here it is cc; seed is 0, here it is 1. Give another.",
    );
    expect(check({ ...header, adapter: "cc" }, ["tokenizer"])).not.toThrow();
  });

  it("tells what is left, and keeps the plan's order", () => {
    const { done, left } = splitDone(draws, stored.slice(1, 2));
    expect(done).toEqual([judged[1]]);
    expect(left).toEqual([draws[0], draws[2]]);
    expect(orderByPlan(draws, judged.toReversed())).toEqual(judged);
  });
});
