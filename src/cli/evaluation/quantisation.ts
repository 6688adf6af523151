/** `unirl eval --suite quantisation`: what keeping the weights in few bits saves, and what it does to learning. */

import type { ModelFormat, ProbeGradients, UnifiedModel, WeightReport } from "../../engine/index.ts";
import { attachAdapterFile } from "../adapterFile.ts";
import { folderReader } from "../node/files.ts";
import { type Bench, describeTable, underProgress } from "./bench.ts";

const SAMPLES = 128;

/** Opens the model in a format, with an adapter that is not fresh. */
async function openIn(
  { engine, model, folder, options }: Bench,
  weights: ModelFormat,
): Promise<UnifiedModel> {
  const opened = await engine.loadModel(folderReader(folder), model.id, { weights });
  try {
    if (options.adapter === undefined) engine.attachProbeAdapter(opened, options.seed);
    else await attachAdapterFile(opened, options.adapter);
    return opened;
  } catch (thrown) {
    opened.dispose();
    throw thrown;
  }
}

function describeWeights({ bytes, matrices }: WeightReport, whole: number): string {
  const rows = matrices.map(({ kind, format, relativeError }) => [
    kind,
    ` ${format.padEnd(8)} relative error ${relativeError.toFixed(4)}`,
  ]);
  const share = `${(bytes / 2 ** 20).toFixed(2)} MiB of f32's ${(whole / 2 ** 20).toFixed(2)}`;
  return describeTable(share, Object.fromEntries(rows));
}

/** Runs the suite: f32 against --weights, or against every packed format. */
export async function runQuantisation(bench: Bench): Promise<void> {
  const { engine, folder, options, output, backend } = bench;
  const scenes = bench.scenes.slice(0, options.limit ?? SAMPLES);
  const formats: ModelFormat[] = options.weights === "f32" ? ["int8", "int4"] : [options.weights];
  const gradientsIn = async (
    weights: ModelFormat,
    samples: Parameters<typeof engine.computeProbeGradients>[1],
  ) => {
    const opened = await openIn(bench, weights);
    try {
      return await underProgress(bench, `gradients, ${weights}`, samples.length, (progress) =>
        engine.computeProbeGradients(opened, samples, progress),
      );
    } finally {
      opened.dispose();
    }
  };
  const drawer = await openIn(bench, "f32");
  const samples = await underProgress(bench, "samples", scenes.length, (progress) =>
    engine.drawProbeSamples(drawer, scenes, options.seed, progress),
  ).finally(() => drawer.dispose());
  const wanted = await gradientsIn("f32", samples);
  const whole = await engine.reportWeights(folderReader(folder), "f32");
  for (const weights of formats) {
    const actual = await gradientsIn(weights, samples);
    const report = await engine.reportWeights(folderReader(folder), weights);
    const along = (part: keyof ProbeGradients) => engine.cosine(wanted[part], actual[part]);
    const cosines = { both: along("both"), image: along("image"), answer: along("answer") };
    const { seed, adapter = null } = options;
    output.result(
      {
        command: "eval",
        suite: "quantisation",
        ...report,
        f32Bytes: whole.bytes,
        cosines,
        samples: samples.length,
        seed,
        adapter,
        backend,
      },
      [
        `${weights}, cosine of the adapter's gradient with f32's over ${samples.length} samples`,
        ...Object.entries(cosines).map(([name, value]) => `  ${name.padEnd(16)}${value.toFixed(5)}`),
        describeWeights(report, whole.bytes),
      ].join("\n"),
    );
  }
}
