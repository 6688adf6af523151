/** What a Show-o folder's config.json says, checked, and the sizes that follow from it. */
import { z } from "zod";
import { EngineError } from "../../errors.ts";
import type { RotarySizes } from "../../kernels/headRotary/rotary.ts";

const count = z.number().int().positive();

const coderSchema = z.object({
  ch: count,
  ch_mult: z.array(count).min(1),
  num_res_blocks: z.array(z.number().int().nonnegative()).min(1),
  resolution: count,
  z_channels: count,
  norm_group_size: count.optional(),
});

const configSchema = z.object({
  model_type: z.literal("showo"),
  showo: z.object({
    w_clip_vit: z.literal(false).optional(),
    vocab_size: count,
    llm_vocab_size: count,
    codebook_size: count,
    num_vq_tokens: count,
    num_new_special_tokens: count,
    max_text_len: count,
  }),
  phi: z.object({
    vocab_size: count,
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    hidden_act: z.literal("gelu_new"),
    layer_norm_eps: z.number().positive(),
    rope_theta: z.number().positive(),
    partial_rotary_factor: z.number().positive().max(1),
    qk_layernorm: z.literal(true),
  }),
  special_tokens: z.object({
    "[PAD]": z.number().int(),
    "<|soi|>": z.number().int(),
    "<|eoi|>": z.number().int(),
    "<|t2i|>": z.number().int(),
    "<|mmu|>": z.number().int(),
    "<|sot|>": z.number().int(),
    "<|eot|>": z.number().int(),
  }),
  magvitv2: z.object({ encoder: coderSchema, decoder: coderSchema }),
  generation: z
    .object({
      timesteps: count.optional(),
      guidance_scale: z.number().min(0).optional(),
      temperature: z.number().min(0).optional(),
    })
    .optional(),
});

/** Ids of the tokens that structure a sequence. */
export interface SpecialTokens {
  readonly pad: number;
  readonly soi: number;
  readonly eoi: number;
  readonly t2i: number;
  readonly mmu: number;
  readonly sot: number;
  readonly eot: number;
}

/** Sizes and ids of one Show-o. */
export interface ShowoConfig {
  /** V, all ids: text, specials, image codes, mask. */
  readonly vocabSize: number;
  /** Text ids are 0..llmVocabSize − 1. */
  readonly llmVocabSize: number;
  /** K */
  readonly codebookSize: number;
  /** N */
  readonly imageTokenCount: number;
  /** Longest text block without the task token; longer prompts are cut. */
  readonly maxTextLength: number;
  /** Id of image code 0. */
  readonly imageOffset: number;
  /** Id that hides an image code; the last of the vocabulary. */
  readonly maskId: number;
  readonly hiddenSize: number;
  readonly mlpSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly normEpsilon: number;
  readonly rotary: RotarySizes;
  readonly special: SpecialTokens;
  /** Of the image tokenizer, as `models/magvit2` takes it. */
  readonly magvit2: z.infer<typeof configSchema>["magvitv2"];
  readonly generation: {
    readonly steps: number;
    readonly guidanceScale: number;
    readonly temperature: number;
  };
}

/** The repository's own settings at 256 px (spec/showo.md 5.1), used where the folder recommends none. */
const DEFAULT_GENERATION = { timesteps: 16, guidance_scale: 2, temperature: 1 };

function corrupt(reason: string): EngineError {
  return new EngineError(
    "modelCorrupt",
    `The model's config.json does not describe a Show-o: ${reason}. Use an unchanged model folder.`,
    { file: "config.json" },
  );
}

/** @throws EngineError("modelCorrupt") when sizes contradict each other */
function checkSizes({ showo, phi, special_tokens: special, magvitv2 }: z.infer<typeof configSchema>): void {
  const parts = showo.llm_vocab_size + showo.num_new_special_tokens + showo.codebook_size + 1;
  if (showo.vocab_size !== parts || phi.vocab_size !== parts) {
    throw corrupt(
      `vocab_size is ${showo.vocab_size} (phi: ${phi.vocab_size}), but text, special and image tokens and the mask make ${parts}`,
    );
  }
  if (phi.hidden_size % phi.num_attention_heads !== 0) {
    throw corrupt(
      `hidden_size ${phi.hidden_size} is no multiple of num_attention_heads ${phi.num_attention_heads}`,
    );
  }
  const firstImageId = showo.llm_vocab_size + showo.num_new_special_tokens;
  const odd = Object.entries(special).find(([, id]) => id < 0 || id >= firstImageId);
  if (odd) throw corrupt(`special token ${odd[0]} has the id ${odd[1]} outside 0..${firstImageId - 1}`);
  const { ch_mult: levels, resolution, z_channels: bits } = magvitv2.encoder;
  const side = resolution / 2 ** (levels.length - 1);
  if (side * side !== showo.num_vq_tokens) {
    throw corrupt(`num_vq_tokens is ${showo.num_vq_tokens}, but the image tokenizer makes ${side} × ${side}`);
  }
  if (2 ** bits !== showo.codebook_size) {
    throw corrupt(`codebook_size is ${showo.codebook_size}, but ${bits} bits make ${2 ** bits}`);
  }
}

/**
 * Checks a parsed config.json.
 * @throws EngineError("modelCorrupt") naming the field
 */
export function parseShowoConfig(json: unknown): ShowoConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw corrupt(`${issue?.path.join(".") ?? "it"}: ${issue?.message ?? "invalid"}`);
  }
  checkSizes(parsed.data);
  const { showo, phi, special_tokens: special, magvitv2, generation } = parsed.data;
  const headSize = phi.hidden_size / phi.num_attention_heads;
  const recommended = { ...DEFAULT_GENERATION, ...generation };
  return {
    vocabSize: showo.vocab_size,
    llmVocabSize: showo.llm_vocab_size,
    codebookSize: showo.codebook_size,
    imageTokenCount: showo.num_vq_tokens,
    maxTextLength: showo.max_text_len,
    imageOffset: showo.llm_vocab_size + showo.num_new_special_tokens,
    maskId: showo.vocab_size - 1,
    hiddenSize: phi.hidden_size,
    mlpSize: phi.intermediate_size,
    layerCount: phi.num_hidden_layers,
    headCount: phi.num_attention_heads,
    normEpsilon: phi.layer_norm_eps,
    rotary: { headSize, rotarySize: Math.floor(headSize * phi.partial_rotary_factor), base: phi.rope_theta },
    special: {
      pad: special["[PAD]"],
      soi: special["<|soi|>"],
      eoi: special["<|eoi|>"],
      t2i: special["<|t2i|>"],
      mmu: special["<|mmu|>"],
      sot: special["<|sot|>"],
      eot: special["<|eot|>"],
    },
    magvit2: magvitv2,
    generation: {
      steps: recommended.timesteps ?? DEFAULT_GENERATION.timesteps,
      guidanceScale: recommended.guidance_scale ?? DEFAULT_GENERATION.guidance_scale,
      temperature: recommended.temperature ?? DEFAULT_GENERATION.temperature,
    },
  };
}
