/**
 * Drawing that stays on the GPU: codes, confidences and noise never leave it, and nothing is read until all images are
 * whole. Who wants to see them grow is sent copies, for which the drawing does not wait.
 */
import * as tf from "@tensorflow/tfjs-core";
import { beginStretch, finishSubmitted } from "../../device/backend.ts";
import { type MaskgitState, maskgitStep, toImageIds } from "../../kernels/maskgitStep/maskgitStep.ts";
import { disposeAll, tidyAll } from "../../nn/tidy.ts";
import { checkCancelled, type DrawSettings, type NoiseSource } from "./drawSettings.ts";
import { type Batch, guidedLogits, type PreparedGroup, runImageIds } from "./imageRows.ts";
import { annealTemperature, brokenLogits, scheduledMaskCount } from "./maskgit.ts";
import type { ShowoNetwork } from "./weights.ts";

/** A group between two steps. */
interface DeviceGroup extends PreparedGroup {
  state: MaskgitState;
  /** [B, N] this step's complete images; null before the first. */
  sampled: tf.Tensor2D | null;
}

function blankState(images: number, tokens: number): MaskgitState {
  return {
    codes: tf.tensor2d(new Int32Array(images * tokens).fill(-1), [images, tokens], "int32"),
    faults: tf.zeros<tf.Rank.R1>([images], "int32"),
  };
}

/** @param codes int32 [B, N] @returns [B, N, K] guided logits of all positions */
function allLogits(
  network: ShowoNetwork,
  batch: Batch,
  codes: tf.Tensor2D,
  guidanceScale: number,
): tf.Tensor3D {
  const { imageOffset, maskId, special } = network.config;
  const [images, tokens] = codes.shape;
  const ids = toImageIds(codes, {
    offset: imageOffset,
    mask: maskId,
    before: special.soi,
    after: special.eoi,
  });
  const logits = guidedLogits(batch, guidanceScale, (prefix) =>
    network.imageHead.apply(runImageIds(network, prefix, ids)),
  );
  return tf.reshape(logits, [images, tokens, -1]);
}

/** The first step's logits: computed once per distinct prompt, since all of its images still look alike. */
function openingLogits(network: ShowoNetwork, { opening }: DeviceGroup, guidanceScale: number): tf.Tensor3D {
  const { batch, indices } = opening;
  const distinct = Math.max(...indices) + 1;
  const { codes } = blankState(distinct, network.config.imageTokenCount);
  const logits = allLogits(network, batch, codes, guidanceScale);
  return distinct === indices.length ? logits : tf.gather(logits, tf.tensor1d(indices, "int32"));
}

function stepGroup(
  network: ShowoNetwork,
  group: DeviceGroup,
  noise: NoiseSource,
  step: number,
  { temperature, guidanceScale, steps }: Pick<DrawSettings, "temperature" | "guidanceScale" | "steps">,
): { state: MaskgitState; sampled: tf.Tensor2D } {
  return tidyAll(() => {
    const { imageTokenCount: tokens } = network.config;
    const logits =
      step === 0
        ? openingLogits(network, group, guidanceScale)
        : allLogits(network, group.batch, group.state.codes, guidanceScale);
    const drawn = group.rows.map((row) => noise(row, step));
    const stack = (rows: readonly (Float32Array | undefined)[]) =>
      tf.tensor2d(Float32Array.from(rows.flatMap((row) => [...(row ?? [])])), [rows.length, tokens]);
    const random = {
      uniforms: stack(drawn.map(({ uniforms }) => uniforms)),
      gumbel: stack(drawn.map(({ confidence }) => confidence)),
    };
    const scheduledHidden = scheduledMaskCount(tokens, step, steps);
    return maskgitStep(logits, group.state, random, { temperature, scheduledHidden });
  });
}

/** All groups' values in the order of the request. @param values [groups' rows·N] */
function splitImages(
  groups: readonly DeviceGroup[],
  values: ArrayLike<number>,
  tokens: number,
): Int32Array[] {
  const images: Int32Array[] = [];
  for (const [at, row] of groups.flatMap(({ rows }) => rows).entries()) {
    images[row] = Int32Array.from({ length: tokens }, (_, token) => values[at * tokens + token] ?? -1);
  }
  return images;
}

/** Fetches a step's images for who watches. @returns what tells them, once they are here */
async function fetchStep(groups: readonly DeviceGroup[], tokens: number, step: number) {
  const stacked = tidyAll(() => ({
    codes: tf.concat(groups.map(({ state }) => state.codes)),
    sampled: tf.concat(groups.flatMap(({ sampled }) => sampled ?? [])),
  }));
  const [codes, sampled] = await Promise.all([stacked.codes.data(), stacked.sampled.data()]);
  disposeAll(stacked);
  return {
    step,
    codes: splitImages(groups, codes, tokens),
    sampled: splitImages(groups, sampled, tokens),
  };
}

/** The finished images, in one readback with the faults. @throws EngineError("nonFinite") */
async function readImages(groups: readonly DeviceGroup[], tokens: number): Promise<Int32Array[]> {
  const parts = groups.flatMap(({ sampled }) => (sampled ? [tf.reshape(sampled, [-1])] : []));
  const joined = tf.tidy(() => tf.concat([...parts, ...groups.map(({ state }) => state.faults)]));
  tf.dispose(parts);
  const values = await joined.data();
  joined.dispose();
  const count = groups.reduce((total, { rows }) => total + rows.length, 0);
  if (values.slice(count * tokens).some((fault) => fault !== 0)) throw brokenLogits();
  return splitImages(groups, values, tokens);
}

/** A promise that may fail before anyone waits for it; who waits hears of it. */
function heardLater(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

/**
 * Draws the prepared groups. At most two steps are queued, so that a signal is heard within one.
 * @param noise with `uniforms` @returns [B][N] codes
 */
export async function drawOnDevice(
  network: ShowoNetwork,
  prepared: readonly PreparedGroup[],
  noise: NoiseSource,
  settings: DrawSettings,
): Promise<Int32Array[]> {
  const { steps, signal, onStep } = settings;
  const tokens = network.config.imageTokenCount;
  const groups: DeviceGroup[] = prepared.map((group) => ({
    ...group,
    state: blankState(group.rows.length, tokens),
    sampled: null,
  }));
  let temperature = settings.temperature;
  let reported: Promise<void> = Promise.resolve();
  let previous: Promise<void> = Promise.resolve();
  try {
    for (let step = 0; step < steps; step++) {
      checkCancelled(signal);
      const rest = beginStretch();
      temperature = annealTemperature(temperature, step, steps);
      for (const group of groups) {
        const next = stepGroup(network, group, noise, step, { ...settings, temperature });
        disposeAll([group.state, group.sampled]);
        Object.assign(group, next);
      }
      if (onStep) {
        const fetched = fetchStep(groups, tokens, step);
        reported = heardLater(Promise.all([fetched, reported]).then(([progress]) => onStep(progress)));
      }
      await previous;
      previous = heardLater(finishSubmitted());
      await rest(signal);
    }
    const images = await readImages(groups, tokens);
    await reported;
    return images;
  } finally {
    // What fails on the way to a watcher was thrown above, or matters less than what was.
    await reported.catch(() => {});
    for (const { state, sampled } of groups) disposeAll([state, sampled]);
  }
}
