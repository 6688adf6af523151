/**
 * Show-o as its authors publish it: three repositories with a config.json each, joined into the one that our model
 * folders have, and the names and shapes that their weights must have.
 *
 * Source: spec/showo.md sections 1 and 7 (showlab/Show-o 45a5a2de).
 */
import { z } from "zod";
import { EngineError } from "../../errors.ts";
import { compareShapes, describeDifferences, shapesOf } from "../../nn/compareShapes.ts";
import type { TensorDescription } from "../../safetensors/header.ts";
import { listMagvit2Parameters } from "../magvit2/parameters.ts";
import { parseShowoConfig, type ShowoConfig } from "./config.ts";
import { listShowoParameters } from "./weights.ts";

/** The parsed files of the original layout; undefined where a folder has none. */
export interface OriginalFiles {
  /** config.json beside the transformer's weights. */
  readonly showo: unknown;
  /** config.json of the image tokenizer; the published one says nothing about sizes. */
  readonly imageTokenizer: unknown;
  /** config.json of the language model; Phi-1.5's sizes where there is none. */
  readonly languageModel: unknown;
  /** tokenizer.json of the language model. */
  readonly tokenizer: unknown;
}

/** A Show-o in our layout. */
export interface ImportedConfig {
  /** To be written as config.json. */
  readonly json: Record<string, unknown>;
  readonly config: ShowoConfig;
}

/** Buffers that follow from the number of bits: a file may have them, nobody reads them. */
const DERIVABLE = ["quantize.embedding", "quantize.power_vals"];

const SPECIALS = [
  "[PAD]",
  "<|soi|>",
  "<|eoi|>",
  "<|sov|>",
  "<|eov|>",
  "<|t2i|>",
  "<|mmu|>",
  "<|t2v|>",
  "<|v2v|>",
  "<|lvg|>",
];
const END_OF_TEXT = "<|endoftext|>";
/** Longest text block of the published demos. */
const MAX_TEXT_LENGTH = 128;
/** Image tokens from which the authors decode in 50 steps. */
const LARGE_IMAGE_TOKENS = 1024;
const LARGE_GENERATION = { timesteps: 50, guidance_scale: 5, temperature: 1 };
const SMALL_GENERATION = { timesteps: 16, guidance_scale: 2, temperature: 1 };

/** Phi-1.5. */
const PHI = {
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 24,
  num_attention_heads: 32,
  hidden_act: "gelu_new",
  layer_norm_eps: 1e-5,
  rope_theta: 10000,
  partial_rotary_factor: 0.5,
};

/** showlab/magvitv2, whose config.json says nothing about it. */
const CODER = { ch: 128, z_channels: 13 };
const ENCODER = { ...CODER, ch_mult: [1, 2, 2, 4, 4], num_res_blocks: [4, 3, 4, 3, 4] };
const DECODER = { ...CODER, ch_mult: [1, 1, 2, 2, 4], num_res_blocks: [4, 4, 3, 4, 3] };

const count = z.number().int().positive();
const showoSchema = z.object({
  w_clip_vit: z.boolean().optional(),
  vocab_size: count,
  llm_vocab_size: count,
  codebook_size: count,
  num_vq_tokens: count.refine((tokens) => Number.isInteger(Math.sqrt(tokens)), "not a square"),
  num_new_special_tokens: count.default(SPECIALS.length),
});
const phiSchema = z
  .object({
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    hidden_act: z.string(),
    layer_norm_eps: z.number(),
    rope_theta: z.number(),
    partial_rotary_factor: z.number(),
  })
  .partial();
const coderSchema = z.object({
  ch: count,
  ch_mult: z.array(count).min(1),
  num_res_blocks: z.array(z.number().int().nonnegative()),
  z_channels: count,
});
const magvitSchema = z.object({
  encoder: coderSchema.default(ENCODER),
  decoder: coderSchema.default(DECODER),
});
const tokenizerSchema = z.object({
  added_tokens: z.array(z.object({ id: z.number().int(), content: z.string() })),
});

function parse<T extends z.ZodType>(schema: T, json: unknown, owner: string): z.infer<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EngineError(
    "modelCorrupt",
    `The ${owner} is not that of a Show-o: ${issue?.path.join(".") ?? "it"}: ${issue?.message}. Use the published file.`,
    { owner },
  );
}

function findEndOfText(tokenizer: unknown): number {
  const { added_tokens: tokens } = parse(tokenizerSchema, tokenizer, "tokenizer.json");
  const found = tokens.find(({ content }) => content === END_OF_TEXT);
  if (found) return found.id;
  throw new EngineError(
    "modelCorrupt",
    `The tokenizer.json has no ${END_OF_TEXT}. Use that of microsoft/phi-1_5.`,
  );
}

