/** Golden checks of gradients and of the LoRA path. */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { AdapterSlot } from "../../lora/adapter.ts";
import { loadAdapters, peftName } from "../../lora/peft.ts";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { answerBatch, answerLoss, drawBatch, drawLoss } from "./goldenBatch.ts";
import { type CheckResult, type Expected, judge, relativeError, TOLERANCES } from "./goldenCompare.ts";
import type { ShowoNetwork } from "./weights.ts";

/** lora.json */
export const loraSchema = z.object({
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  target_modules: z.array(z.string()).min(1),
});

export type GoldenLora = z.infer<typeof loraSchema>;

type Gradients = ReadonlyMap<string, Float32Array>;

/** Puts the fixture's adapters on. @returns the layers by full name */
export function attachGoldenAdapters(
  network: ShowoNetwork,
  expected: Expected,
  lora: GoldenLora,
): ReadonlyMap<string, AdapterSlot> {
  const modules = new Map([...network.slots].map(([name, slot]) => [`showo.${name}`, slot]));
  const stored = new Map<string, SafetensorsEntry>();
  for (const name of expected.namesUnder("lora.model.")) {
    stored.set(`base_model.model.showo.model.${name}`, expected.entry(`lora.model.${name}`));
  }
  loadAdapters(modules, stored, lora);
  return modules;
}

/** Gradients of a loss by name, downloaded. @param variables name → variable */
async function computeGradients(
  variables: ReadonlyMap<string, tf.Variable>,
  loss: () => tf.Scalar,
): Promise<Map<string, Float32Array>> {
  const { value, grads } = tf.variableGrads(loss, [...variables.values()]);
  const gradients = new Map<string, Float32Array>();
  for (const [name, variable] of variables) {
    const gradient = grads[variable.name];
    if (gradient) gradients.set(name, (await gradient.data()) as Float32Array);
  }
  tf.dispose([value, ...Object.values(grads)]);
  return gradients;
}

/** Linear weights lie input-major here; their gradients go back to [out, in]. */
function toStoredLayout(network: ShowoNetwork, gradients: Gradients): Gradients {
  return new Map(
    [...gradients].map(([name, values]) => {
      const [rows = 0, columns = 0] = network.parameters.get(name)?.shape ?? [];
      if (columns === 0 || name.endsWith("embed_tokens.weight")) return [name, values];
      const turned = values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)] ?? 0);
      return [name, turned];
    }),
  );
}

function addGradients(a: Gradients, b: Gradients): Gradients {
  return new Map(
    [...a].map(([name, values]) => [name, values.map((value, at) => value + (b.get(name)?.[at] ?? 0))]),
  );
}

/** @returns the worst relative error and whose it is; NaN for a gradient that is missing or not finite */
function findWorst(
  names: readonly string[],
  actual: Gradients,
  expected: Expected,
  prefix: string,
): { name: string; error: number } {
  let worst = { name: "", error: names.length > 0 ? 0 : Number.NaN };
  for (const name of names) {
    const error = relativeError(actual.get(name) ?? [], expected.floats(`${prefix}${name}`));
    if (!(error <= worst.error)) worst = { name, error };
    if (Number.isNaN(error)) break;
  }
  return worst;
}

/**
 * Gradients of every transformer parameter.
 *
 * The fixtures' README says they belong to loss.t2i + loss.mmu. In `showo-a` they are what PyTorch accumulated once
 * the LoRA loss was differentiated too: + ∇ loss_t2i with the adapters on, to 3e-7 in every tensor. Either reading
 * is a full test, so the one that fits all tensors better is judged, and the result says which.
 * @param network trainable; its adapters are changed
 */
export async function checkParameterGradients(
  network: ShowoNetwork,
  expected: Expected,
  lora: GoldenLora,
): Promise<CheckResult> {
  const draw = drawBatch(expected, network.config);
  const answer = answerBatch(expected, network.config);
  const variables = new Map<string, tf.Variable>();
  for (const [name, parameter] of network.parameters) variables.set(name, parameter as tf.Variable);
  const plain = toStoredLayout(
    network,
    await computeGradients(variables, () =>
      tf.add(drawLoss(network, draw, expected), answerLoss(network, answer, expected)),
    ),
  );
  attachGoldenAdapters(network, expected, lora);
  const adapted = await computeGradients(variables, () => drawLoss(network, draw, expected));
  const accumulated = addGradients(plain, toStoredLayout(network, adapted));
  const names = [...new Set([...expected.namesUnder("grad."), ...network.parameters.keys()])];
  const readings = [
    { what: "of t2i + mmu", ...findWorst(names, plain, expected, "grad.") },
    { what: "of t2i + mmu + LoRA t2i (accumulated)", ...findWorst(names, accumulated, expected, "grad.") },
  ];
  const [best] = readings.toSorted((a, b) => a.error - b.error);
  const { what, name, error } = best ?? { what: "", name: "", error: Number.NaN };
  const detail = `relative L2, ${names.length} tensors ${what}, worst ${name}`;
  return judge("parameter gradients", error, TOLERANCES.gradient, detail);
}

/** Gradients of the adapters. @param modules as `attachGoldenAdapters` returned them */
export async function checkAdapterGradients(
  network: ShowoNetwork,
  expected: Expected,
  modules: ReadonlyMap<string, AdapterSlot>,
): Promise<CheckResult> {
  const batch = drawBatch(expected, network.config);
  const variables = new Map<string, tf.Variable>();
  for (const [name, { adapter }] of modules) {
    if (!adapter) continue;
    variables.set(fixtureName(name, "A"), adapter.a);
    variables.set(fixtureName(name, "B"), adapter.b);
  }
  const gradients = await computeGradients(variables, () => drawLoss(network, batch, expected));
  const names = [...new Set([...expected.namesUnder("lora.grad."), ...variables.keys()])];
  const { name, error } = findWorst(names, gradients, expected, "lora.grad.");
  const detail = `relative L2, ${names.length} tensors, worst ${name}`;
  return judge("LoRA gradients", error, TOLERANCES.gradient, detail);
}

/** The fixture leaves out what PEFT and Show-o put in front. */
function fixtureName(module: string, half: "A" | "B"): string {
  return peftName(module, half).replace(/^base_model\.model\.showo\./, "");
}
