/** Show-o's parameters: original names and shapes, loaded into the layers that `forward.ts` runs. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import type { CodeTable } from "../../kernels/embedSum/embedSum.ts";
import { PackedWeight } from "../../kernels/quantMatMul/packedWeight.ts";
import type { NormWeights } from "../../kernels/rowNorm/rowNorm.ts";
import { Linear } from "../../nn/linear.ts";
import { type ModelFormat, type QuantisedMatrix, takeMatrixRows } from "../../quant/quantFormat.ts";
import { readValues } from "../../safetensors/int8Rows.ts";
import type { ShowoConfig } from "./config.ts";
import { EMBEDDING, HEAD, packMatrices, type StoredTensors } from "./packing.ts";

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

/** Both ends of the transformer: what ids become, and what scores hidden states. All frozen but `embedding` and `head`. */
export interface ShowoEnds {
  /** [V, D] */
  readonly embedding: tf.Tensor2D | PackedWeight;
  /** [D, V], every id, for comparison with the reference; null in few bits. */
  readonly head: Linear | null;
  /** The head's columns of the text and special ids, which come first: an answer has no others. */
  readonly textHead: Linear;
  /** The head's columns of the image codes [D, K]. */
  readonly imageHead: Linear;
  /** The embedding's rows of the image codes [K, D]. */
  readonly imageEmbedding: CodeTable;
}

/** The transformer. Owns its tensors. */
export interface ShowoNetwork extends ShowoEnds {
  readonly config: ShowoConfig;
  readonly blocks: readonly Block[];
  readonly finalNorm: NormWeights;
  /** Every linear layer of the blocks by its name below `showo.`, in order. */
  readonly linears: ReadonlyMap<string, Linear>;
  /** Tensors that are kept in f32 by original name; linear weights lie transposed, [in, out]. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  /** Numbers in all parameters, packed ones too. */
  readonly parameterCount: number;
  /** Every parameter is a variable and receives gradients. */
  readonly isTrainable: boolean;
}

/** How a network keeps its matrices; "trainable": in f32, and with gradients for every parameter (golden checks). */
export type NetworkFormat = ModelFormat | "trainable";

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
function checkTensors(shapes: ReadonlyMap<string, readonly number[]>, tensors: StoredTensors): void {
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

function toParameter(tensors: StoredTensors, name: string, shape: readonly number[], isTrainable: boolean) {
  return tf.tidy(() => {
    const stored = tf.tensor(readValues(tensors, name), [...shape], "float32");
    // Linear layers multiply with their weights' transpose.
    const value = shape.length === 2 && name !== EMBEDDING ? tf.transpose(stored) : stored;
    return isTrainable ? tf.variable(value) : value;
  });
}

/** An f32 parameter by its name below `showo.`. */
type Find = <T extends tf.Tensor>(name: string) => T;

function countNumbers(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.values()].reduce((total, shape) => total + tf.util.sizeFromShape([...shape]), 0);
}

function assembleBlocks(
  layerCount: number,
  linear: (name: string) => Linear,
  norm: (name: string) => NormWeights,
): Block[] {
  return Array.from({ length: layerCount }, (_, layer): Block => {
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
}

function sliceEnds(config: ShowoConfig, find: Find, isTrainable: boolean): ShowoEnds {
  const { imageOffset, codebookSize, hiddenSize } = config;
  const embedding = find<tf.Tensor2D>("model.embed_tokens.weight");
  const [weight, bias] = [find<tf.Tensor2D>("lm_head.weight"), find<tf.Tensor1D>("lm_head.bias")];
  const headPart = (start: number, count: number) =>
    new Linear(tf.slice(weight, [0, start], [hiddenSize, count]), tf.slice(bias, [start], [count]));
  const rows = tf.slice(embedding, [imageOffset, 0], [codebookSize, hiddenSize]);
  return {
    embedding,
    head: new Linear(weight, bias, isTrainable),
    textHead: headPart(0, imageOffset),
    imageHead: headPart(imageOffset, codebookSize),
    imageEmbedding: { rows, columns: tf.transpose(rows) },
  };
}

/** The image codes' rows of the table are there a second time, for the differentiable image. */
function packedEnds(
  { imageOffset, codebookSize }: ShowoConfig,
  find: Find,
  matrixOf: (name: string) => QuantisedMatrix,
): ShowoEnds {
  const [table, head] = [matrixOf(EMBEDDING), matrixOf(HEAD)];
  const bias = find<tf.Tensor1D>("lm_head.bias");
  const headPart = (start: number, count: number) =>
    Linear.ofMatrix(takeMatrixRows(head, start, count), tf.slice(bias, [start], [count]));
  return {
    embedding: new PackedWeight(table),
    head: null,
    textHead: headPart(0, imageOffset),
    imageHead: headPart(imageOffset, codebookSize),
    imageEmbedding: new PackedWeight(takeMatrixRows(table, imageOffset, codebookSize)),
  };
}

/**
 * Loads the transformer.
 * @param tensors a model.safetensors' entries as stored; more than the transformer needs is ignored
 * @throws EngineError("modelCorrupt") naming every missing and misshapen tensor, or one that cannot be packed
 */
export function loadShowoNetwork(
  config: ShowoConfig,
  tensors: StoredTensors,
  format: NetworkFormat = "f32",
): ShowoNetwork {
  const shapes = listShowoParameters(config);
  checkTensors(shapes, tensors);
  const isTrainable = format === "trainable";
  const matrices = isTrainable || format === "f32" ? null : packMatrices(shapes, tensors, format);
  const parameters = new Map<string, tf.Tensor>();
  for (const [name, shape] of shapes) {
    if (!matrices?.has(name)) parameters.set(name, toParameter(tensors, name, shape, isTrainable));
  }
  // checkTensors has seen every name.
  const find: Find = <T extends tf.Tensor>(name: string) => parameters.get(`showo.${name}`) as T;
  const matrixOf = (name: string) => matrices?.get(name) as QuantisedMatrix;
  const linears = new Map<string, Linear>();
  const linear = (name: string) => {
    const bias = find<tf.Tensor1D>(`${name}.bias`);
    const layer = matrices
      ? Linear.ofMatrix(matrixOf(`showo.${name}.weight`), bias)
      : new Linear(find<tf.Tensor2D>(`${name}.weight`), bias, isTrainable);
    linears.set(name, layer);
    return layer;
  };
  const norm = (name: string): NormWeights => ({
    weight: find(`${name}.weight`),
    bias: find(`${name}.bias`),
    epsilon: config.normEpsilon,
    isTrainable,
  });
  return {
    config,
    blocks: assembleBlocks(config.layerCount, linear, norm),
    finalNorm: norm("model.final_layernorm"),
    ...(matrices ? packedEnds(config, find, matrixOf) : sliceEnds(config, find, isTrainable)),
    linears,
    parameters,
    parameterCount: countNumbers(shapes),
    isTrainable,
  };
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
  const { linears, head, textHead, imageHead, embedding, imageEmbedding, parameters } = network;
  for (const layer of [...linears.values(), head, textHead, imageHead]) layer?.dispose();
  embedding.dispose();
  if (imageEmbedding instanceof PackedWeight) imageEmbedding.dispose();
  else tf.dispose([imageEmbedding.rows, imageEmbedding.columns]);
  for (const parameter of parameters.values()) parameter.dispose();
}
