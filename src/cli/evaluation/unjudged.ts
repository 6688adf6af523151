/** The suites of `unirl eval` that need no outside judge: understanding, self-reward, reconstruction. */
import type { UnderstandingReport } from "../../engine/index.ts";
import {
  type Bench,
  choosePrompts,
  describeMean,
  describeShare,
  describeTable,
  drawSettings,
  mapValues,
  underProgress,
} from "./bench.ts";

const SHEET_IMAGES = 64;
const SHEET_COLUMNS = 8;
const IMAGES_PER_PROMPT = 2;

function reportUnderstanding(bench: Bench, report: UnderstandingReport): void {
  const { shown, exact, exactByTag, exactUnseen, answers } = report;
  const rows = { all: exact, ...exactByTag, "unseen mixes": exactUnseen };
  const record = { command: "eval", suite: "understanding", shown, exact, exactByTag, exactUnseen };
  const details = bench.options.answers ? { answers } : {};
  bench.output.result(
    { ...record, ...details },
    describeTable(`understanding, exact answers, ${shown} images`, mapValues(rows, describeShare)),
  );
}

/** What the model sees in rendered scenes, in blank ones and in others. */
export async function runUnderstanding(bench: Bench): Promise<void> {
  const { engine, model, scenes } = bench;
  for (const shown of engine.SHOWN_IMAGES) {
    const report = await underProgress(bench, `understanding, ${shown}`, scenes.length, (progress) =>
      engine.evaluateUnderstanding(model, scenes, shown, progress),
    );
    reportUnderstanding(bench, report);
  }
  bench.sheet = { images: scenes.slice(0, SHEET_IMAGES).map(({ image }) => image), columns: SHEET_COLUMNS };
}

/** What the model thinks of its own pictures. */
export async function runSelfReward(bench: Bench): Promise<void> {
  const { engine, model, options, output } = bench;
  const prompts = choosePrompts(bench);
  const settings = { imagesPerPrompt: options.n ?? IMAGES_PER_PROMPT, ...drawSettings(bench) };
  const count = prompts.length * settings.imagesPerPrompt;
  const report = await underProgress(bench, "self-reward", count, (progress) =>
    engine.evaluateSelfReward(model, prompts, { ...settings, ...progress }),
  );
  const { reward, rewardByTag, rewardSeen, rewardUnseen, images } = report;
  const record = { command: "eval", suite: "self", prompts: options.prompts, ...settings };
  const judged = images.map(({ metadata, answer, reward: earned }) => [metadata.prompt, answer, earned]);
  const details = options.answers ? { judged } : {};
  output.result(
    { ...record, reward, rewardByTag, rewardSeen, rewardUnseen, ...details },
    describeTable(
      `self-judged reward, ${options.prompts} prompts, ${settings.imagesPerPrompt} images each, guidance ${settings.guidanceScale}`,
      mapValues({ all: reward, ...rewardByTag, seen: rewardSeen, unseen: rewardUnseen }, describeMean),
    ),
  );
  const shown = bench.engine.pickEvenly(images, SHEET_IMAGES);
  bench.sheet = { images: await model.decodeImages(shown.map(({ codes }) => codes)), columns: SHEET_COLUMNS };
}

/** What the image tokenizer keeps of a picture. */
export async function runReconstruction(bench: Bench): Promise<void> {
  const { engine, model, scenes, options, output } = bench;
  const images = scenes.map(({ image }) => image);
  const report = await underProgress(bench, "reconstruction", images.length, (progress) =>
    engine.evaluateReconstruction(model, images, options.seed, progress),
  );
  const { meanAbsoluteError, decoded } = report;
  output.result(
    { command: "eval", suite: "reconstruction", meanAbsoluteError },
    describeTable("tokenizer round trip", { "mean |error|": describeMean(meanAbsoluteError) }),
  );
  const pairs = images.flatMap((image, at) => [image, decoded[at] ?? image]);
  bench.sheet = { images: pairs.slice(0, SHEET_IMAGES), columns: SHEET_COLUMNS };
}
