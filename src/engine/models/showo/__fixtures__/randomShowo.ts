/** A random Show-o of a few kilobytes for tests: every file of a model folder, made from a seed. */
import { createRng } from "../../../rng.ts";
import { type SafetensorsEntry, writeSafetensors } from "../../../safetensors/safetensors.ts";
import { fromFloat32 } from "../../../safetensors/toFloat32.ts";
import { listMagvit2Parameters } from "../../magvit2/parameters.ts";
import { parseShowoConfig, type ShowoConfig } from "../config.ts";
import { listShowoParameters } from "../weights.ts";

/** Exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const WORDS = [
  "[UNK]",
  "user",
  ":",
  "assistant",
  "a",
  "dog",
  "cat",
  "red",
  "photo",
  "of",
  "what",
  "?",
  "two",
];
const LLM_VOCAB_SIZE = WORDS.length + 1;
const CODER = { ch: 32, ch_mult: [1, 1], num_res_blocks: [1, 1], resolution: 8, z_channels: 5 };

/** A config.json with 16 image tokens and 32 codes. */
export const randomConfigJson = {
  model_type: "showo",
  showo: {
    vocab_size: LLM_VOCAB_SIZE + 10 + 32 + 1,
    llm_vocab_size: LLM_VOCAB_SIZE,
    codebook_size: 32,
    num_vq_tokens: 16,
    num_new_special_tokens: 10,
    max_text_len: 14,
  },
  phi: {
    vocab_size: LLM_VOCAB_SIZE + 10 + 32 + 1,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    hidden_act: "gelu_new",
    layer_norm_eps: 1e-5,
    rope_theta: 10000,
    partial_rotary_factor: 0.5,
    qk_layernorm: true,
  },
  special_tokens: {
    "[PAD]": LLM_VOCAB_SIZE,
    "<|soi|>": LLM_VOCAB_SIZE + 1,
    "<|eoi|>": LLM_VOCAB_SIZE + 2,
    "<|t2i|>": LLM_VOCAB_SIZE + 5,
    "<|mmu|>": LLM_VOCAB_SIZE + 6,
    "<|sot|>": LLM_VOCAB_SIZE - 1,
    "<|eot|>": LLM_VOCAB_SIZE - 1,
  },
  magvitv2: { encoder: CODER, decoder: CODER },
  generation: { timesteps: 4, guidance_scale: 1.5, temperature: 1 },
};

/** A WordLevel tokenizer.json as the shipped small models have. */
export const randomTokenizerJson = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: ["<|endoftext|>"].map((content) => ({
    id: LLM_VOCAB_SIZE - 1,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "Whitespace" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries([...WORDS, "<|endoftext|>"].map((word, id) => [word, id])),
    unk_token: "[UNK]",
  },
};

export const randomShowoConfig: ShowoConfig = parseShowoConfig(randomConfigJson);

/** Random values of a spread that keeps activations alive; norm weights around 1. */
export function randomTensors(
  shapes: ReadonlyMap<string, readonly number[]>,
  seed: string,
): Map<string, SafetensorsEntry> {
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, shape] of shapes) {
    const count = shape.reduce((product, size) => product * size, 1);
    const isNormWeight = shape.length === 1 && name.endsWith("weight");
    const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
    const spread = shape.length === 1 ? 0.1 : 1.5 / Math.sqrt(inputs);
    const values = createRng(seed, name)
      .normal(count)
      .map((value) => value * spread + (isNormWeight ? 1 : 0));
    entries.set(name, fromFloat32(values, shape));
  }
  return entries;
}

/** The transformer's tensors of `randomShowoConfig`. */
export function randomShowoTensors(seed = "showo"): Map<string, SafetensorsEntry> {
  return randomTensors(listShowoParameters(randomShowoConfig), seed);
}

/** The files of a whole model folder, to break one at a time. */
export function randomModelFiles(seed = "showo"): Map<string, Uint8Array> {
  const encode = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
  const imageTensors = randomTensors(listMagvit2Parameters(randomShowoConfig.magvit2), seed);
  return new Map([
    ["config.json", encode(randomConfigJson)],
    ["tokenizer.json", encode(randomTokenizerJson)],
    ["model.safetensors", writeSafetensors(randomShowoTensors(seed))],
    ["vq.safetensors", writeSafetensors(imageTensors)],
  ]);
}

/** Reads from such a map like `loadModel` reads a folder. */
export function readFrom(files: ReadonlyMap<string, Uint8Array>): (path: string) => Promise<Uint8Array> {
  return async (path) => {
    const bytes = files.get(path);
    if (!bytes) throw new Error(`no file ${path}`);
    return bytes;
  };
}
