/** `unirl eval --suite ceiling`: the judge on pictures that are right by construction, so the most that a model can score. */
import type { ImageU8 } from "../../engine/index.ts";
import { underProgress } from "./bench.ts";
import type { JudgedBench } from "./geneval.ts";
import { scoresRecord, scoresText } from "./scores.ts";

/** Runs the suite: held-out scenes as painted, and after a round trip through the model's tokenizer. */
export async function runCeiling({ bench, contest, header }: JudgedBench): Promise<void> {
  const { engine, model, scenes, options, output } = bench;
  const painted = scenes.map(({ image }) => image);
  const { decoded } = await underProgress(bench, "ceiling", painted.length, (progress) =>
    engine.evaluateReconstruction(model, painted, options.seed, progress),
  );
  const report = async (source: string, pictures: readonly ImageU8[]) => {
    const detections = await contest.detector.detect(pictures);
    const judged = scenes.map(({ metadata }, at) => {
      const { correct } = engine.judgeImage(metadata, detections[at] ?? {});
      return { metadata, correct };
    });
    const scores = engine.scoreImages(judged, options.seed);
    const { model: name, judge } = header;
    output.result(
      {
        command: "eval",
        suite: "ceiling",
        model: name,
        judge,
        source,
        scenes: scenes.length,
        ...scoresRecord(scores),
      },
      scoresText(scores, [], `the judge on ${source} scenes`),
    );
  };
  await report("painted", painted);
  await report("reconstructed", decoded);
}
