/** `unirl train`: improves a model on its own images, by GRPO or by SFT, and proves the gain on prompts it never trained on. */
import { type Command, Option } from "commander";
import { PRESETS } from "../engine/config.ts";
import { readSprites } from "./node/files.ts";
import { openShippedJudge } from "./openJudge.ts";
import { addModelOptions, wholeNumber } from "./options.ts";
import { collectSetting, type TrainOptions } from "./training/trainOptions.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A record as one line for a person. */
function toSentence({ type, step, ...rest }: Fields): string {
  const number = (value: unknown) => (typeof value === "number" ? value.toFixed(3) : "–");
  if (type === "stepFinished") {
    const { rewardMean, klImage, deadGroupShare, stepSeconds } = rest;
    return `step ${step}: reward ${number(rewardMean)}, image KL ${number(klImage)}, dead groups ${number(deadGroupShare)}, ${number(stepSeconds)} s`;
  }
  const numbers = JSON.stringify({ ...rest, config: undefined });
  return `${type === "evaluated" ? "scores" : "result"} at step ${step}: ${numbers}`;
}

async function runTrain(options: TrainOptions): Promise<void> {
  const { withModel } = await import("./session.ts");
  const engine = await import("../engine/index.ts");
  const { readWorld } = await import("./eval.ts");
  const { startProgress } = await import("./training/progress.ts");
  const { runTraining } = await import("./training/trainSession.ts");
  await withModel(options, async ({ model, folder, output }) => {
    const sprites = engine.openSprites(await readSprites(), await readWorld(engine, folder));
    engine.breatheOnReads(() => new Promise((resolve) => setImmediate(resolve)));
    const controller = new AbortController();
    const stop = () => controller.abort();
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    const detector = options.judge === undefined ? null : await openShippedJudge(engine, options.judge);
    const progress = startProgress(options.steps);
    try {
      const report = (record: Fields) => output.result({ command: "train", ...record }, toSentence(record));
      const { signal } = controller;
      if (
        await runTraining({
          model,
          detector,
          sprites,
          options,
          signal,
          progress,
          report,
          warn: output.log,
          say: output.log,
        })
      )
        return;
      const where = options.out ? ` Go on with --resume ${options.out}/checkpoint.safetensors.` : "";
      output.log(`Stopped after the last finished step.${where}`);
    } finally {
      progress.stop();
      detector?.dispose();
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    }
  });
}

/** Adds the `train` command. */
export function registerTrain(program: Command): void {
  const command = program
    .command("train")
    .description(
      "let a model improve itself by GRPO or SFT, and score it before and after on held-out prompts",
    )
    .addOption(
      new Option("--preset <name>", "starting point").choices(Object.keys(PRESETS)).default("robust"),
    )
    .option("--steps <count>", "finished steps to reach", wholeNumber(0), 100)
    .option("--set <key=value>", "change one setting; may be repeated", collectSetting, {})
    .addOption(
      new Option("--prompts <list>", "held-out prompts to score on; tune on validation, prove on test")
        .choices(["validation", "test"])
        .default("validation"),
    )
    .option("--eval-prompts <count>", "images scored before and after; 0: none", wholeNumber(0), 400)
    .option("--eval-scenes <count>", "real scenes asked about before and after", wholeNumber(0), 480)
    .option(
      "--eval-every <steps>",
      "also score every so many steps; 0: only before and after",
      wholeNumber(0),
      0,
    )
    .option("--judge <folder>", "detector that judges the scored images too, as public/models/judge-tiny")
    .option("--out <folder>", "folder for adapter, checkpoint, metrics and contact sheets")
    .option("--resume <file>", "go on from a checkpoint; it keeps its own seed");
  addModelOptions(command).action(runTrain);
}
