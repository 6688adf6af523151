/**
 * Token scores of hidden states on WebGPU: logits are summed up as they are computed, and computed again for the gradient.
 * Forward: every workgroup leaves one partial softmax per row, and a second dispatch puts those of a row together.
 * Backward: for one block of the vocabulary after the other, what each logit receives, then its product with the head.
 * Every sum has one order, so results repeat to the bit.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, type GpuProgram, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { QuantFormat } from "../../quant/quantFormat.ts";
import { unpacking } from "../quantMatMul/operands.ts";
import {
  eachRow,
  matrixInputs,
  rowTile,
  TILE_SIDE,
  TILE_THREADS,
  TILE_UNIFORMS,
  type TileCall,
  type TileKey,
  type TileMatrix,
  tileCall,
  tileElement,
  tileInputs,
} from "../rowTile.ts";
import { SOFTMAX_STATE } from "../softmaxState.ts";

/** How work is cut; numbers come out the same but for rounding. */
export interface CutSizes {
  /** Workgroups that keep a large GPU busy; beyond them each takes more of the vocabulary. */
  readonly enoughGroups: number;
  /** Values of the logits' gradient that are held at a time. */
  readonly maxHeld: number;
}

/** 2²¹ values are 8 MiB. */
const CUT_SIZES: CutSizes = { enoughGroups: 1024, maxHeld: 2 ** 21 };

const ENTRY = `@compute @workgroup_size(${TILE_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let columnThread = thread % COLUMN_THREADS;
  let rowThread = thread / COLUMN_THREADS;
  let row = group.y * GROUP_ROWS + rowThread * ${TILE_SIDE}u;`;

/** WGSL: four neighbours of the bias. */
const biasAt = (hasFours: boolean) => `
fn biasAt(column: u32) -> vec4<f32> {
  ${
    hasFours
      ? "return bias[column / 4u];"
      : `let at = min(vec4<u32>(column) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.columns - 1u));
  return vec4<f32>(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);`
  }
}`;

const headInputs = (key: TileKey): GpuProgram["inputs"] => ({
  ...tileInputs(key),
  bias: tileElement(key[1]),
  ids: "i32",
});

const partialProgram = memoisedProgram((...key: TileKey) => ({
  name: "tokenScores",
  inputs: headInputs(key),
  outputs: { partials: "vec4<f32>" } as const,
  uniforms: { ...TILE_UNIFORMS, scale: "f32", tiles: "u32" } as const,
  body: `${rowTile(key)}${biasAt(key[1])}${SOFTMAX_STATE}
var<workgroup> states: array<State, ${TILE_THREADS * TILE_SIDE}>;
${ENTRY}
    ${eachRow((at) => `var state${at} = NOTHING; let id${at} = u32(ids[rowAt(row + ${at}u)]);`)}
  for (var tile = 0u; tile < params.tiles; tile++) {
    let column = ((group.x * params.tiles + tile) * COLUMN_THREADS + columnThread) * ${TILE_SIDE}u;
    if (column >= params.columns) { break; }
    let products = multiply(row, column);
    let offset = biasAt(column);
    let count = params.columns - column;
    ${eachRow(
      (at) => `let z${at} = (products.row${at} + offset) * params.scale;
    state${at} = merge(state${at}, stateOf(z${at}, count, id${at} - column));`,
    )}
  }
  let slot = rowThread * ${TILE_SIDE}u * COLUMN_THREADS + columnThread;
    ${eachRow((at) => `states[slot + ${at}u * COLUMN_THREADS] = state${at};`)}
  workgroupBarrier();
  let own = group.y * GROUP_ROWS + thread;
  if (thread >= GROUP_ROWS || own >= params.rowCount) { return; }
  var total = NOTHING;
  for (var at = 0u; at < COLUMN_THREADS; at++) { total = merge(total, states[thread * COLUMN_THREADS + at]); }
  partials[group.x * params.rowCount + own] = total;
}`,
}));

const combineProgram = memoisedProgram((hasEntropy: boolean) => {
  const outputs: GpuProgram["outputs"] = {
    logProbs: "f32",
    lse: "f32",
    ...(hasEntropy ? { entropies: "f32" as const } : {}),
  };
  return {
    name: "tokenScoresCombine",
    inputs: { partials: "vec4<f32>" } as const,
    outputs,
    uniforms: { rowCount: "u32", parts: "u32" } as const,
    body: `${FLAT_GROUP}${SOFTMAX_STATE}
@compute @workgroup_size(${TILE_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = flatGroup(group, groups) * ${TILE_THREADS}u + thread;
  if (row >= params.rowCount) { return; }
  var total = NOTHING;
  for (var part = 0u; part < params.parts; part++) {
    total = merge(total, partials[part * params.rowCount + row]);
  }
  let logSum = log(total.y);
  lse[row] = total.x + logSum;
  logProbs[row] = total.w - (total.x + logSum);
  ${hasEntropy ? "entropies[row] = logSum - total.z / total.y;" : ""}
}`,
  };
});

