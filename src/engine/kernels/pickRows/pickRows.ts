/** Some rows of each sequence, the others left out. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { pickGradientTwin, pickTwin, type RowChoice } from "./twin.ts";
import { pickGradientOnGpu, pickOnGpu } from "./webgpu.ts";

export type { RowChoice };

const runForward = defineOp<{ readonly x: tf.Tensor }, RowChoice>({
  name: "PickRows",
  twin: ({ x }, choice) => [pickTwin(x, choice)],
  webgpu: (backend, { x }, choice) => [pickOnGpu(backend, x, choice)],
});

const runBackward = defineOp<{ readonly dy: tf.Tensor }, RowChoice & { readonly rows: number }>({
  name: "PickRowsGrad",
  twin: ({ dy }, choice) => [pickGradientTwin(dy, choice)],
  webgpu: (backend, { dy }, choice) => [pickGradientOnGpu(backend, dy, choice)],
});

/** Rows that a choice keeps. */
export function countPicked({ sequences, count }: RowChoice): number {
  return sequences * count;
}

/**
 * The chosen rows in their order. Taped; the gradient of the others is 0.
 * @param x [R, D] @returns [sequences·count, D], owned by the caller
 * @throws EngineError("badInput") for rows that are not there
 */
export function pickRows(x: tf.Tensor2D, choice: RowChoice): tf.Tensor2D {
  const { start, sequences, length, skip, count } = choice;
  const [rows] = x.shape;
  if (start + sequences * length > rows || skip + count > length) {
    throw new EngineError(
      "badInput",
      `Of ${rows} rows, ${sequences} × ${length} from ${start} on are not there, or ${skip} + ${count} are more than ${length}.`,
    );
  }
  if (countPicked(choice) === rows) return tf.clone(x);
  return tapedOp([x], () => ({
    value: runForward({ x }, choice)[0] as tf.Tensor2D,
    saved: [],
    backward: (dy) => runBackward({ dy }, { ...choice, rows }),
  }));
}
