import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { matrixBytes } from "../../quant/quantFormat.ts";
import { dequantiseMatrix, quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { randomPacked } from "../oracle.ts";
import { PackedWeight } from "../quantMatMul/packedWeight.ts";
import { embeddingRows } from "./embeddingRows.ts";

const hasDawn = (await openDawn()) !== null;

describe.skipIf(!hasDawn)("embedding rows on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, 60_000);
  afterAll(closeBackend);

  /** Ids in two axes, the table's last row among them. */
  it.each([
    ["int8Row", 7, 20, [1, 1]],
    ["int8Row", 260, 63, [3, 17]],
    ["int8", 131, 65, [2, 33]],
    ["int4", 33, 3, [5, 3]],
    ["int4Wide", 9, 130, [1, 63]],
    ["int8Row", 1155, 64, [3, 129]],
  ] as const)(
    "%s: unpacks exactly the rows asked for, of %i of width %i",
    async (format, rows, width, shape) => {
      const packed = randomPacked(rows, width, format);
      const [count, length] = shape;
      const ids = Int32Array.from({ length: count * length }, (_, at) => (at * 7919 + rows - 1) % rows);
      const values = dequantiseMatrix(packed.matrix);
      const before = tf.memory().numTensors;
      const actual = tf.tidy(() => embeddingRows(packed, tf.tensor2d(ids, [count, length], "int32")));
      expect(actual.shape).toEqual([count, length, width]);
      expect(await actual.data()).toEqual(
        Float32Array.from([...ids].flatMap((id) => [...values.subarray(id * width, (id + 1) * width)])),
      );
      actual.dispose();
      expect(tf.memory().numTensors).toBe(before);
      packed.dispose();
    },
  );

  it("makes no f32 table, in one dispatch", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const packed = new PackedWeight(
      quantiseMatrix(new Float32Array(64_000).fill(1), { outSize: 1000, inSize: 64 }, "int8Row"),
    );
    const ids = tf.tensor1d([1, 999], "int32");
    const [bytes, dispatches] = [tf.memory().numBytes, backend.counters().dispatches];
    const rows = embeddingRows(packed, ids);
    expect(tf.memory().numBytes - bytes).toBe(matrixBytes(packed.matrix) + 2 * 64 * 4);
    expect(backend.counters().dispatches - dispatches).toBe(1);
    packed.dispose();
    tf.dispose([rows, ids]);
  });
});
