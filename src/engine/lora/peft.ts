/**
 * Adapters as PEFT stores them: a safetensors map and adapter_config.json.
 *
 * Source: huggingface/peft `LoraConfig` and `get_peft_model_state_dict`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import type { SafetensorsEntry } from "../safetensors/safetensors.ts";
import { fromFloat32, toFloat32 } from "../safetensors/toFloat32.ts";
import { type AdapterSlot, LowRankAdapter } from "./adapter.ts";

/** What adapter_config.json says, as far as it shapes the adapter. */
export interface AdapterConfig {
  readonly peft_type: "LORA";
  readonly r: number;
  readonly lora_alpha: number;
  readonly target_modules: readonly string[];
  readonly bias: "none";
  readonly lora_dropout: 0;
  readonly fan_in_fan_out: false;
  readonly task_type: null;
}

/** PEFT's name of one half of a module's adapter. @param module full name, e.g. `showo.model.layers.0.mlp.fc1` */
export function peftName(module: string, half: "A" | "B"): string {
  return `base_model.model.${module}.lora_${half}.weight`;
}

/** The last part of a module's name: what PEFT's `target_modules` lists. */
export function targetOf(module: string): string {
  return module.slice(module.lastIndexOf(".") + 1);
}

/** @param modules adapted layers by full name */
export function adapterConfig(modules: ReadonlyMap<string, AdapterSlot>, alpha: number): AdapterConfig {
  const adapted = [...modules].filter(([, layer]) => layer.adapter);
  return {
    peft_type: "LORA",
    r: adapted[0]?.[1].adapter?.a.shape[0] ?? 0,
    lora_alpha: alpha,
    target_modules: [...new Set(adapted.map(([name]) => targetOf(name)))],
    bias: "none",
    lora_dropout: 0,
    fan_in_fan_out: false,
    task_type: null,
  };
}

/** Downloads all adapters. @param modules layers by full name; those without an adapter are left out */
export async function saveAdapters(
  modules: ReadonlyMap<string, AdapterSlot>,
): Promise<Map<string, SafetensorsEntry>> {
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, { adapter }] of modules) {
    if (!adapter) continue;
    for (const [half, variable] of [
      ["A", adapter.a],
      ["B", adapter.b],
    ] as const) {
      const values = (await variable.data()) as Float32Array;
      entries.set(peftName(name, half), fromFloat32(values, variable.shape));
    }
  }
  return entries;
}

function toMatrix(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  name: string,
  shape: readonly [number, number],
): tf.Tensor2D {
  const entry = tensors.get(name);
  if (entry && entry.shape.join() === shape.join()) return tf.tensor2d(toFloat32(entry), [...shape]);
  throw new EngineError(
    "modelCorrupt",
    entry
      ? `The adapter's ${name} is [${entry.shape.join(", ")}] instead of [${shape.join(", ")}]. It belongs to another model.`
      : `The adapter has no tensor ${name}. Save it again.`,
    { tensor: name },
  );
}

/**
 * Puts stored adapters on their layers; all other layers lose theirs. Changes nothing when it throws.
 * @param modules layers by full name @param config r, lora_alpha and target_modules of the stored adapter
 * @throws EngineError("modelCorrupt") naming a missing, misshapen or unexpected tensor
 */
export function loadAdapters(
  modules: ReadonlyMap<string, AdapterSlot>,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  config: Pick<AdapterConfig, "r" | "lora_alpha" | "target_modules">,
): void {
  const targets = [...modules].filter(([name]) => config.target_modules.includes(targetOf(name)));
  const expected = new Set(targets.flatMap(([name]) => [peftName(name, "A"), peftName(name, "B")]));
  const unexpected = [...tensors.keys()].find((name) => !expected.has(name));
  if (unexpected !== undefined || expected.size === 0) {
    throw new EngineError(
      "modelCorrupt",
      `The adapter's tensor ${unexpected ?? "list"} fits no layer named in its target_modules (${config.target_modules.join(", ")}).`,
    );
  }
  const loaded: [AdapterSlot, LowRankAdapter][] = [];
  try {
    for (const [name, layer] of targets) {
      const { inSize, outSize } = layer;
      tf.tidy(() => {
        const a = toMatrix(tensors, peftName(name, "A"), [config.r, inSize]);
        const b = toMatrix(tensors, peftName(name, "B"), [outSize, config.r]);
        loaded.push([layer, new LowRankAdapter(a, b, config.lora_alpha)]);
      });
    }
  } catch (thrown) {
    for (const [, adapter] of loaded) adapter.dispose();
    throw thrown;
  }
  for (const layer of modules.values()) layer.setAdapter(null);
  for (const [layer, adapter] of loaded) layer.setAdapter(adapter);
}
