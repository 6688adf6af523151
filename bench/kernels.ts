/**
 * Every op of `engine/kernels` against its twin from stock tfjs ops, forward with gradients, at the sizes of the default
 * model: eight images of 66 rows, width 256, eight heads.
 */
import * as tf from "@tensorflow/tfjs-core";
import { preferTwins } from "../src/engine/kernels/defineOp.ts";
import { geluNew } from "../src/engine/kernels/geluNew/geluNew.ts";
import { splitHeads } from "../src/engine/kernels/headRotary/headRotary.ts";
import { makeRotary } from "../src/engine/kernels/headRotary/rotary.ts";
import { omniAttention } from "../src/engine/kernels/omniAttention/omniAttention.ts";
import { SequenceLayout } from "../src/engine/kernels/omniAttention/sequences.ts";
import { layerNorm } from "../src/engine/kernels/rowNorm/rowNorm.ts";
import { projectedTokenLogProbs } from "../src/engine/kernels/tokenLogProb/tokenLogProb.ts";
import { LowRankAdapter } from "../src/engine/lora/adapter.ts";
import { Linear } from "../src/engine/nn/linear.ts";
import type { QuantFormat } from "../src/engine/quant/quantFormat.ts";
import { quantiseMatrix } from "../src/engine/quant/quantiseMatrix.ts";
import { createRng } from "../src/engine/rng.ts";
import type { Contender } from "./rounds.ts";

const IMAGES = 8;
const LENGTH = 66;
const HEADS = 8;
const HEAD_SIZE = 32;
const WIDTH = HEADS * HEAD_SIZE;
const ROWS = IMAGES * LENGTH;
const RANK = 8;
const CODES = 2048;

function random(...shape: number[]): tf.Tensor {
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(createRng("bench", ...shape).normal(size), shape);
}

/** Something to time: makes its inputs once, then computes an output from the first of them. */
interface Subject {
  readonly name: string;
  readonly input: tf.Tensor;
  readonly run: (input: tf.Tensor) => tf.Tensor;
}

function linearSubject(format: "f32" | QuantFormat): Subject {
  const [inSize, outSize] = [WIDTH, 4 * WIDTH];
  const bias = random(outSize) as tf.Tensor1D;
  const values = createRng("bench", "weight").normal(inSize * outSize);
  const layer =
    format === "f32"
      ? new Linear(tf.tensor2d(values, [inSize, outSize]), bias)
      : Linear.ofMatrix(quantiseMatrix(values, { outSize, inSize }, format), bias);
  layer.slots[0]?.setAdapter(
    new LowRankAdapter(random(RANK, inSize) as tf.Tensor2D, random(outSize, RANK) as tf.Tensor2D, 2 * RANK),
  );
  return {
    name: `linear ${inSize} to ${outSize}, ${format}, rank ${RANK}`,
    input: random(ROWS, inSize),
    run: (x) => layer.apply(x as tf.Tensor2D),
  };
}

function listSubjects(): Subject[] {
  const norm = (size: number) => ({
    weight: random(size) as tf.Tensor1D,
    bias: random(size) as tf.Tensor1D,
    epsilon: 1e-5,
    isTrainable: false,
  });
  const positions = Array.from({ length: ROWS }, (_, at) => at % LENGTH);
  const rotary = makeRotary(positions, { headSize: HEAD_SIZE, rotarySize: HEAD_SIZE / 2, base: 10_000 });
  const rows = () => random(ROWS, WIDTH) as tf.Tensor2D;
  const [k, v, rowNorm] = [rows(), rows(), norm(WIDTH)];
  const headNorms = { values: random(4, HEAD_SIZE) as tf.Tensor2D, epsilon: 1e-5, isTrainable: false };
  const block = { count: IMAGES, queries: LENGTH, keyStart: 0, keys: LENGTH, ranges: null };
  const head = new Linear(random(WIDTH, CODES) as tf.Tensor2D, random(CODES) as tf.Tensor1D);
  const ids = Int32Array.from({ length: ROWS }, (_, at) => (at * 37) % CODES);
  return [
    linearSubject("f32"),
    linearSubject("int8"),
    linearSubject("int4"),
    {
      name: "attention",
      input: rows(),
      run: (q) => omniAttention(q as tf.Tensor2D, k, v, HEADS, new SequenceLayout([block], ROWS)),
    },
    { name: "layer norm", input: random(ROWS, WIDTH), run: (x) => layerNorm(x as tf.Tensor2D, rowNorm) },
    {
      name: "heads split, normed and rotated",
      input: random(ROWS, 3 * WIDTH),
      run: (x) => {
        const { q, k: keys, v: values } = splitHeads(x as tf.Tensor2D, rotary, headNorms);
        return tf.concat([q, keys, values]);
      },
    },
    { name: "gelu_new", input: random(ROWS, 4 * WIDTH), run: geluNew },
    {
      name: `log-probs over ${CODES} codes`,
      input: random(ROWS, WIDTH),
      run: (x) => projectedTokenLogProbs(x as tf.Tensor2D, head.asTokenHead(), ids),
    },
  ];
}

/** Forward and the gradient of the sum; resolves when the result is here. */
async function compute({ input, run }: Subject): Promise<void> {
  const total = tf.tidy(() => tf.sum(tf.grad((x) => tf.sum(run(x)))(input)));
  await total.data();
  total.dispose();
}

/** Shader and twin of each op, on the WebGPU backend that runs. @param filter only names that contain it */
export function kernelContenders(
  filter: string,
): { readonly name: string; readonly contenders: Contender[] }[] {
  const contender = (subject: Subject, areTwins: boolean): Contender => {
    const run = async () => {
      preferTwins(areTwins);
      try {
        await compute(subject);
      } finally {
        preferTwins(false);
      }
    };
    return { name: areTwins ? "stock ops" : "our shader", prepare: run, run };
  };
  return listSubjects()
    .filter(({ name }) => name.includes(filter))
    .map((subject) => ({
      name: subject.name,
      contenders: [contender(subject, false), contender(subject, true)],
    }));
}
