/** What `unirl bench` runs: every figure is a median of interleaved rounds, with adapter and machine beside it. */
import { loadavg } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import type { BenchOptions } from "../src/cli/bench.ts";
import { openDawn } from "../src/cli/node/dawn.ts";
import { startNodeBackend } from "../src/cli/node/nodeBackend.ts";
import type { Output } from "../src/cli/output.ts";
import { type BackendReport, closeBackend } from "../src/engine/device/backend.ts";
import { planGrowth } from "./growth.ts";
import { planDrawingOps } from "./kernels/drawingOps.ts";
import { planOptimizer } from "./kernels/optimizer.ts";
import { planTrainingOps } from "./kernels/trainingOps.ts";
import { type Benchmark, measure } from "./measure.ts";
import { bestRate, planPeak } from "./peak.ts";
import { planGradients } from "./peers/gradients.ts";
import { planInt4 } from "./peers/int4.ts";
import { type BenchFile, type BenchRecord, openRecords } from "./records.ts";
import { resultTable } from "./report/results.ts";
import { describeMachine } from "./rounds.ts";
import { SHOWO_WIDTH, SIZES, type Sizes } from "./sizes.ts";
import type { BenchContext, Planned } from "./suite.ts";
import { planLayer } from "./whole/layer.ts";
import { planAnswers, planDrawing } from "./whole/model.ts";
import { planStep } from "./whole/step.ts";

/** A suite, and whether it compares ways of using a GPU. */
interface Suite {
  readonly plan: (context: BenchContext) => Planned[];
  readonly needsGpu: boolean;
}

const SUITES: Readonly<Record<Exclude<BenchOptions["suite"], "all">, Suite>> = {
  kernels: {
    needsGpu: true,
    plan: ({ sizes }) =>
      sizes.kernels.flatMap((model) => [
        ...planTrainingOps(model),
        planOptimizer(model),
        ...planDrawingOps(model),
      ]),
  },
  peers: {
    needsGpu: true,
    plan: ({ sizes: { peers } }) => [...planGradients(peers), ...planInt4(peers)],
  },
  drawing: {
    needsGpu: false,
    plan: ({ sizes, modelFolder }) => [planDrawing("drawing", modelFolder, sizes.drawing)],
  },
  answering: {
    needsGpu: false,
    plan: ({ sizes, modelFolder }) => [planAnswers(modelFolder, sizes.answers)],
  },
  step: {
    needsGpu: false,
    plan: ({ sizes, modelFolder }) => [planStep("GRPO step", modelFolder, sizes.step)],
  },
  layer: {
    needsGpu: false,
    plan: ({ sizes }) => [planLayer("one layer of Show-o 1.3B", { ...sizes.layer, width: SHOWO_WIDTH })],
  },
  growth: { needsGpu: false, plan: planGrowth },
};

/** Measures benchmarks one after the other and tells and keeps what came out. */
class Bench {
  readonly #options: BenchOptions;
  readonly #output: Output;
  readonly #report: BackendReport;
  readonly #sizes: Sizes;
  readonly #header: Omit<BenchFile, "records">;
  #keep: ((record: BenchRecord) => Promise<void>) | null = null;
  #peakGflops = 0;

  constructor(options: BenchOptions, output: Output, report: BackendReport) {
    this.#options = options;
    this.#output = output;
    this.#report = report;
    const { adapter, isSoftware } = report;
    this.#header = { adapter, isSoftware, machine: describeMachine() };
    this.#sizes =
      SIZES[options.sizes ?? (report.isSoftware || report.backend !== "webgpu" ? "small" : "full")];
  }

  async run(): Promise<void> {
    const { suite, filter, model, out } = this.#options;
    if (out !== undefined) this.#keep = await openRecords(out, this.#header);
    const isGpu = this.#report.backend === "webgpu";
    const context = { sizes: this.#sizes, modelFolder: model };
    if (isGpu) this.#peakGflops = bestRate((await this.#measure("peak", planPeak(this.#sizes))).results);
    for (const [name, { needsGpu, plan }] of Object.entries(SUITES)) {
      if (suite !== "all" && suite !== name) continue;
      if (needsGpu && !isGpu) {
        this.#output.log(`${name}: needs WebGPU, and ${this.#report.backend} runs.`);
        continue;
      }
      for (const planned of plan(context)) {
        if (planned.name.includes(filter)) await this.#try(name, planned);
      }
    }
  }

  /** A benchmark that fails is told and left out: hours of others must not be lost with it. */
  async #try(suite: string, planned: Planned): Promise<void> {
    try {
      await this.#measure(suite, planned);
    } catch (thrown) {
      process.exitCode = 1;
      this.#output.log(`${suite}: ${planned.name}: ${thrown instanceof Error ? thrown.stack : thrown}`);
    }
  }

  async #measure(suite: string, { name, open }: Planned): Promise<BenchRecord> {
    const { rounds } = this.#options;
    const load = loadavg()[0] ?? 0;
    await tf.setBackend(this.#report.backend);
    tf.engine().startScope();
    let benchmark: Benchmark | null = null;
    const progress = this.#output.startProgress(name, rounds);
    try {
      benchmark = { name, ...(await open()) };
      const results = await measure(benchmark, rounds, progress.update);
      const { shape, axis, finishes } = benchmark;
      const record: BenchRecord = {
        suite,
        name,
        shape,
        ...(axis ? { axis } : {}),
        ...(finishes ? { finishes: finishes.what } : {}),
        sizes: this.#sizes.name,
        rounds,
        day: new Date().toISOString().slice(0, 10),
        load,
        peakGflops: suite === "peak" ? bestRate(results) : this.#peakGflops,
        results,
      };
      await this.#tell(record);
      return record;
    } finally {
      progress.stop();
      benchmark?.dispose?.();
      tf.engine().endScope();
    }
  }

  async #tell(record: BenchRecord): Promise<void> {
    const { adapter, backend } = this.#report;
    const shape = Object.entries(record.shape).map(([key, value]) => `${key} ${value}`);
    const title = `${record.suite}: ${record.name} (${shape.join(", ")}), ${backend} on ${adapter}`;
    this.#output.result(
      { command: "bench", ...this.#header, ...record },
      `${title}\n${resultTable(record)}\n`,
    );
    await this.#keep?.(record);
  }
}

/** Runs the chosen suites on the chosen backend; "auto" is WebGPU wherever there is an adapter, be it a program. */
export async function runBenchmarks(options: BenchOptions, output: Output): Promise<void> {
  const isGpu = options.backend === "auto" && (await openDawn()) !== null;
  const report = await startNodeBackend(isGpu ? "webgpu" : options.backend);
  output.log(`${report.backend} on ${report.adapter}; ${describeMachine()}`);
  try {
    await new Bench(options, output, report).run();
  } finally {
    closeBackend();
  }
}
