import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectGradients, randomTensor } from "../oracle.ts";
import { pickRows } from "./pickRows.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

/** Rows 1 and 2 of two sequences of three, behind one row and before another. */
const choice = { start: 1, sequences: 2, length: 3, skip: 1, count: 2 };

describe("picked rows", () => {
  it("are those of each sequence, in order", async () => {
    const x = tf.tensor2d([0, 1, 2, 3, 4, 5, 6, 7], [8, 1]);
    expect([...(await pickRows(x, choice).data())]).toEqual([2, 3, 5, 6]);
    expect(await pickRows(x, { start: 0, sequences: 4, length: 2, skip: 0, count: 2 }).data()).toEqual(
      await x.data(),
    );
  });

  it("give their gradient to where they came from, and the others none", async () => {
    const x = randomTensor("x", [8, 3]);
    await expectGradients([x], (given) => pickRows(given as tf.Tensor2D, choice));
    const dx = tf.grad((given) => pickRows(given as tf.Tensor2D, choice))(x, tf.ones([4, 3]));
    expect([...(await tf.sum(dx, 1).data())]).toEqual([0, 0, 3, 3, 0, 3, 3, 0]);
  });

  it("must be there", () => {
    const x = tf.zeros<tf.Rank.R2>([6, 2]);
    expect(() => pickRows(x, choice)).toThrow("2 × 3 from 1 on are not there");
    expect(() => pickRows(x, { ...choice, start: 0, count: 3 })).toThrow("1 + 3 are more than 3");
  });
});
