/** For tests: whole decodings by the op beside those of the models' plain numbers, step by step from the same state. */
import * as tf from "@tensorflow/tfjs-core";
import {
  annealTemperature,
  type DecodeState,
  decodeStep,
  pickByInversion,
  scheduledMaskCount,
} from "../../../models/showo/maskgit.ts";
import { createRng } from "../../../rng.ts";
import { maskgitStep } from "../maskgitStep.ts";

export interface Decoding {
  readonly images: number;
  readonly tokens: number;
  readonly codebook: number;
  readonly steps: number;
  readonly temperature: number;
  /** Spread of the logits. */
  readonly reach: number;
}

/** Positions compared, and those where the op differs from the plain numbers. */
export interface Differences {
  readonly compared: number;
  readonly sampled: number;
  readonly codes: number;
}

const countDifferent = (a: ArrayLike<number>, b: readonly number[]) =>
  b.filter((value, at) => value !== a[at]).length;

/** One step of every image in plain numbers. */
function stepPlainly(
  decoding: Decoding,
  states: readonly DecodeState[],
  values: Record<"logits" | "uniforms" | "gumbel", Float32Array>,
  step: number,
) {
  const { tokens, codebook, steps } = decoding;
  return states.map((state, image) => {
    const first = image * tokens;
    const rows = Array.from(state.codes, (_, at) =>
      values.logits.subarray((first + at) * codebook, (first + at + 1) * codebook),
    );
    const hidden = rows.filter((_, at) => (state.codes[at] ?? 0) < 0);
    const noise = {
      pickCode: (position: number, row: Parameters<typeof pickByInversion>[0]) =>
        pickByInversion(row, values.uniforms[first + position] ?? 0),
      confidence: values.gumbel.subarray(first, first + tokens),
    };
    return decodeStep(state, hidden, noise, step, steps);
  });
}

/** Decodes images from seeded logits and noise; each step of the op starts where the plain numbers are. */
export async function compareDecodings(decoding: Decoding): Promise<Differences> {
  const { images, tokens, codebook, steps, temperature, reach } = decoding;
  const differences = { compared: 0, sampled: 0, codes: 0 };
  const blank = { codes: new Int32Array(tokens).fill(-1), temperature };
  let states: DecodeState[] = Array.from({ length: images }, () => blank);
  for (let step = 0; step < steps; step++) {
    const rng = createRng("decoding", tokens, codebook, step);
    const values = {
      logits: rng.normal(images * tokens * codebook).map((value) => value * reach),
      uniforms: rng.uniforms(images * tokens),
      gumbel: rng.gumbel(images * tokens),
    };
    const tau = annealTemperature(states[0]?.temperature ?? 0, step, steps);
    const shape: [number, number] = [images, tokens];
    const inputs = [
      tf.tensor3d(values.logits, [...shape, codebook]),
      tf.tensor2d(
        states.flatMap(({ codes }) => [...codes]),
        shape,
        "int32",
      ),
      tf.zeros([images], "int32"),
      tf.tensor2d(values.uniforms, shape),
      tf.tensor2d(values.gumbel, shape),
    ] as const;
    const [logits, codes, faults, uniforms, gumbel] = inputs;
    const numbers = { temperature: tau, scheduledHidden: scheduledMaskCount(tokens, step, steps) };
    const { state, sampled } = maskgitStep(
      logits,
      { codes, faults: faults as tf.Tensor1D },
      { uniforms, gumbel },
      numbers,
    );
    tf.dispose([...inputs]);
    const expected = stepPlainly(decoding, states, values, step);
    differences.compared += images * tokens;
    differences.sampled += countDifferent(
      await sampled.data(),
      expected.flatMap((image) => [...image.sampled]),
    );
    differences.codes += countDifferent(
      await state.codes.data(),
      expected.flatMap((image) => [...image.state.codes]),
    );
    tf.dispose([sampled, state.codes, state.faults]);
    states = expected.map((image) => image.state);
  }
  return differences;
}
