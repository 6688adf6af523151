/** What `unirl bench` runs: every figure is a median of interleaved rounds, with adapter and machine beside it. */
import { loadavg } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import type { BenchOptions } from "../src/cli/bench.ts";
import { openDawn } from "../src/cli/node/dawn.ts";
import { startNodeBackend } from "../src/cli/node/nodeBackend.ts";
import type { Output } from "../src/cli/output.ts";
import { type BackendReport, closeBackend } from "../src/engine/device/backend.ts";
import type { TrainerBackend } from "../src/engine/device/trainerBackend.ts";
import { EngineError } from "../src/engine/errors.ts";
import { computeNothing } from "./computeNothing.ts";
import { planGrowth } from "./growth.ts";
import { planDrawingOps } from "./kernels/drawingOps.ts";
import { planOptimizer } from "./kernels/optimizer.ts";
import { planTrainingOps } from "./kernels/trainingOps.ts";
import { type Benchmark, countOnly, measure } from "./measure.ts";
import { bestRate, planPeak } from "./peak.ts";
import { planGradients } from "./peers/gradients.ts";
import { planInt4 } from "./peers/int4.ts";
import { type BenchFile, type BenchRecord, COUNTS, openRecords } from "./records.ts";
import { describeShape, programLists, resultTable } from "./report/results.ts";
import { describeMachine } from "./rounds.ts";
import { SIZES, type Sizes } from "./sizes.ts";
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
    plan: ({ sizes, model }) => [planDrawing("drawing", model, sizes.drawing)],
  },
  answering: {
    needsGpu: false,
    plan: ({ sizes, model }) => [planAnswers(model, sizes.answers)],
  },
  step: {
    needsGpu: false,
    plan: ({ sizes, model }) => [planStep("GRPO step", model, sizes.step)],
  },
  layer: {
    needsGpu: false,
    plan: ({ sizes }) => [planLayer("one layer", sizes.layer)],
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
    const { suite, filter, count, model: folder, weights, out } = this.#options;
    if (out !== undefined) this.#keep = await openRecords(out, this.#header);
    const isGpu = this.#report.backend === "webgpu";
    const context = { sizes: this.#sizes, model: { folder, weights } };
    if (count) this.#stopComputing();
    else if (isGpu) this.#peakGflops = bestRate((await this.#measure("peak", planPeak(this.#sizes))).results);
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

  /** @throws EngineError("noWebGpu") when nothing there could be counted */
  #stopComputing(): void {
    if (this.#report.backend !== "webgpu") {
      throw new EngineError("noWebGpu", "Dispatches are counted on WebGPU alone; leave --count out.");
    }
    computeNothing(tf.backend() as unknown as TrainerBackend);
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
    const { rounds, count } = this.#options;
    const load = loadavg()[0] ?? 0;
    await tf.setBackend(this.#report.backend);
    tf.engine().startScope();
    let benchmark: Benchmark | null = null;
    const progress = this.#output.startProgress(name, rounds);
    try {
      benchmark = { name, ...(await open()) };
      const results = await (count ? countOnly(benchmark) : measure(benchmark, rounds, progress.update));
      const { model, shape, axis, finishes } = benchmark;
      const record: BenchRecord = {
        suite: count ? COUNTS : suite,
        name,
        ...(model ? { model } : {}),
        shape,
        ...(axis ? { axis } : {}),
        ...(finishes ? { finishes: finishes.what } : {}),
        sizes: this.#sizes.name,
        rounds: count ? 0 : rounds,
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
    const title = `${record.suite}: ${record.name} (${describeShape(record)}), ${backend} on ${adapter}`;
    const text = [title, resultTable(record), ...programLists(record), ""].join("\n");
    this.#output.result({ command: "bench", ...this.#header, ...record }, text);
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
