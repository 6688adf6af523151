/**
 * Drawing: only the image's rows run per step, and only its hidden positions reach the head.
 *
 * Rows are grouped by the padded length of their own prompt, so an image never depends on its neighbours.
 * Source: spec/showo.md 5.1 and the four consequences in section 3.
 */
import * as tf from "@tensorflow/tfjs-core";
import { beginStretch } from "../../device/backend.ts";
import { runsShaders } from "../../kernels/defineOp.ts";
import { disposeAll } from "../../nn/tidy.ts";
import { drawOnDevice } from "./deviceDrawing.ts";
import { checkCancelled, type DrawSettings, type NoiseSource } from "./drawSettings.ts";
import { type Batch, guidedLogits, type PreparedGroup, prepareGroups, runImageRows } from "./imageRows.ts";
import { type DecodeState, decodeStep } from "./maskgit.ts";
import { mergeAdapters, type ShowoNetwork } from "./weights.ts";

/** Images being drawn step by step. */
interface DrawGroup extends PreparedGroup {
  states: DecodeState[];
}

/** Flat indices of the hidden positions of all rows, ascending. */
function hiddenPositions(codes: readonly Int32Array[]): Int32Array {
  const positions: number[] = [];
  for (const [row, image] of codes.entries()) {
    for (const [position, code] of image.entries())
      if (code < 0) positions.push(row * image.length + position);
  }
  return Int32Array.from(positions);
}

/** @returns [M, K] guided logits over the image codes, M hidden positions of all rows in order, owned by the caller */
function hiddenLogits(
  network: ShowoNetwork,
  batch: Batch,
  codes: readonly Int32Array[],
  guidanceScale: number,
): tf.Tensor2D {
  const positions = tf.tensor1d(hiddenPositions(codes), "int32");
  return guidedLogits(batch, guidanceScale, (prefix) => {
    const hidden = runImageRows(network, prefix, codes);
    return network.imageHead.apply(tf.gather(hidden, positions));
  });
}

/** Downloads the logits at the hidden positions. @returns [M·K] */
async function readLogits(
  network: ShowoNetwork,
  batch: Batch,
  codes: readonly Int32Array[],
  guidanceScale: number,
): Promise<Float32Array> {
  const logits = tf.tidy(() => hiddenLogits(network, batch, codes, guidanceScale));
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  return values;
}

/** Each row's share of downloaded logits [M·K]. @param codes [B][N] they belong to @returns [B][hidden][K] */
function splitLogits(
  values: Float32Array,
  codes: readonly Int32Array[],
  codebookSize: number,
): Float32Array[][] {
  let taken = 0;
  return codes.map((row) =>
    Array.from({ length: row.filter((code) => code < 0).length }, () => {
      const start = taken * codebookSize;
      taken += 1;
      return values.subarray(start, start + codebookSize);
    }),
  );
}

/** One step of one group. @returns the group's images so far, complete */
async function stepGroup(
  network: ShowoNetwork,
  group: DrawGroup,
  noise: NoiseSource,
  step: number,
  { guidanceScale, steps }: DrawSettings,
): Promise<Int32Array[]> {
  const { codebookSize } = network.config;
  const codes = group.states.map((state) => state.codes);
  const { batch, indices } = step === 0 ? group.opening : { batch: group.batch, indices: null };
  const shown = indices ? codes.slice(0, Math.max(...indices) + 1) : codes;
  const values = await readLogits(network, batch, shown, guidanceScale);
  const logits = splitLogits(values, shown, codebookSize);
  const decoded = group.states.map((state, at) => {
    const own = logits[indices ? (indices[at] ?? 0) : at] ?? [];
    return decodeStep(state, own, noise(group.rows[at] ?? 0, step), step, steps);
  });
  group.states = decoded.map(({ state }) => state);
  return decoded.map(({ sampled }) => sampled);
}

/** Step by step, every step's logits read back and drawn from on this thread. */
async function drawOnThread(
  network: ShowoNetwork,
  prepared: readonly PreparedGroup[],
  noise: NoiseSource,
  settings: DrawSettings,
): Promise<Int32Array[]> {
  const blank = new Int32Array(network.config.imageTokenCount).fill(-1);
  const groups: DrawGroup[] = prepared.map((group) => ({
    ...group,
    states: group.rows.map(() => ({ codes: blank, temperature: settings.temperature })),
  }));
  const images: Int32Array[] = [];
  for (let step = 0; step < settings.steps; step++) {
    const codes: Int32Array[] = [];
    for (const group of groups) {
      checkCancelled(settings.signal);
      const rest = beginStretch();
      const sampled = await stepGroup(network, group, noise, step, settings);
      await rest(settings.signal);
      for (const [at, row] of group.rows.entries()) {
        images[row] = sampled[at] ?? blank;
        codes[row] = group.states[at]?.codes ?? blank;
      }
    }
    settings.onStep?.({ step, codes, sampled: [...images] });
  }
  return images;
}

/**
 * Draws one image per prefix: on the GPU where there are shaders and the noise comes as numbers, else on this thread.
 * @param prefixes [B] as `drawPrefix` makes them
 * @returns [B][N] codes
 * @throws EngineError("cancelled") within one step of the signal; EngineError("nonFinite") when the logits are broken
 */
export async function drawCodes(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  noise: NoiseSource,
  settings: DrawSettings,
): Promise<Int32Array[]> {
  const merged = mergeAdapters(network);
  const groups: PreparedGroup[] = [];
  try {
    for (const group of prepareGroups(merged.network, prefixes, settings)) groups.push(group);
    const isOnDevice = runsShaders() && noise(0, 0).uniforms !== undefined;
    const draw = isOnDevice ? drawOnDevice : drawOnThread;
    return await draw(merged.network, groups, noise, settings);
  } finally {
    for (const { batch, opening } of groups) disposeAll([batch, opening.batch]);
    merged.dispose();
  }
}
