/** What `unirl bench` runs. Every figure is a median of interleaved rounds, with the machine's name beside it. */

import type { BenchOptions } from "../src/cli/bench.ts";
import { findModelFolder } from "../src/cli/node/files.ts";
import { startNodeBackend } from "../src/cli/node/nodeBackend.ts";
import type { Output } from "../src/cli/output.ts";
import { closeBackend } from "../src/engine/index.ts";
import { disposeShowoNetwork, drawingContenders, openNetwork } from "./drawing.ts";
import { PRODUCT_SHAPES, productContenders, toGflops } from "./matmul.ts";
import { describeMachine, type Timing, timeInterleaved } from "./rounds.ts";

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
  const network = await openNetwork(await findModelFolder(folder));
  const progress = output.startProgress("drawing", rounds);
  const timings = await timeInterleaved(await drawingContenders(network), rounds, progress.update);
  progress.stop();
  disposeShowoNetwork(network);
  output.result(
    { command: "bench", bench: "drawing", model: folder, backend, machine, rounds, timings },
    `drawing 8 images in 8 steps on ${backend}\n${describeTimings(timings, () => "")}`,
  );
}

/** Runs all benchmarks; drawing only with a model. Only one backend is alive at a time. */
export async function runBenchmarks(options: BenchOptions, output: Output): Promise<void> {
  const machine = describeMachine();
  output.log(machine);
  try {
    if (options.model !== undefined) await benchDrawing(options, options.model, output, machine);
    await benchProducts(options, output, machine);
  } finally {
    closeBackend();
  }
}
