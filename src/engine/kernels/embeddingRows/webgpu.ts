/** Rows of a packed table on WebGPU: one dispatch, a thread for four neighbours of a row. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { layoutOf, type QuantFormat } from "../../quant/quantFormat.ts";
import { unpacking } from "../quantMatMul/operands.ts";
import type { RowInputs } from "./twin.ts";

const THREADS = 64;

const gatherProgram = memoisedProgram((format: QuantFormat, isWhole: boolean) => ({
  name: "embeddingRows",
  inputs: { ids: "i32", packed: "u32", scales: "u32" } as const,
  outputs: { rows: isWhole ? ("vec4<f32>" as const) : ("f32" as const) },
  uniforms: { count: "u32", inner: "u32", wordsPerRow: "u32", scaleWordsPerRow: "u32" } as const,
  body: `${FLAT_GROUP}${unpacking(format)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let quads = (params.inner + 3u) / 4u;
  let own = flatGroup(group, groups) * ${THREADS}u + thread;
  if (own >= params.count * quads) { return; }
  let place = own / quads;
  let at = own % quads;
  let row = u32(ids[place]);
  let values = codes(row, at) * scaleOf(row, at);
  ${
    isWhole
      ? "rows[own] = values;"
      : `for (var lane = 0u; lane < min(4u, params.inner - 4u * at); lane++) {
    rows[place * params.inner + 4u * at + lane] = values[lane];
  }`
  }
}`,
}));

/** What the table is, besides its words. */
export interface RowTable {
  readonly format: QuantFormat;
  /** D */
  readonly inSize: number;
  /** V */
  readonly outSize: number;
}

/** @returns [rows of the ids [.., D]] */
export function gatherRowsOnGpu(
  backend: TrainerBackend,
  inputs: RowInputs<TensorInfo>,
  table: RowTable,
): TensorInfo[] {
  const { wordsPerRow, scaleWordsPerRow } = layoutOf(table.format, table);
  const { inSize: inner } = table;
  const { shape } = inputs.ids;
  const count = shape.reduce((total, side) => total * side, 1);
  const { rows } = backend.runProgram(
    gatherProgram(table.format, inner % 4 === 0),
    { ...inputs },
    { rows: f32([...shape, inner]) },
    { count, inner, wordsPerRow, scaleWordsPerRow },
    spreadGroups(Math.ceil((count * Math.ceil(inner / 4)) / THREADS)),
  );
  return [rows];
}
