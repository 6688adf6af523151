/** Show-o's parameters: original names and shapes, loaded into the layers that `forward.ts` runs. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import type { CodeTable } from "../../kernels/embedSum/embedSum.ts";
import type { HeadNorms } from "../../kernels/headRotary/headRotary.ts";
import { PackedWeight } from "../../kernels/quantMatMul/packedWeight.ts";
import type { NormWeights } from "../../kernels/rowNorm/rowNorm.ts";
import type { AdapterSlot } from "../../lora/adapter.ts";
import { describeFaults } from "../../nn/compareShapes.ts";
import { Linear } from "../../nn/linear.ts";
import { TrainableLinear } from "../../nn/trainableLinear.ts";
import { type ModelFormat, type QuantisedMatrix, takeMatrixRows } from "../../quant/quantFormat.ts";
import type { ShowoConfig } from "./config.ts";
import { EMBEDDING, HEAD, packMatrices, type StoredTensors, shapeOf, storedValues } from "./packing.ts";

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
  readonly format: NetworkFormat;
  /** Every parameter is a variable and receives gradients. */
  readonly isTrainable: boolean;
  readonly blocks: readonly Block[];
  readonly finalNorm: NormWeights;
  /** Where adapters go: every linear layer of the blocks by its name below `showo.`, in order. */
  readonly slots: ReadonlyMap<string, AdapterSlot>;
  /**
   * Tensors that are kept in f32 by original name; linear weights lie transposed, [in, out]. Freed where layers were made
   * one.
   */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  /** Numbers in all parameters, packed ones too. */
  readonly parameterCount: number;
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
  const found = [...tensors].map(([name, stored]) => [name, shapeOf(stored)] as const);
  const faults = describeFaults(shapes, new Map(found));
  if (faults.length === 0) return;
  throw new EngineError(
    "modelCorrupt",
    `The transformer's weights do not fit its config.json: ${faults.join("; ")}. Use an unchanged model folder.`,
    { faults: faults.length },
  );
}

function toParameter(tensors: StoredTensors, name: string, shape: readonly number[], isTrainable: boolean) {
  return tf.tidy(() => {
    const stored = tf.tensor(storedValues(tensors, name), [...shape], "float32");
    // Linear layers multiply with their weights' transpose.
    const value = shape.length === 2 && name !== EMBEDDING ? tf.transpose(stored) : stored;
    return isTrainable ? tf.variable(value) : value;
  });
}

/** An f32 parameter by its name below `showo.`. */
type Find = <T extends tf.Tensor>(name: string) => T;

/** What layers are made of. */
interface Source {
  readonly config: ShowoConfig;
  readonly isTrainable: boolean;
  readonly find: Find;
  /** A packed matrix by its name below `showo.`; null where matrices are f32. */
  readonly matrixOf: ((name: string) => QuantisedMatrix) | null;
}

function countNumbers(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.values()].reduce((total, shape) => total + tf.util.sizeFromShape([...shape]), 0);
}

/** Layers that read the same input, as one. Frozen, their tensors are used up. */
function makeLayer({ find, isTrainable, matrixOf }: Source, names: readonly string[]): Linear {
  const biasOf = (name: string) => find<tf.Tensor1D>(`${name}.bias`);
  const weightOf = (name: string) => find<tf.Tensor2D>(`${name}.weight`);
  if (isTrainable) {
    return new TrainableLinear(names.map((name) => ({ weight: weightOf(name), bias: biasOf(name) })));
  }
  const layers = names.map((name) =>
    matrixOf
      ? Linear.ofMatrix(matrixOf(`${name}.weight`), biasOf(name))
      : new Linear(weightOf(name), biasOf(name)),
  );
  const [first] = layers;
  return layers.length === 1 && first ? first : Linear.join(layers);
}

function makeNorm({ config, find, isTrainable }: Source, name: string): NormWeights {
  const epsilon = config.normEpsilon;
  return { weight: find(`${name}.weight`), bias: find(`${name}.bias`), epsilon, isTrainable };
}

