/** `unirl generate`: draws images from a prompt and writes them as PNGs. */
import { join } from "node:path";
import type { Command } from "commander";
import { makeFolder, writePng } from "./node/files.ts";
import {
  addDrawingOptions,
  addModelOptions,
  type DrawingOptions,
  type ModelOptions,
  wholeNumber,
} from "./options.ts";

interface GenerateOptions extends ModelOptions, DrawingOptions {
  readonly prompt: string;
  readonly n: number;
  readonly out: string;
}

const BATCH_SIZE = 32;

async function runGenerate(options: GenerateOptions): Promise<void> {
  const { withModel } = await import("./session.ts");
  // Fails before minutes of drawing rather than after.
  await makeFolder(options.out);
  await withModel(options, async ({ model, output }) => {
    const steps = options.steps ?? model.generation.steps;
    const guidanceScale = options.guidance ?? model.generation.guidanceScale;
    const { temperature } = model.generation;
    for (let start = 0; start < options.n; start += BATCH_SIZE) {
      const count = Math.min(BATCH_SIZE, options.n - start);
      const seeds = Array.from({ length: count }, (_, at) => `${options.seed}/${start + at}`);
      const progress = output.startProgress("drawing", steps);
      const codes = await model.drawImages({
        prompts: seeds.map(() => options.prompt),
        seeds,
        guidanceScale,
        temperature,
        steps,
        onStep: ({ step }) => progress.update(step),
      });
      progress.stop();
      const images = await model.decodeImages(codes);
      for (const [at, image] of images.entries()) {
        const path = join(options.out, `${String(start + at).padStart(4, "0")}.png`);
        await writePng(path, image);
        const { prompt } = options;
        const record = {
          command: "generate",
          path,
          prompt,
          seed: seeds[at],
          steps,
          guidanceScale,
          temperature,
        };
        output.result(record, path);
      }
    }
  });
}

/** Adds the `generate` command. */
export function registerGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("draw images from a prompt, as PNG files")
    .requiredOption("--prompt <text>", 'what to draw, e.g. "a photo of a red car"')
    .option("--n <count>", "how many images", wholeNumber(1, 10_000), 1)
    .requiredOption("--out <folder>", "folder for the PNGs; made when missing");
  addModelOptions(addDrawingOptions(command)).action(runGenerate);
}
