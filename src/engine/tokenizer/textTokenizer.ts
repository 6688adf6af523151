/** Text to ids and back, for any Hugging Face tokenizer.json. What a person types can never become a special token. */
import { Tokenizer } from "@huggingface/tokenizers";
import { EngineError } from "../errors.ts";

export interface TextTokenizer {
  /** Ids of a text, without any special token added or recognised. */
  encode(text: string): number[];
  /** The text of ids; special tokens and ids outside the vocabulary are left out. */
  decode(ids: ArrayLike<number>): string;
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * Breaks every special token's spelling, in any case, by a space after its first character, so that the tokenizer
 * reads it as plain text.
 */
function makeNeutraliser(specials: readonly string[]): (text: string) => string {
  if (specials.length === 0) return (text) => text;
  const longestFirst = specials.toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapePattern).join("|"), "gi");
  return (text) => {
    let neutral = text;
    // Each round breaks what it finds, and a space builds no new special token: it ends.
    while (neutral.search(pattern) >= 0) {
      neutral = neutral.replace(pattern, (found) => `${found.slice(0, 1)} ${found.slice(1)}`);
    }
    return neutral;
  };
}

/** A special of one character cannot be broken by a space inside; it is not neutralised. */
function listSpecials(tokenizer: Tokenizer): { contents: string[]; ids: Set<number> } {
  const specials = [...tokenizer.get_added_tokens_decoder()].filter(([, token]) => token.special);
  return {
    contents: specials.map(([, token]) => token.content).filter((content) => content.trim().length > 1),
    ids: new Set(specials.map(([id]) => id)),
  };
}

/** The library looks for a word-level model's unknown token in the config only; tokenizer.json names it too. */
function withUnknownToken(tokenizerJson: unknown, configJson: unknown): object {
  const { model } = (tokenizerJson ?? {}) as { model?: { unk_token?: unknown } };
  return { unk_token: model?.unk_token ?? undefined, ...(configJson as object) };
}

/**
 * @param tokenizerJson parsed tokenizer.json @param configJson parsed tokenizer_config.json, {} without one
 * @throws EngineError("modelCorrupt") when it is not a tokenizer this library knows
 */
export function createTextTokenizer(tokenizerJson: unknown, configJson: unknown = {}): TextTokenizer {
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(tokenizerJson as object, withUnknownToken(tokenizerJson, configJson));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      "modelCorrupt",
      `The model's tokenizer.json cannot be used: ${why}. Use an unchanged model folder.`,
      { file: "tokenizer.json" },
      { cause },
    );
  }
  const { contents, ids: specialIds } = listSpecials(tokenizer);
  const neutralise = makeNeutraliser(contents);
  return {
    encode(text) {
      const { ids } = tokenizer.encode(neutralise(text), { add_special_tokens: false });
      if (ids.every((id) => Number.isInteger(id))) return ids;
      throw new EngineError("badInput", `The model's tokenizer has no token for a word in "${text}".`);
    },
    decode(ids) {
      const known = Array.from(ids).filter(
        (id) => !specialIds.has(id) && tokenizer.id_to_token(id) !== undefined,
      );
      return known.length === 0 ? "" : tokenizer.decode(known);
    },
  };
}
