/** Show-o's parameters: original names and shapes, loaded into the layers that `forward.ts` runs. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import type { HeadNorms } from "../../kernels/headRotary/headRotary.ts";
import type { NormWeights } from "../../kernels/rowNorm/rowNorm.ts";
import type { AdapterSlot } from "../../lora/adapter.ts";
import { countParameters } from "../../nn/countParameters.ts";
import { Linear } from "../../nn/linear.ts";
import { TrainableLinear } from "../../nn/trainableLinear.ts";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { toFloat32 } from "../../safetensors/toFloat32.ts";
import type { ShowoConfig } from "./config.ts";

/** One Phi block: a single norm feeds attention and MLP side by side. */
export interface Block {
  readonly inputNorm: NormWeights;
  /** Queries, keys and values side by side. */
  readonly qkv: Linear;
  /** Borrowed; where the norms learn, made for each pass. */
  readonly headNorms: () => HeadNorms;
  readonly dense: Linear;
  readonly fc1: Linear;
  readonly fc2: Linear;
}

/** The transformer. Owns its tensors. */
export interface ShowoNetwork {
  readonly config: ShowoConfig;
  /** Every parameter receives gradients. */
  readonly isTrainable: boolean;
  /** [V, D] */
  readonly embedding: tf.Tensor2D;
  readonly blocks: readonly Block[];
  readonly finalNorm: NormWeights;
  /** [D, V] */
  readonly head: Linear;
  /** The head's columns of the image codes [D, K]; a copy, frozen. */
  readonly imageHead: Linear;
  /** The embedding's rows of the image codes [K, D] and their transpose; copies, frozen. */
  readonly imageEmbedding: { readonly rows: tf.Tensor2D; readonly columns: tf.Tensor2D };
  /** Where adapters go: every linear layer of the blocks by its name below `showo.`, in order. */
  readonly slots: ReadonlyMap<string, AdapterSlot>;
  /** Loaded tensors by original name; linear weights lie transposed, [in, out]. Freed where layers were made one. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  /** Numbers in all parameters. */
  readonly parameterCount: number;
}

/** Original name → shape as stored, of every transformer parameter. */
export function listShowoParameters(config: ShowoConfig): Map<string, readonly number[]> {
  const { vocabSize, hiddenSize, mlpSize, layerCount, rotary } = config;
  const shapes = new Map<string, readonly number[]>();
  const addNorm = (name: string, size: number) => {
    shapes.set(`${name}.weight`, [size]);
    shapes.set(`${name}.bias`, [size]);
  };
  const addLinear = (name: string, outSize: number, inSize: number) => {
    shapes.set(`${name}.weight`, [outSize, inSize]);
    shapes.set(`${name}.bias`, [outSize]);
  };
  shapes.set("showo.model.embed_tokens.weight", [vocabSize, hiddenSize]);
  for (let layer = 0; layer < layerCount; layer++) {
    const prefix = `showo.model.layers.${layer}`;
    for (const part of ["q_proj", "k_proj", "v_proj", "dense"]) {
      addLinear(`${prefix}.self_attn.${part}`, hiddenSize, hiddenSize);
    }
    addNorm(`${prefix}.self_attn.q_layernorm`, rotary.headSize);
    addNorm(`${prefix}.self_attn.k_layernorm`, rotary.headSize);
    addLinear(`${prefix}.mlp.fc1`, mlpSize, hiddenSize);
    addLinear(`${prefix}.mlp.fc2`, hiddenSize, mlpSize);
    addNorm(`${prefix}.input_layernorm`, hiddenSize);
  }
  addNorm("showo.model.final_layernorm", hiddenSize);
  addLinear("showo.lm_head", vocabSize, hiddenSize);
  return shapes;
}

/** @throws EngineError("modelCorrupt") naming every missing and misshapen tensor */
function checkTensors(
  shapes: ReadonlyMap<string, readonly number[]>,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
): void {
  const faults: string[] = [];
  for (const [name, shape] of shapes) {
    const entry = tensors.get(name);
    if (!entry) faults.push(`${name} is missing`);
    else if (entry.shape.join() !== shape.join()) {
      faults.push(`${name} is [${entry.shape.join(", ")}] instead of [${shape.join(", ")}]`);
    }
  }
  if (faults.length === 0) return;
  throw new EngineError(
    "modelCorrupt",
    `The transformer's weights do not fit its config.json: ${faults.join("; ")}. Use an unchanged model folder.`,
    { faults: faults.length },
  );
}

/** Original names of the linear layers, whose weights are kept transposed. */
function isLinearWeight(name: string, shape: readonly number[]): boolean {
  return shape.length === 2 && name !== "showo.model.embed_tokens.weight";
}

function toParameter(
  entry: SafetensorsEntry,
  shape: readonly number[],
  name: string,
  trainable: boolean,
): tf.Tensor {
  return tf.tidy(() => {
    const stored = tf.tensor(toFloat32(entry), [...shape], "float32");
    const value = isLinearWeight(name, shape) ? tf.transpose(stored) : stored;
    return trainable ? tf.variable(value) : value;
  });
}

/** Layers that read the same input, as one. Frozen, they are used up. */
function joinLayers(layers: readonly Linear[]): Linear {
  const [first] = layers;
  return layers.length === 1 && first ? first : Linear.join(layers);
}

