/** What `unirl bench` runs. Every figure is a median of interleaved rounds, with the machine's name beside it. */

import * as tf from "@tensorflow/tfjs-core";
import type { BenchOptions } from "../src/cli/bench.ts";
import { openDawn } from "../src/cli/node/dawn.ts";
import { findModelFolder } from "../src/cli/node/files.ts";
import { startNodeBackend } from "../src/cli/node/nodeBackend.ts";
import type { Output } from "../src/cli/output.ts";
import type { TrainerBackend } from "../src/engine/device/trainerBackend.ts";
import { closeBackend } from "../src/engine/index.ts";
import { computeNothing } from "./computeNothing.ts";
import { disposeShowoNetwork, drawingContenders, openNetwork } from "./drawing.ts";
import { kernelContenders } from "./kernels.ts";
import { PRODUCT_SHAPES, productContenders, toGflops } from "./matmul.ts";
import { describeMachine, type Timing, timeInterleaved } from "./rounds.ts";
import { type CountedContender, stepContenders } from "./step.ts";

/** The first contender is the yardstick: how many times longer the others take. */
function describeTimings(timings: readonly Timing[], extra: (timing: Timing) => string): string {
  const [first] = timings;
  return timings
    .map((timing) => {
      const ratio = timing.medianMs / (first?.medianMs ?? Number.NaN);
      return `  ${timing.name.padEnd(16)}${timing.medianMs.toFixed(1).padStart(9)} ms  ×${ratio.toFixed(2)}  ${extra(timing)}`;
    })
    .join("\n");
}

async function benchProducts({ rounds }: BenchOptions, output: Output, machine: string): Promise<void> {
  for (const shape of PRODUCT_SHAPES) {
    const name = `${shape.rows}×${shape.inner}×${shape.columns}`;
    const progress = output.startProgress(`product ${name}`, rounds);
    const timings = await timeInterleaved(await productContenders(shape), rounds, progress.update);
    progress.stop();
    const gflops = Object.fromEntries(timings.map((t) => [t.name, toGflops(shape, t.medianMs)]));
    output.result(
      { command: "bench", bench: "product", ...shape, machine, rounds, timings, gflops },
      `matrix product ${name}, f32\n${describeTimings(timings, (t) => `${(gflops[t.name] ?? 0).toFixed(2)} GFLOP/s`)}`,
    );
  }
}

async function benchDrawing(options: BenchOptions, folder: string, output: Output, machine: string) {
  const { rounds } = options;
  const { backend } = await startNodeBackend(options.backend);
  const network = await openNetwork(await findModelFolder(folder), options.weights);
  const progress = output.startProgress("drawing", rounds);
  const timings = await timeInterleaved(await drawingContenders(network), rounds, progress.update);
  progress.stop();
  disposeShowoNetwork(network);
  output.result(
    {
      command: "bench",
      bench: "drawing",
      model: folder,
      weights: options.weights,
      backend,
      machine,
      rounds,
      timings,
    },
    `drawing 8 images in 8 steps on ${backend}\n${describeTimings(timings, () => "")}`,
  );
}

async function benchKernels({ rounds, filter }: BenchOptions, output: Output, machine: string) {
  const { adapter } = await startNodeBackend("webgpu");
  for (const { name, contenders } of kernelContenders(filter)) {
    const progress = output.startProgress(name, rounds);
    const timings = await timeInterleaved(contenders, rounds, progress.update);
    progress.stop();
    output.result(
      { command: "bench", bench: "kernel", kernel: name, adapter, machine, rounds, timings },
      `${name}, forward and gradient, on ${adapter}\n${describeTimings(timings, () => "")}`,
    );
  }
}

/** What one step of each contender asked of the GPU, and their dispatches by program. */
function describeCounts(contenders: readonly CountedContender[]): string {
  const blocks = contenders.map((contender) => {
    const { dispatches = 0, submits = 0, readbacks = 0, programs = {} } = contender.counts() ?? {};
    const lines = Object.entries(programs).map(
      ([program, count]) => `${count.toString().padStart(7)}  ${program}`,
    );
    const total = `${contender.name}: ${dispatches} dispatches, ${submits} submits, ${readbacks} readbacks`;
    return [total, ...lines].join("\n");
  });
  return blocks.join("\n");
}

async function benchStep(options: BenchOptions, folder: string, output: Output, machine: string) {
  const { rounds, count, weights } = options;
  const { adapter } = await startNodeBackend("webgpu");
  if (count) computeNothing(tf.backend() as unknown as TrainerBackend);
  const { contenders, dispose } = await stepContenders(folder, weights);
  const progress = output.startProgress("GRPO step", count ? contenders.length : rounds);
  let timings: readonly Timing[] = [];
  if (count) {
    for (const [at, contender] of contenders.entries()) {
      await contender.run();
      progress.update(at + 1);
    }
  } else timings = await timeInterleaved(contenders, rounds, progress.update);
  progress.stop();
  dispose();
  const counts = Object.fromEntries(contenders.map((contender) => [contender.name, contender.counts()]));
  const measured = count ? {} : { rounds, timings };
  const described = count ? [] : [describeTimings(timings, () => "")];
  output.result(
    { command: "bench", bench: "step", model: folder, weights, adapter, machine, ...measured, counts },
    [`GRPO step of 4 images on ${adapter}`, ...described, describeCounts(contenders)].join("\n"),
  );
}

/** Runs the chosen benchmarks; drawing and a step only with a model. Only one backend is alive at a time. */
export async function runBenchmarks(options: BenchOptions, output: Output): Promise<void> {
  const machine = describeMachine();
  output.log(machine);
  const { model, suite } = options;
  const isWanted = (name: BenchOptions["suite"]) => suite === "all" || suite === name;
  const hasGpu = (await openDawn()) !== null;
  if (!hasGpu) output.log("No WebGPU adapter was found: kernels and steps are not measured.");
  try {
    if (model !== undefined && isWanted("drawing")) await benchDrawing(options, model, output, machine);
    if (isWanted("products")) await benchProducts(options, output, machine);
    if (hasGpu && isWanted("kernels")) await benchKernels(options, output, machine);
    if (hasGpu && model !== undefined && isWanted("step")) await benchStep(options, model, output, machine);
  } finally {
    closeBackend();
  }
}