/** The norms of queries and keys of a block; where they learn, stacked anew for each pass. */
function makeHeadNorms({ config, find, isTrainable }: Source, prefix: string): () => HeadNorms {
  const parts = ["q_layernorm.weight", "k_layernorm.weight", "q_layernorm.bias", "k_layernorm.bias"];
  const stack = () => tf.stack(parts.map((part) => find(`${prefix}.${part}`))) as tf.Tensor2D;
  const kept = isTrainable ? null : stack();
  return () => ({ values: kept ?? stack(), epsilon: config.normEpsilon, isTrainable });
}

/** @returns the blocks, and their layers' slots by name */
function assembleBlocks(source: Source): { blocks: Block[]; slots: Map<string, AdapterSlot> } {
  const slots = new Map<string, AdapterSlot>();
  const layerOf = (...names: string[]) => {
    const layer = makeLayer(source, names);
    for (const [at, name] of names.entries()) slots.set(name, layer.slots[at] as AdapterSlot);
    return layer;
  };
  const blocks = Array.from({ length: source.config.layerCount }, (_, layer): Block => {
    const [attention, mlp] = [`model.layers.${layer}.self_attn`, `model.layers.${layer}.mlp`];
    return {
      inputNorm: makeNorm(source, `model.layers.${layer}.input_layernorm`),
      qkv: layerOf(`${attention}.q_proj`, `${attention}.k_proj`, `${attention}.v_proj`),
      headNorms: makeHeadNorms(source, attention),
      dense: layerOf(`${attention}.dense`),
      fc1: layerOf(`${mlp}.fc1`),
      fc2: layerOf(`${mlp}.fc2`),
    };
  });
  return { blocks, slots };
}

function sliceEnds(source: Source): ShowoEnds {
  const { config, find } = source;
  const { imageOffset, codebookSize, hiddenSize } = config;
  const embedding = find<tf.Tensor2D>("model.embed_tokens.weight");
  const [weight, bias] = [find<tf.Tensor2D>("lm_head.weight"), find<tf.Tensor1D>("lm_head.bias")];
  const headPart = (start: number, count: number) =>
    new Linear(tf.slice(weight, [0, start], [hiddenSize, count]), tf.slice(bias, [start], [count]));
  const rows = tf.slice(embedding, [imageOffset, 0], [codebookSize, hiddenSize]);
  return {
    embedding,
    head: makeLayer(source, ["lm_head"]),
    textHead: headPart(0, imageOffset),
    imageHead: headPart(imageOffset, codebookSize),
    imageEmbedding: { rows, columns: tf.transpose(rows) },
  };
}

/** The image codes' rows of the table are there a second time, for the differentiable image. */
function packedEnds(
  { imageOffset, codebookSize }: ShowoConfig,
  find: Find,
  matrices: ReadonlyMap<string, QuantisedMatrix>,
): ShowoEnds {
  const [table, head] = [EMBEDDING, HEAD].map((name) => matrices.get(name)) as [
    QuantisedMatrix,
    QuantisedMatrix,
  ];
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
 * @param tensors a model.safetensors' entries as stored, packed matrices as such; more than the transformer needs is ignored
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
  const matrixOf = matrices && ((name: string) => matrices.get(`showo.${name}`) as QuantisedMatrix);
  const source: Source = { config, isTrainable, find, matrixOf };
  return {
    config,
    format,
    isTrainable,
    ...assembleBlocks(source),
    finalNorm: makeNorm(source, "model.final_layernorm"),
    ...(matrices ? packedEnds(config, find, matrices) : sliceEnds(source)),
    parameters,
    parameterCount: countNumbers(shapes),
  };
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
  const { blocks, head, textHead, imageHead, embedding, imageEmbedding, parameters } = network;
  for (const { qkv, dense, fc1, fc2, headNorms } of blocks) {
    for (const layer of [qkv, dense, fc1, fc2]) layer.dispose();
    headNorms().values.dispose();
  }
  for (const layer of [head, textHead, imageHead]) layer?.dispose();
  embedding.dispose();
  if (imageEmbedding instanceof PackedWeight) imageEmbedding.dispose();
  else tf.dispose([imageEmbedding.rows, imageEmbedding.columns]);
  for (const parameter of parameters.values()) parameter.dispose();
}
