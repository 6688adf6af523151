import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createRng } from "../../rng.ts";
import { perturbTowards } from "./twin.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("perturbTowards", () => {
  const rows = 4000;
  const stackRows = () => tf.tile(tf.tensor2d([[0.5, -1, 0.2, 0]]), [rows, 1]) as tf.Tensor2D;
  const noise = (name: string) => tf.tensor2d(createRng("posterior", name).gumbel(rows * 4), [rows, 4]);
  const all = (id: number) => tf.fill([rows], id, "int32");

  it("makes the drawn code the largest, always", async () => {
    for (const id of [0, 1, 2, 3]) {
      const largest = await tf.argMax(perturbTowards(stackRows(), all(id), noise(`${id}`)), 1).data();
      expect(largest.every((at) => at === id)).toBe(true);
    }
  });

  it("has the means of free Gumbel noise among those draws that chose the code", async () => {
    const free = (await tf.add(stackRows(), noise("free")).array()) as number[][];
    const chosen = free.filter((row) => row.indexOf(Math.max(...row)) === 2);
    const posterior = (await perturbTowards(stackRows(), all(2), noise("posterior")).array()) as number[][];
    const meanOf = (list: number[][], at: number) =>
      list.reduce((total, row) => total + (row[at] ?? 0), 0) / list.length;
    expect(chosen.length).toBeGreaterThan(600);
    for (const at of [0, 1, 2, 3]) {
      // Standard errors: 1.2 / √900 and 1.2 / √4000.
      expect(Math.abs(meanOf(posterior, at) - meanOf(chosen, at))).toBeLessThan(0.15);
    }
  });

  it("stays finite for codes the model thought impossible", async () => {
    const extreme = tf.tensor2d([[0, -200, 80]]);
    const ids = tf.tensor1d([1], "int32");
    const values = await perturbTowards(extreme, ids, tf.tensor2d([[0, 0, 0]])).data();
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values[1]).toBeGreaterThan(Math.max(values[0] ?? 0, values[2] ?? 0) - 1e-4);
  });
});