/** Ids of the tokens that Show-o adds behind the text's, in its order; both ends of a text are the end of text. */
function specialTokens(firstId: number, endOfText: number): Record<string, number> {
  const ids = SPECIALS.map((name, at) => [name, firstId + at] as const);
  return { ...Object.fromEntries(ids), "<|sot|>": endOfText, "<|eot|>": endOfText };
}

/**
 * Joins the configurations.
 * @throws EngineError("modelCorrupt") naming the file and the field, EngineError("fileUnknown") for the CLIP variant
 */
export function importConfig(files: OriginalFiles): ImportedConfig {
  const { w_clip_vit: hasClip = false, ...showo } = parse(
    showoSchema,
    files.showo,
    "transformer's config.json",
  );
  if (hasClip) {
    throw new EngineError(
      "fileUnknown",
      "This Show-o looks through CLIP (w_clip_vit), which is not supported. Use showlab/show-o or show-o-512x512.",
    );
  }
  const phi = { ...PHI, ...parse(phiSchema, files.languageModel ?? {}, "language model's config.json") };
  const { encoder, decoder } = parse(
    magvitSchema,
    files.imageTokenizer ?? {},
    "image tokenizer's config.json",
  );
  const resolution = Math.sqrt(showo.num_vq_tokens) * 2 ** (encoder.ch_mult.length - 1);
  const json = {
    model_type: "showo",
    showo: { w_clip_vit: false, ...showo, max_text_len: MAX_TEXT_LENGTH },
    phi: { vocab_size: showo.vocab_size, ...phi, qk_layernorm: true },
    special_tokens: specialTokens(showo.llm_vocab_size, findEndOfText(files.tokenizer)),
    magvitv2: { encoder: { ...encoder, resolution }, decoder: { ...decoder, resolution } },
    generation: showo.num_vq_tokens >= LARGE_IMAGE_TOKENS ? LARGE_GENERATION : SMALL_GENERATION,
  };
  return { json, config: parseShowoConfig(json) };
}

type Described = ReadonlyMap<string, TensorDescription>;

/**
 * Compares the weights of both parts with the architecture.
 * @throws EngineError("modelCorrupt") naming every missing, misshapen and unexpected tensor
 */
export function requireOriginal(
  config: ShowoConfig,
  transformer: Described,
  imageTokenizer: Described,
): void {
  const faults = [
    ...describeDifferences(compareShapes(listShowoParameters(config), shapesOf(transformer))),
    ...describeDifferences(
      compareShapes(listMagvit2Parameters(config.magvit2), shapesOf(imageTokenizer), DERIVABLE),
    ),
  ];
  if (faults.length === 0) return;
  throw new EngineError(
    "modelCorrupt",
    `These weights are not a whole Show-o: ${faults.join("; ")}. Use the published files, all of one model.`,
    { faults: faults.length },
  );
}

/** Models that are published. */
export type Architecture = "showo-256" | "showo-512";
export type Scale = "tiny" | "full";

const TEXT_TOKENS = { tiny: 64, full: 50295 };
const CODE_BITS = { tiny: 5, full: CODER.z_channels };
const IMAGE_TOKENS = {
  tiny: { "showo-256": 16, "showo-512": 64 },
  full: { "showo-256": 256, "showo-512": 1024 },
};
/** What Phi-1.5's own config.json says and Show-o changes. */
const PHI_FILE = { model_type: "phi", vocab_size: 51200, qk_layernorm: false };
const TINY_PHI = { hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 4 };
/** As many levels as the published tokenizer, as few blocks and channels as its norms allow. */
const TINY_CODER = {
  ch: 32,
  ch_mult: [1, 1, 1, 1, 2],
  num_res_blocks: [1, 1, 1, 1, 1],
  z_channels: CODE_BITS.tiny,
};

/**
 * The configurations of a published model, or of one with the same layout and tiny sizes.
 * @returns all but the tokenizer, which knows `textTokens` words
 */
export function originalFiles(
  architecture: Architecture,
  scale: Scale,
): Omit<OriginalFiles, "tokenizer"> & { textTokens: number } {
  const textTokens = TEXT_TOKENS[scale];
  const codebookSize = 2 ** CODE_BITS[scale];
  const isTiny = scale === "tiny";
  return {
    textTokens,
    showo: {
      _class_name: "Showo",
      w_clip_vit: false,
      vocab_size: textTokens + SPECIALS.length + codebookSize + 1,
      llm_vocab_size: textTokens,
      codebook_size: codebookSize,
      num_vq_tokens: IMAGE_TOKENS[scale][architecture],
      num_new_special_tokens: SPECIALS.length,
    },
    imageTokenizer: {
      _class_name: "MAGVITv2",
      ...(isTiny ? { encoder: TINY_CODER, decoder: TINY_CODER } : {}),
    },
    languageModel: { ...PHI_FILE, ...PHI, ...(isTiny ? TINY_PHI : {}) },
  };
}
