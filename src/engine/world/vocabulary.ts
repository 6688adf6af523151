/** The words a world speaks, and a Hugging Face tokenizer file made of them. */
import { pluralOf } from "./classes.ts";
import { PARAPHRASES, TEMPLATE_QUESTIONS } from "./questions.ts";
import { NUMBER_WORDS, RELATIONS } from "./sentences.ts";
import type { WorldSpec } from "./worldSpec.ts";

export const UNKNOWN_TOKEN = "[UNK]";
export const END_OF_TEXT = "<|endoftext|>";

/** Show-o's question layout around question and answer. */
const CHAT_TEXTS = ["USER: \n", " ASSISTANT:"];

/** Every word of the prompts, answers and generated questions that is no class, colour, number or relation. */
const SENTENCE_TEXTS = [
  "a photo of a and an",
  "There is a and a",
  "The is and the is",
  "Is it a, an or?",
  "Are there, or?",
  "Is the color, or?",
  "Is there a or an in this image?",
  "Which is and which is, the or the?",
  "yes no",
];

/** A text's tokens as the tokenizer file below splits it: lower case, words and single punctuation marks. */
export function splitWords(text: string): string[] {
  return text.toLowerCase().match(/\w+|[^\w\s]+/g) ?? [];
}

/** Sorted unique tokens of every sentence, question and answer the world can produce. */
export function collectWords(spec: WorldSpec): string[] {
  const texts = [
    ...CHAT_TEXTS,
    ...SENTENCE_TEXTS,
    ...Object.values(TEMPLATE_QUESTIONS),
    ...Object.values(PARAPHRASES).flat(),
    ...NUMBER_WORDS.slice(1),
    ...RELATIONS,
    ...spec.colours,
    ...spec.classes,
    ...spec.classes.map(pluralOf),
  ];
  return [...new Set(texts.flatMap(splitWords))].sort();
}

function addedToken(id: number, content: string): Record<string, unknown> {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/** `tokenizer.json`: word-level, id 0 unknown, then the words in order, then the end-of-text token. */
export function tokenizerFile(words: readonly string[]): Record<string, unknown> {
  const vocab: Record<string, number> = { [UNKNOWN_TOKEN]: 0 };
  words.forEach((word, index) => {
    vocab[word] = index + 1;
  });
  const endId = words.length + 1;
  vocab[END_OF_TEXT] = endId;
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [addedToken(0, UNKNOWN_TOKEN), addedToken(endId, END_OF_TEXT)],
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "Whitespace" },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab, unk_token: UNKNOWN_TOKEN },
  };
}

/** `tokenizer_config.json` to go with it. */
export function tokenizerConfigFile(): Record<string, unknown> {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    unk_token: UNKNOWN_TOKEN,
    bos_token: END_OF_TEXT,
    eos_token: END_OF_TEXT,
    clean_up_tokenization_spaces: false,
  };
}