/** What each logit of a block receives: dy/T·(onehot − softmax). */
const coefficientProgram = memoisedProgram((...key: TileKey) => ({
  name: "tokenScoresCoefficients",
  inputs: { ...headInputs(key), lse: "f32" as const, dy: "f32" as const },
  outputs: { held: tileElement(key[1]) },
  uniforms: { ...TILE_UNIFORMS, scale: "f32", first: "u32", width: "u32" } as const,
  body: `${rowTile(key)}${biasAt(key[1])}
fn hold(row: u32, place: u32, z: vec4<f32>) {
  if (row >= params.rowCount) { return; }
  let probs = exp(z - lse[row]);
  let isChosen = vec4<u32>(u32(ids[row]) - params.first - place) == vec4<u32>(0u, 1u, 2u, 3u);
  let values = dy[row] * params.scale * (select(vec4<f32>(0.0), vec4<f32>(1.0), isChosen) - probs);
  ${
    key[1]
      ? "held[(row * params.width + place) / 4u] = values;"
      : `for (var lane = 0u; lane < min(4u, params.width - place); lane++) {
    held[row * params.width + place + lane] = values[lane];
  }`
  }
}
${ENTRY}
  let place = (group.x * COLUMN_THREADS + columnThread) * ${TILE_SIDE}u;
  if (place >= params.width) { return; }
  let column = params.first + place;
  let products = multiply(row, column);
  let offset = biasAt(column);
    ${eachRow((at) => `hold(row + ${at}u, place, (products.row${at} + offset) * params.scale);`)}
}`,
}));

/** WGSL: `blockSums` of packed words, in which the 4 dimensions lie side by side. */
const packedBlockSums = (hasFours: boolean) => `
    let quad = dimension / 4u;
    ${eachRow((at) => `let start${at} = rowAt(row + ${at}u) * ${hasFours ? "(params.width / 4u)" : "params.width"};`)}
  for (var at = 0u; at < ${hasFours ? "params.width / 4u" : "params.width"}; at++) {
    ${
      hasFours
        ? `let v = params.first + 4u * at;
    let m = mat4x4<f32>(unpacked(v, quad), unpacked(v + 1u, quad), unpacked(v + 2u, quad), unpacked(v + 3u, quad));`
        : "let m = unpacked(params.first + at, quad);"
    }
    ${eachRow((at) => `sum${at} += m * held[start${at} + at];`)}
  }`;

/** WGSL: a block's Σ_v held[r, v]·matrix[d, v] for 4 rows and 4 dimensions. */
const blockSums = (hasFours: boolean) =>
  hasFours
    ? `let fours = params.width / 4u;
    ${eachRow((at) => `let start${at} = rowAt(row + ${at}u) * fours;`)}
    ${eachRow((at) => `let place${at} = (min(dimension + ${at}u, params.inner - 1u) * params.columns + params.first) / 4u;`)}
  for (var at = 0u; at < fours; at++) {
    let m = mat4x4<f32>(matrix[place0 + at], matrix[place1 + at], matrix[place2 + at], matrix[place3 + at]);
    ${eachRow((at) => `sum${at} += held[start${at} + at] * m;`)}
  }`
    : `${eachRow((at) => `let start${at} = rowAt(row + ${at}u) * params.width;`)}
    ${eachRow((at) => `let place${at} = min(dimension + ${at}u, params.inner - 1u) * params.columns + params.first;`)}
  for (var at = 0u; at < params.width; at++) {
    let m = vec4<f32>(matrix[place0 + at], matrix[place1 + at], matrix[place2 + at], matrix[place3 + at]);
    ${eachRow((at) => `sum${at} += held[start${at} + at] * m;`)}
  }`;

/** WGSL: four neighbours of a packed row. */
const unpackedQuad = (format: QuantFormat) => `${unpacking(format)}
fn unpacked(row: u32, at: u32) -> vec4<f32> { return codes(row, at) * scaleOf(row, at); }`;

