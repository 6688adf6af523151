/** What needs no network: masks, layouts, the decoding schedule, the config. */
import { describe, expect, it } from "vitest";
import { randomConfigJson, randomShowoConfig } from "./__fixtures__/randomShowo.ts";
import { parseShowoConfig } from "./config.ts";
import {
  annealTemperature,
  decodeStep,
  pickByGumbel,
  pickByInversion,
  scheduledMaskCount,
  toCodeRow,
} from "./maskgit.ts";
import { answerMask, drawMask, type RowRanges, textMask } from "./masks.ts";
import {
  answerPrefix,
  drawPrefix,
  groupByBucket,
  imageBlock,
  padLeft,
  questionText,
  unconditionalPrefix,
} from "./prompts.ts";

/** "0110" for a row of four that sees the two in the middle. */
const rowsOf = (mask: RowRanges, length: number) =>
  Array.from({ length }, (_, row) => {
    const [first = 0, end = 0] = mask.subarray(2 * row, 2 * row + 2);
    return "0".repeat(first) + "1".repeat(end - first) + "0".repeat(length - end);
  });

describe("masks", () => {
  it("let image rows see everything but pads, and text only the text before", () => {
    // pad t2i sot eot soi code eoi
    expect(rowsOf(drawMask(7, 1, 4), 7)).toEqual([
      "1000000",
      "0100000",
      "0110000",
      "0111000",
      "0111111",
      "0111111",
      "0111111",
    ]);
  });

  it("open the image of a question to both sides and keep the rest causal", () => {
    // pad mmu soi code eoi sot word
    expect(rowsOf(answerMask(7, 1, 4), 7)).toEqual([
      "1000000",
      "0111100",
      "0111100",
      "0111100",
      "0111100",
      "0111110",
      "0111111",
    ]);
  });

  it("keep text causal behind its pads", () => {
    expect(rowsOf(textMask(3, 1), 3)).toEqual(["100", "010", "011"]);
  });
});

describe("layouts", () => {
  const config = randomShowoConfig;
  const { t2i, mmu, sot, eot, soi, eoi, pad } = config.special;

  it("frame a prompt", () => {
    expect(drawPrefix([4, 5], config)).toEqual([t2i, sot, 4, 5, eot]);
    expect(unconditionalPrefix(config)).toEqual([t2i, sot, eot]);
  });

  it("do not open a text twice", () => {
    expect(drawPrefix([sot, 4], config)).toEqual([t2i, sot, 4, eot]);
  });

  it("cut an over-long prompt at the end and keep its eot", () => {
    const longest = config.maxTextLength - 2;
    const fitting = Array.from({ length: longest }, (_, at) => at % 9);
    expect(drawPrefix(fitting, config)).toEqual([t2i, sot, ...fitting, eot]);
    const cut = drawPrefix([...fitting, 7, 8, 9], config);
    expect(cut).toEqual([t2i, sot, ...fitting, eot]);
    expect(cut).toHaveLength(config.maxTextLength + 1);
  });

  it("shift codes into the vocabulary and hide undecided ones", () => {
    expect([...imageBlock([0, -1, 31], config)]).toEqual([
      soi,
      config.imageOffset,
      config.maskId,
      config.imageOffset + 31,
      eoi,
    ]);
  });

  it("put a question behind its image", () => {
    const codes = new Int32Array(config.imageTokenCount);
    expect(answerPrefix(codes, [1, 2], config)).toEqual([mmu, ...imageBlock(codes, config), sot, 1, 2]);
    expect(questionText("what?")).toBe("USER: \nwhat? ASSISTANT:");
  });

  it("align rows at their ends and group them by eights", () => {
    expect(padLeft([[1, 2], [3]], 3, pad)).toEqual({
      ids: Int32Array.of(pad, 1, 2, pad, pad, 3),
      length: 3,
      padCounts: [1, 2],
    });
    const rows = [8, 9, 3, 16].map((length) => new Int32Array(length));
    expect(groupByBucket(rows)).toEqual([
      { length: 8, indices: [0, 2] },
      { length: 16, indices: [1, 3] },
    ]);
  });
});

