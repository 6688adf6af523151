import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { PackedWeight } from "../quantMatMul/packedWeight.ts";
import { embeddingRows } from "./embeddingRows.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

it("looks rows up in a packed table as in f32, in the shape of the ids", async () => {
  const values = Float32Array.of(1, -127, 2, 254, 0, -4, 63.5, 0.5, 1);
  const packed = new PackedWeight(quantiseMatrix(values, { outSize: 3, inSize: 3 }, "int8Row"));
  const ids = tf.tensor2d([2, 0, 0, 1], [2, 2], "int32");
  const expected = [
    [
      [63.5, 0.5, 1],
      [1, -127, 2],
    ],
    [
      [1, -127, 2],
      [254, 0, -4],
    ],
  ];
  expect(await embeddingRows(packed, ids).array()).toEqual(expected);
  expect(await embeddingRows(tf.tensor2d(values, [3, 3]), ids).array()).toEqual(expected);
  packed.dispose();
});

it("owns its result only", () => {
  const before = tf.memory().numTensors;
  const values = Float32Array.from({ length: 12 }, (_, at) => at);
  const packed = new PackedWeight(quantiseMatrix(values, { outSize: 3, inSize: 4 }, "int8Row"));
  const ids = tf.tensor1d([2, 1], "int32");
  embeddingRows(packed, ids).dispose();
  // The table's f32 copy is kept for the next call.
  expect(tf.memory().numTensors).toBe(before + 2);
  tf.dispose(ids);
  packed.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
