/**
 * The adapter as the two files of a PEFT folder, so that other tools can load or merge it, and back.
 * Source: spec/unirl.md 9, "Always export PEFT"; huggingface/peft `LoraConfig`.
 */
import { makeConfig, type RunConfig, runConfigSchema } from "../config.ts";
import { EngineError } from "../errors.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "../safetensors/safetensors.ts";
import { fromFloat32, toFloat32 } from "../safetensors/toFloat32.ts";
import { adapterTensors, type Checkpoint, withZeroMoments } from "./checkpoint.ts";

export interface PeftAdapter {
  /** `adapter_model.safetensors`: F32, A [r, in] and B [out, r] under their PEFT names. */
  readonly weights: Uint8Array;
  /** `adapter_config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** PEFT's name for the wrapped model; some tools leave it out. */
const PREFIX = "base_model.model.";
/** Ways of LoRA that change what the numbers mean, and the value with which they do not. */
const PLAIN: Readonly<Record<string, unknown>> = {
  use_rslora: false,
  use_dora: false,
  fan_in_fan_out: false,
  bias: "none",
  rank_pattern: {},
  alpha_pattern: {},
  modules_to_save: null,
};

/** `…layers.0.mlp.fc1.lora_A.weight` → `fc1`. */
function moduleOf(name: string): string {
  const module = /([^.]+)\.lora_[AB]\./.exec(name)?.[1];
  if (module === undefined) {
    throw new EngineError(
      "badInput",
      `${name} is not a PEFT adapter name, so the adapter cannot be exported.`,
      {
        tensor: name,
      },
    );
  }
  return module;
}

function writePeft(
  modelId: string,
  { loraRank, loraAlpha }: RunConfig,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
): PeftAdapter {
  const targetModules = [...new Set([...tensors.keys()].map(moduleOf))].toSorted();
  // PEFT asks for `format`; the rest lets the file be read without its configuration beside it.
  const metadata = { format: "pt", model: modelId, r: String(loraRank), lora_alpha: String(loraAlpha) };
  return {
    weights: writeSafetensors(tensors, metadata),
    config: {
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: modelId,
      r: loraRank,
      lora_alpha: loraAlpha,
      lora_dropout: 0,
      bias: "none",
      use_rslora: false,
      fan_in_fan_out: false,
      inference_mode: true,
      target_modules: targetModules,
    },
  };
}

/** Reads the adapter out of the model. @param config of the run: rank and alpha */
export async function exportPeftAdapter(model: UnifiedModel, config: RunConfig): Promise<PeftAdapter> {
  const tensors = new Map<string, SafetensorsEntry>();
  for (const { name, variable } of model.adapterVariables()) {
    tensors.set(name, fromFloat32((await variable.data()) as Float32Array, variable.shape));
  }
  return writePeft(model.id, config, tensors);
}

/** The adapter that a checkpoint holds. */
export function peftOfCheckpoint(checkpoint: Checkpoint): PeftAdapter {
  return writePeft(checkpoint.modelId, checkpoint.config, adapterTensors(checkpoint));
}

function parseConfig(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return { ...json };
  } catch {
    // Said below, together with JSON that is no object.
  }
  throw new EngineError("fileCorrupt", "The adapter's adapter_config.json is not a JSON object.");
}

function requirePlainLora(config: Readonly<Record<string, unknown>>): void {
  const odd = Object.entries(PLAIN).find(
    ([key, plain]) =>
      config[key] !== undefined && JSON.stringify(config[key] ?? null) !== JSON.stringify(plain),
  );
  const [key] = odd ?? (config.peft_type === undefined || config.peft_type === "LORA" ? [] : ["peft_type"]);
  if (key === undefined) return;
  throw new EngineError(
    "checkpointMismatch",
    `This adapter is not plain LoRA (its ${key} is ${JSON.stringify(config[key])}), and this program knows no other.`,
    { key },
  );
}

/** Rank and alpha are all that the numbers need beside themselves. */
function readSettings(config: Readonly<Record<string, unknown>>): RunConfig {
  const [rank, alpha] = [config.r, config.lora_alpha].map((value) =>
    value === undefined || value === "" ? Number.NaN : Number(value),
  );
  if (Number.isNaN(rank) || Number.isNaN(alpha)) {
    throw new EngineError(
      "fileUnknown",
      "This adapter does not say its rank and alpha. Open its adapter_config.json together with it.",
    );
  }
  const settings = runConfigSchema.safeParse({ ...makeConfig(), loraRank: rank, loraAlpha: alpha });
  if (settings.success) return settings.data;
  throw new EngineError(
    "checkpointMismatch",
    `This adapter's rank ${rank} or alpha ${alpha} is outside of what this program trains.`,
    { rank: String(rank), alpha: String(alpha) },
  );
}

/**
 * A PEFT adapter as the checkpoint of a run that has not begun: step 0, the optimizer at its beginning, rank and alpha
 * of the adapter, all else as the preset "robust" has it.
 * @param weights `adapter_model.safetensors`, of any float type
 * @param configText `adapter_config.json`; null where the weights' own metadata is to do
 * @param modelId the model it is meant for, where the file names none
 * @throws EngineError("fileCorrupt" | "fileUnknown" | "checkpointMismatch")
 */
export function checkpointOfPeft(
  weights: Uint8Array,
  configText: string | null,
  modelId: string,
): Checkpoint {
  const { tensors, metadata } = readSafetensors(weights);
  const adapter = new Map<string, SafetensorsEntry>();
  for (const [name, entry] of tensors) {
    if (!/\.lora_[AB]\.weight$/.test(name) || entry.shape.length !== 2) {
      throw new EngineError("fileUnknown", `This file is not a LoRA adapter: it holds ${name}.`, {
        tensor: name,
      });
    }
    const fullName = name.startsWith(PREFIX) ? name : `${PREFIX}${name}`;
    adapter.set(fullName, fromFloat32(toFloat32(entry), entry.shape));
  }
  if (adapter.size === 0) throw new EngineError("fileUnknown", "This file holds no tensors.");
  const settings = configText === null ? metadata : parseConfig(configText);
  requirePlainLora(settings);
  return {
    modelId: metadata.model ?? modelId,
    step: 0,
    updates: 0,
    config: readSettings(settings),
    extra: null,
    tensors: withZeroMoments(adapter),
  };
}
