/** `unirl answer`: asks the model about a picture. */
import type { Command } from "commander";
import { EngineError } from "../engine/errors.ts";
import { readPng } from "./node/files.ts";
import { addModelOptions, type ModelOptions, numberBetween, wholeNumber } from "./options.ts";

interface AnswerOptions extends ModelOptions {
  readonly image: string;
  readonly question: string;
  readonly tokens: number;
  readonly temperature?: number;
}

async function runAnswer(options: AnswerOptions): Promise<void> {
  const { withModel } = await import("./session.ts");
  const image = await readPng(options.image);
  await withModel(options, async ({ model, output }) => {
    const { imageSide } = model;
    if (image.width !== imageSide || image.height !== imageSide) {
      throw new EngineError(
        "badInput",
        `${options.image} is ${image.width}×${image.height}; this model reads ${imageSide}×${imageSide}. Resize it first.`,
        { width: image.width, height: image.height, imageSide },
      );
    }
    const images = await model.encodeImages([image]);
    const sampling =
      options.temperature === undefined
        ? {}
        : { sampling: { temperature: options.temperature, seeds: [String(options.seed)] } };
    const { question, tokens: maxTokens } = options;
    const [answer] = await model.answerQuestions({ images, questions: [question], maxTokens, ...sampling });
    const text = answer?.text ?? "";
    const logProb = answer?.logProbs.reduce((sum, value) => sum + value, 0) ?? 0;
    const record = { command: "answer", image: options.image, question, answer: text };
    output.result({ ...record, probability: Math.exp(logProb) }, text);
  });
}

/** Adds the `answer` command. */
export function registerAnswer(program: Command): void {
  const command = program
    .command("answer")
    .description("ask the model about a picture")
    .requiredOption("--image <file>", "PNG of the model's own size")
    .requiredOption("--question <text>", 'e.g. "How many items in this image?"')
    .option("--tokens <count>", "longest answer", wholeNumber(1, 256), 20)
    .option("--temperature <value>", "sample the answer (default: greedy)", numberBetween(0.1, 4));
  addModelOptions(command).action(runAnswer);
}