/** Adds a block's share to the gradient of the hidden states; the first block begins it. */
const spreadProgram = memoisedProgram((...[rowThreads, hasFours, format]: TileKey) => ({
  name: "tokenScoresSpread",
  inputs: { ...matrixInputs([rowThreads, hasFours, format]), held: tileElement(hasFours) },
  outputs: { dHidden: "f32" } as const,
  uniforms: { ...TILE_UNIFORMS, first: "u32", width: "u32" } as const,
  body: `${format === "f32" ? "" : unpackedQuad(format)}
const COLUMN_THREADS = ${TILE_THREADS / rowThreads}u;
const GROUP_ROWS = ${rowThreads * TILE_SIDE}u;
fn rowAt(row: u32) -> u32 { return min(row, params.rowCount - 1u); }
fn give(row: u32, dimension: u32, values: vec4<f32>) {
  if (row >= params.rowCount) { return; }
  for (var lane = 0u; lane < min(4u, params.inner - dimension); lane++) {
    let at = row * params.inner + dimension + lane;
    if (params.first == 0u) { dHidden[at] = values[lane]; } else { dHidden[at] += values[lane]; }
  }
}
${ENTRY}
  let dimension = (group.x * COLUMN_THREADS + columnThread) * ${TILE_SIDE}u;
  if (dimension >= params.inner) { return; }
    ${eachRow((at) => `var sum${at} = vec4<f32>(0.0);`)}
  ${format === "f32" ? blockSums(hasFours) : packedBlockSums(hasFours)}
    ${eachRow((at) => `give(row + ${at}u, dimension, sum${at});`)}
}`,
}));

/** The head's matrix is `weight` or else `packed` with `scales`. */
interface HeadInputs {
  readonly hidden: TensorInfo;
  readonly weight?: TensorInfo;
  readonly packed?: TensorInfo;
  readonly scales?: TensorInfo;
  readonly bias: TensorInfo;
  readonly ids: TensorInfo;
}

/** How hidden states are scored. */
interface ScoreAttributes extends TileMatrix {
  readonly temperature: number;
}

/** @returns [log p [R], log Σ exp z [R], entropy [R] where wanted] */
export function scoreProjectedOnGpu(
  backend: TrainerBackend,
  { hidden, weight: matrix, ...head }: HeadInputs,
  { hasEntropy, temperature, ...sizes }: ScoreAttributes & { readonly hasEntropy: boolean },
  { enoughGroups }: CutSizes = CUT_SIZES,
): TensorInfo[] {
  const { key, uniforms, rowGroups, tileColumns } = tileCall(hidden, sizes);
  const { rowCount } = uniforms;
  const allTiles = Math.ceil(uniforms.columns / tileColumns);
  const tiles = Math.max(1, Math.floor((allTiles * rowGroups) / enoughGroups));
  const parts = Math.ceil(allTiles / tiles);
  const { partials } = backend.runProgram(
    partialProgram(...key),
    { rows: hidden, matrix, ...head },
    { partials: f32([parts, rowCount, 4]) },
    { ...uniforms, scale: 1 / temperature, tiles },
    [parts, rowGroups, 1],
  );
  const names = ["logProbs", "lse", ...(hasEntropy ? ["entropies"] : [])];
  const made = backend.runProgram(
    combineProgram(hasEntropy),
    { partials },
    Object.fromEntries(names.map((name) => [name, f32([rowCount])])),
    { rowCount, parts },
    spreadGroups(Math.ceil(rowCount / TILE_THREADS)),
  );
  backend.disposeData(partials.dataId);
  return names.map((name) => made[name] as TensorInfo);
}

/** Columns of a block: so many that its coefficients fit, by whole tiles. */
function blockWidth({ uniforms: { rowCount, columns }, tileColumns }: TileCall, maxHeld: number): number {
  const fitting = Math.floor(maxHeld / rowCount / tileColumns) * tileColumns;
  return Math.min(columns, Math.max(tileColumns, fitting));
}

/** @returns [dHidden [R, D]] */
export function projectedGradientOnGpu(
  backend: TrainerBackend,
  { statistics: lse, dy, ...given }: Readonly<Record<"dy" | "statistics", TensorInfo>> & Partial<HeadInputs>,
  { temperature, ...sizes }: ScoreAttributes,
  { maxHeld }: CutSizes = CUT_SIZES,
): TensorInfo[] {
  const { hidden, weight: matrix, ...head } = given as HeadInputs;
  const call = tileCall(hidden, sizes);
  const { key, uniforms, rowGroups, tileColumns } = call;
  const block = blockWidth(call, maxHeld);
  const held = backend.makeTensorInfo([uniforms.rowCount, block], "float32");
  const dHidden = backend.makeTensorInfo(hidden.shape, "float32");
  for (let first = 0; first < uniforms.columns; first += block) {
    const width = Math.min(block, uniforms.columns - first);
    backend.runProgram(
      coefficientProgram(...key),
      { rows: hidden, matrix, ...head, lse, dy },
      { held },
      { ...uniforms, scale: 1 / temperature, first, width },
      [Math.ceil(width / tileColumns), rowGroups, 1],
    );
    backend.runProgram(
      spreadProgram(...key),
      { matrix, ...head, held },
      { dHidden },
      { ...uniforms, first, width },
      [Math.ceil(uniforms.inner / tileColumns), rowGroups, 1],
    );
  }
  backend.disposeData(held.dataId);
  return [dHidden];
}
