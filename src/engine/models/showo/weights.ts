/** Show-o's parameters: original names and shapes, loaded into the layers that `forward.ts` runs. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import type { NormWeights } from "../../kernels/rowNorm/rowNorm.ts";
import { Linear } from "../../nn/linear.ts";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { toFloat32 } from "../../safetensors/toFloat32.ts";
import type { ShowoConfig } from "./config.ts";

/** One Phi block: a single norm feeds attention and MLP side by side. */
export interface Block {
  readonly inputNorm: NormWeights;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly dense: Linear;
  readonly queryNorm: NormWeights;
  readonly keyNorm: NormWeights;
  readonly fc1: Linear;
  readonly fc2: Linear;
}

/** The transformer. Owns its tensors. */
export interface ShowoNetwork {
  readonly config: ShowoConfig;
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
  /** Every linear layer of the blocks by its name below `showo.`, in order. */
  readonly linears: ReadonlyMap<string, Linear>;
  /** Loaded tensors by original name; linear weights lie transposed, [in, out]. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
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

function assemble(
  config: ShowoConfig,
  parameters: ReadonlyMap<string, tf.Tensor>,
  isTrainable: boolean,
): ShowoNetwork {
  // checkTensors has seen every name.
  const get = <T extends tf.Tensor>(name: string) => parameters.get(`showo.${name}`) as T;
  const linears = new Map<string, Linear>();
  const makeLinear = (name: string) =>
    new Linear(get<tf.Tensor2D>(`${name}.weight`), get<tf.Tensor1D>(`${name}.bias`), isTrainable);
  const linear = (name: string) => {
    const layer = makeLinear(name);
    linears.set(name, layer);
    return layer;
  };
  const norm = (name: string): NormWeights => ({
    weight: get(`${name}.weight`),
    bias: get(`${name}.bias`),
    epsilon: config.normEpsilon,
    isTrainable,
  });
  const blocks = Array.from({ length: config.layerCount }, (_, layer): Block => {
    const prefix = `model.layers.${layer}`;
    return {
      inputNorm: norm(`${prefix}.input_layernorm`),
      query: linear(`${prefix}.self_attn.q_proj`),
      key: linear(`${prefix}.self_attn.k_proj`),
      value: linear(`${prefix}.self_attn.v_proj`),
      dense: linear(`${prefix}.self_attn.dense`),
      queryNorm: norm(`${prefix}.self_attn.q_layernorm`),
      keyNorm: norm(`${prefix}.self_attn.k_layernorm`),
      fc1: linear(`${prefix}.mlp.fc1`),
      fc2: linear(`${prefix}.mlp.fc2`),
    };
  });
  const embedding = get<tf.Tensor2D>("model.embed_tokens.weight");
  const head = makeLinear("lm_head");
  const headValues = get<tf.Tensor2D>("lm_head.weight");
  const finalNorm = norm("model.final_layernorm");
  return {
    config,
    embedding,
    blocks,
    finalNorm,
    head,
    ...sliceImageParts(config, embedding, headValues, head.bias),
    linears,
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
  return assemble(config, parameters, isTrainable);
}

/**
 * A view of the network whose enabled adapters are added into copies of the weights: without their extra products a
 * pass is an eighth faster. For passes that need no gradient. What the adapters are at the call decides: later
 * changes of theirs do not reach the view, and neither does switching them on or off.
 * @returns the network itself where no adapter is attached; `dispose` frees the copies and leaves `network` alone
 */
export function mergeAdapters(network: ShowoNetwork): { network: ShowoNetwork; dispose(): void } {
  const layers = [...network.linears.values()].filter(({ adapter }) => adapter !== null);
  if (layers.length === 0) return { network, dispose: () => {} };
  // A layer whose adapter is off must stay without it when a pause lets someone switch it on again.
  const copies = new Map(layers.map((layer) => [layer, layer.frozenCopy()]));
  const swap = (layer: Linear): Linear => copies.get(layer) ?? layer;
  const blocks = network.blocks.map((block) => ({
    ...block,
    query: swap(block.query),
    key: swap(block.key),
    value: swap(block.value),
    dense: swap(block.dense),
    fc1: swap(block.fc1),
    fc2: swap(block.fc2),
  }));
  return {
    network: { ...network, blocks },
    dispose: () => {
      for (const layer of copies.values()) layer.dispose();
    },
  };
}

/** Frees every tensor of the network, adapters too. */
export function disposeShowoNetwork(network: ShowoNetwork): void {
  for (const layer of [...network.linears.values(), network.head, network.imageHead]) layer.dispose();
  tf.dispose([network.imageEmbedding.rows, network.imageEmbedding.columns]);
  for (const parameter of network.parameters.values()) parameter.dispose();
}
