import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { breatheOnReads } from "./breathe.ts";

it("awaits the pause before every readback, and reads the same values", async () => {
  await tf.setBackend("cpu");
  let pauses = 0;
  breatheOnReads(async () => {
    pauses += 1;
    await new Promise((resolve) => setTimeout(resolve, 0));
  });
  let hasTimerRun = false;
  setTimeout(() => {
    hasTimerRun = true;
  }, 0);
  const doubled = tf.tidy(() => tf.mul(tf.tensor1d([1, 2, 3]), 2));
  expect(Array.from(await doubled.data())).toEqual([2, 4, 6]);
  expect(pauses).toBe(1);
  expect(hasTimerRun).toBe(true);
  doubled.dispose();
});
