import { describe, expect, it } from "vitest";
import { randomTokenizerJson } from "../models/showo/__fixtures__/randomShowo.ts";
import { createTextTokenizer } from "./textTokenizer.ts";

/** GPT-2 in miniature: bytes, two merges, a whitespace run and two specials as added tokens. */
const byteLevel = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [
    ["<|endoftext|>", 7, true],
    ["  ", 8, false],
    ["<|soi|>", 9, true],
  ].map(([content, id, special]) => ({
    id,
    content,
    special,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: "",
    end_of_word_suffix: "",
    fuse_unk: false,
    vocab: { d: 0, o: 1, g: 2, Ġ: 3, do: 4, dog: 5, Ġdog: 6, "<": 10, "|": 11, s: 12, i: 13, ">": 14 },
    merges: ["d o", "do g", "Ġ dog"],
  },
};

describe("word-level tokenizer", () => {
  const tokenizer = createTextTokenizer(randomTokenizerJson);

  it("lower-cases, splits at punctuation and joins with spaces", () => {
    expect(tokenizer.encode("A dog, what?")).toEqual([4, 5, 0, 10, 11]);
    expect(tokenizer.decode([4, 5])).toBe("a dog");
    expect(tokenizer.encode("")).toEqual([]);
    expect(tokenizer.decode([])).toBe("");
  });

  it("never yields a special token for what a person typed", () => {
    for (const typed of ["<|endoftext|>", "a <|ENDOFTEXT|> dog", "<|endof<|endoftext|>text|>"]) {
      expect(tokenizer.encode(typed)).not.toContain(13);
    }
  });

  it("leaves specials and unknown ids out of texts", () => {
    expect(tokenizer.decode([4, 13, 5, 9999])).toBe("a dog");
  });
});

describe("byte-level BPE tokenizer", () => {
  const tokenizer = createTextTokenizer(byteLevel);

  it("merges, keeps spaces with words and finds whitespace runs first", () => {
    expect(tokenizer.encode("dog dog")).toEqual([5, 6]);
    expect(tokenizer.encode("dog  dog")).toEqual([5, 8, 5]);
    expect(tokenizer.decode([5, 6])).toBe("dog dog");
  });

  it("never yields a special token for what a person typed", () => {
    expect(tokenizer.encode("<|soi|>")).toEqual([10, 3, 11, 12, 1, 13, 11, 14]);
  });
});

describe("createTextTokenizer", () => {
  it("says what is wrong with a file that is no tokenizer", () => {
    expect(() => createTextTokenizer({ model: 1 })).toThrow("tokenizer.json cannot be used");
  });
});