describe("schedule", () => {
  const counts = (tokens: number, steps: number) =>
    Array.from({ length: steps }, (_, step) => scheduledMaskCount(tokens, step, steps));

  it("equals the reference's numbers", () => {
    expect(counts(256, 16)).toEqual([
      254, 251, 244, 236, 225, 212, 197, 181, 162, 142, 120, 97, 74, 49, 25, -1,
    ]);
    expect(counts(256, 18)).toEqual([
      255, 252, 247, 240, 232, 221, 209, 196, 181, 164, 146, 127, 108, 87, 66, 44, 22, -1,
    ]);
    const long = counts(1024, 50);
    expect(long.slice(0, 10)).toEqual([1023, 1021, 1019, 1015, 1011, 1005, 999, 991, 983, 973]);
    expect(long.slice(-9)).toEqual([254, 223, 191, 160, 128, 96, 64, 32, -1]);
  });

  it("cools cumulatively", () => {
    let temperature = 1;
    const cooled = Array.from({ length: 16 }, (_, step) => {
      temperature = annealTemperature(temperature, step, 16);
      return temperature;
    });
    const expected = [0.938, 0.82, 0.667, 0.5, 0.344, 0.215, 0.121, 0.0604, 0.0264, 0.00991, 0.0031];
    for (const [at, value] of expected.entries()) expect((cooled[at] ?? 0) / value).toBeCloseTo(1, 2);
    expect(cooled[15]).toBe(0);
  });
});

describe("drawing codes", () => {
  it.each([
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 0],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])("refuses logits that give no distribution: %d, %d", (first, second) => {
    expect(() => toCodeRow(Float32Array.of(first, second))).toThrowError(/not finite/);
  });

  it("inverts the cumulative sum", () => {
    const row = toCodeRow(Float32Array.of(Math.log(1), Math.log(2), Math.log(1)));
    expect([0, 0.24, 0.26, 0.74, 0.76, 0.9999].map((uniform) => pickByInversion(row, uniform))).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });

  it("takes the largest sum of logit and noise", () => {
    const row = toCodeRow(Float32Array.of(0, 1, 0.5));
    expect(pickByGumbel(row, Float32Array.of(0, 0, 0))).toBe(1);
    expect(pickByGumbel(row, Float32Array.of(3, 0, 0))).toBe(0);
  });

  /** Rows whose code 1 has probability p. */
  const certain = (...probabilities: number[]) =>
    probabilities.map((p) => Float32Array.of(Math.log(1 - p), Math.log(p)));
  const calm = { pickCode: () => 1, confidence: new Float32Array(4) };

  it("keeps the most certain codes and hides the rest", () => {
    const blank = { codes: new Int32Array(4).fill(-1), temperature: 1 };
    // T = 2, first step: floor(4·cos(π/4)) = 2 stay hidden.
    const { state, sampled } = decodeStep(blank, certain(0.9, 0.6, 0.8, 0.7), calm, 0, 2);
    expect([...state.codes]).toEqual([1, -1, 1, -1]);
    expect([...sampled]).toEqual([1, 1, 1, 1]);
    expect(state.temperature).toBe(0.5);
  });

  it("never changes known codes, and hides one even in the last step", () => {
    const half = { codes: Int32Array.of(0, -1, 0, -1), temperature: 0.5 };
    const { state, sampled } = decodeStep(half, certain(0.6, 0.7), calm, 1, 2);
    expect([...sampled]).toEqual([0, 1, 0, 1]);
    expect([...state.codes]).toEqual([0, -1, 0, 1]);
  });

  it("lets noise on the confidence decide, scaled by the temperature", () => {
    const blank = { codes: new Int32Array(4).fill(-1), temperature: 1 };
    const noisy = { pickCode: () => 1, confidence: Float32Array.of(0, 9, 0, 9) };
    const { state } = decodeStep(blank, certain(0.9, 0.6, 0.8, 0.7), noisy, 0, 2);
    expect([...state.codes]).toEqual([-1, 1, -1, 1]);
  });
});

describe("config", () => {
  it("derives the ids that follow from the sizes", () => {
    const { imageOffset, maskId, vocabSize, rotary } = randomShowoConfig;
    expect(imageOffset).toBe(24);
    expect(maskId).toBe(vocabSize - 1);
    expect(rotary).toEqual({ headSize: 16, rotarySize: 8, base: 10000 });
  });

  it("names what is wrong", () => {
    const broken = structuredClone(randomConfigJson) as {
      phi: Record<string, unknown>;
      showo: { codebook_size: number };
    };
    broken.phi.qk_layernorm = false;
    expect(() => parseShowoConfig(broken)).toThrow("phi.qk_layernorm");
    broken.phi.qk_layernorm = true;
    broken.showo.codebook_size = 31;
    expect(() => parseShowoConfig(broken)).toThrow("vocab_size");
    expect(() => parseShowoConfig(null)).toThrow("config.json");
  });
});
