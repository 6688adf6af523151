/** The gated half of LLaMA's MLP. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { gateUp, gateUpGradients } from "./twin.ts";
import { gateUpGradientsOnGpu, gateUpOnGpu } from "./webgpu.ts";

interface Forward {
  readonly gate: tf.Tensor;
  readonly up: tf.Tensor;
}

const runForward = defineOp<Forward>({ name: "SiluGate", twin: gateUp, webgpu: gateUpOnGpu });

const runBackward = defineOp<Forward & { readonly dy: tf.Tensor }>({
  name: "SiluGateGrad",
  twin: gateUpGradients,
  webgpu: gateUpGradientsOnGpu,
});

/**
 * silu(gate)·up, silu(g) = g·σ(g). Taped in both; keeps nothing but its inputs.
 * Source: Shazeer, arXiv 2002.05202 (SwiGLU).
 * @param gate any shape @param up the same shape @returns that shape, owned by the caller
 * @throws EngineError("badInput") when the shapes differ
 */
export function siluGate<T extends tf.Tensor>(gate: T, up: T): T {
  if (!tf.util.arraysEqual(gate.shape, up.shape)) {
    const [ofGate, ofUp] = [`[${gate.shape}]`, `[${up.shape}]`];
    throw new EngineError("badInput", `A gate of shape ${ofGate} cannot open values of shape ${ofUp}.`);
  }
  return tapedOp([gate, up], () => ({
    value: runForward({ gate, up }, {})[0] as T,
    saved: [gate, up],
    backward: (dy, saved) => {
      const [savedGate, savedUp] = saved as [tf.Tensor, tf.Tensor];
      return runBackward({ gate: savedGate, up: savedUp, dy }, {});
    },
  }));
}