function assemble(
  config: ShowoConfig,
  parameters: ReadonlyMap<string, tf.Tensor>,
  isTrainable: boolean,
): Omit<ShowoNetwork, "parameterCount"> {
  // checkTensors has seen every name.
  const get = <T extends tf.Tensor>(name: string) => parameters.get(`showo.${name}`) as T;
  const weightsOf = (name: string) => ({
    weight: get<tf.Tensor2D>(`${name}.weight`),
    bias: get<tf.Tensor1D>(`${name}.bias`),
  });
  const makeLinear = (name: string) => {
    const { weight, bias } = weightsOf(name);
    return new Linear(weight, bias);
  };
  const slots = new Map<string, AdapterSlot>();
  const linear = (...names: string[]) => {
    const layer = isTrainable ? new TrainableLinear(names.map(weightsOf)) : joinLayers(names.map(makeLinear));
    for (const [at, name] of names.entries()) slots.set(name, layer.slots[at] as AdapterSlot);
    return layer;
  };
  const norm = (name: string): NormWeights => ({
    weight: get(`${name}.weight`),
    bias: get(`${name}.bias`),
    epsilon: config.normEpsilon,
    isTrainable,
  });
  const headNorms = (prefix: string) => {
    const parts = ["q_layernorm.weight", "k_layernorm.weight", "q_layernorm.bias", "k_layernorm.bias"];
    const stack = () => tf.stack(parts.map((part) => get(`${prefix}.${part}`))) as tf.Tensor2D;
    const kept = isTrainable ? null : stack();
    return (): HeadNorms => ({ values: kept ?? stack(), epsilon: config.normEpsilon, isTrainable });
  };
  const blocks = Array.from({ length: config.layerCount }, (_, layer): Block => {
    const [attention, mlp] = [`model.layers.${layer}.self_attn`, `model.layers.${layer}.mlp`];
    return {
      inputNorm: norm(`model.layers.${layer}.input_layernorm`),
      qkv: linear(`${attention}.q_proj`, `${attention}.k_proj`, `${attention}.v_proj`),
      headNorms: headNorms(attention),
      dense: linear(`${attention}.dense`),
      fc1: linear(`${mlp}.fc1`),
      fc2: linear(`${mlp}.fc2`),
    };
  });
  const embedding = get<tf.Tensor2D>("model.embed_tokens.weight");
  const { weight: headValues, bias: headBias } = weightsOf("lm_head");
  return {
    config,
    isTrainable,
    embedding,
    blocks,
    finalNorm: norm("model.final_layernorm"),
    head: isTrainable ? new TrainableLinear([weightsOf("lm_head")]) : makeLinear("lm_head"),
    ...sliceImageParts(config, embedding, headValues, headBias),
    slots,
    parameters,
  };
}

function sliceImageParts(
  config: ShowoConfig,
  embedding: tf.Tensor2D,
  headValues: tf.Tensor2D,
  headBias: tf.Tensor1D,
): Pick<ShowoNetwork, "imageHead" | "imageEmbedding"> {
  const { imageOffset, codebookSize, hiddenSize } = config;
  const weight = tf.slice(headValues, [0, imageOffset], [hiddenSize, codebookSize]);
  const bias = tf.slice(headBias, [imageOffset], [codebookSize]);
  const rows = tf.slice(embedding, [imageOffset, 0], [codebookSize, hiddenSize]);
  return { imageHead: new Linear(weight, bias), imageEmbedding: { rows, columns: tf.transpose(rows) } };
}

/**
 * Loads the transformer.
 * @param tensors a model.safetensors' entries; more than the transformer needs is ignored
 * @param isTrainable every parameter becomes a variable that receives gradients (golden checks); else only adapters do
 * @throws EngineError("modelCorrupt") naming every missing and misshapen tensor
 */
export function loadShowoNetwork(
  config: ShowoConfig,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  isTrainable = false,
): ShowoNetwork {
  const shapes = listShowoParameters(config);
  checkTensors(shapes, tensors);
  const parameters = new Map<string, tf.Tensor>();
  for (const [name, shape] of shapes) {
    const entry = tensors.get(name);
    if (entry) parameters.set(name, toParameter(entry, shape, name, isTrainable));
  }
  const parameterCount = countParameters(parameters);
  return { ...assemble(config, parameters, isTrainable), parameterCount };
}

/**
 * A view of the network whose enabled adapters are added into copies of the weights: without their extra products a
 * pass is an eighth faster. For passes that need no gradient. What the adapters are at the call decides: later
 * changes of theirs do not reach the view, and neither does switching them on or off.
 * @returns the network itself where no adapter is attached; `dispose` frees the copies and leaves `network` alone
 */
export function mergeAdapters(network: ShowoNetwork): { network: ShowoNetwork; dispose(): void } {
  const copies: Linear[] = [];
  const swap = (layer: Linear): Linear => {
    // A layer whose adapters are off must stay without them when a pause lets someone switch them on again.
    if (layer.slots.every(({ adapter }) => adapter === null)) return layer;
    const copy = layer.frozenCopy();
    copies.push(copy);
    return copy;
  };
  const blocks = network.blocks.map((block) => ({
    ...block,
    qkv: swap(block.qkv),
    dense: swap(block.dense),
    fc1: swap(block.fc1),
    fc2: swap(block.fc2),
  }));
  return {
    network: copies.length === 0 ? network : { ...network, blocks },
    dispose: () => {
      for (const copy of copies) copy.dispose();
    },
  };
}

/** Frees every tensor of the network, adapters too. */
export function disposeShowoNetwork(network: ShowoNetwork): void {
  for (const { qkv, dense, fc1, fc2, headNorms } of network.blocks) {
    for (const layer of [qkv, dense, fc1, fc2]) layer.dispose();
    headNorms().values.dispose();
  }
  for (const layer of [network.head, network.imageHead]) layer.dispose();
  tf.dispose([network.imageEmbedding.rows, network.imageEmbedding.columns]);
  for (const parameter of network.parameters.values()) parameter.dispose();
}
