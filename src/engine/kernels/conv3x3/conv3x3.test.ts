import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { randomTensor, relativeError } from "../oracle.ts";
import { conv3x3 } from "./conv3x3.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("conv3x3", () => {
  it("equals f64 loops with zeros around the image", async () => {
    const [height, width, from, to] = [3, 4, 2, 3];
    const x = randomTensor<tf.Rank.R4>("x", [2, height, width, from]);
    const filter = randomTensor<tf.Rank.R4>("filter", [3, 3, from, to]);
    const bias = randomTensor<tf.Rank.R1>("bias", [to]);
    const [values, weights, shifts] = [x, filter, bias].map((tensor) => tensor.dataSync());
    const at = (image: number, row: number, column: number, channel: number) => {
      const isInside = row >= 0 && row < height && column >= 0 && column < width;
      return isInside ? (values?.[((image * height + row) * width + column) * from + channel] ?? 0) : 0;
    };
    const expected = Array.from({ length: 2 * height * width * to }, (_, place) => {
      const channel = place % to;
      const [column, line] = [Math.floor(place / to) % width, Math.floor(place / to / width)];
      let sum = shifts?.[channel] ?? 0;
      for (let tap = 0; tap < 9 * from; tap++) {
        const [source, dx, dy] = [tap % from, Math.floor(tap / from) % 3, Math.floor(tap / from / 3)];
        const pixel = at(Math.floor(line / height), (line % height) + dy - 1, column + dx - 1, source);
        sum += pixel * (weights?.[tap * to + channel] ?? 0);
      }
      return sum;
    });
    const y = conv3x3(x, filter, bias);
    expect(y.shape).toEqual([2, height, width, to]);
    expect(relativeError(await y.data(), expected)).toBeLessThan(1e-5);
  });

  it("refuses filters of other sizes and channels", () => {
    const x = tf.zeros<tf.Rank.R4>([1, 2, 2, 4]);
    expect(() => conv3x3(x, tf.zeros([1, 1, 4, 4]), tf.zeros([4]))).toThrow("[1, 1, 4, 4]");
    expect(() => conv3x3(x, tf.zeros([3, 3, 8, 4]), tf.zeros([4]))).toThrow("4 channels");
  });
});
