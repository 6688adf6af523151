/**
 * The adapter as the two files of a PEFT folder, so that other tools can load or merge it.
 * Source: spec/unirl.md 9, "Always export PEFT".
 */
import type { RunConfig } from "../config.ts";
import { EngineError } from "../errors.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { type SafetensorsEntry, writeSafetensors } from "../safetensors/safetensors.ts";
import { fromFloat32 } from "../safetensors/toFloat32.ts";

export interface PeftAdapter {
  /** `adapter_model.safetensors`: F32, A [r, in] and B [out, r] under their PEFT names. */
  readonly weights: Uint8Array;
  /** `adapter_config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
}

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

/** Reads the adapter out of the model. @param config of the run: rank and alpha */
export async function exportPeftAdapter(model: UnifiedModel, config: RunConfig): Promise<PeftAdapter> {
  const variables = model.adapterVariables();
  const targetModules = [...new Set(variables.map(({ name }) => moduleOf(name)))].toSorted();
  const tensors = new Map<string, SafetensorsEntry>();
  for (const { name, variable } of variables) {
    tensors.set(name, fromFloat32((await variable.data()) as Float32Array, variable.shape));
  }
  return {
    weights: writeSafetensors(tensors, { format: "pt" }),
    config: {
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: model.id,
      r: config.loraRank,
      lora_alpha: config.loraAlpha,
      lora_dropout: 0,
      bias: "none",
      use_rslora: false,
      fan_in_fan_out: false,
      inference_mode: true,
      target_modules: targetModules,
    },
  };
}
