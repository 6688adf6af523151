/** `unirl judge`: GenEval's verdicts and scores on detections made elsewhere. */
import type { Command } from "commander";
import type { DetectedImage, PromptList, Reason, ScoredImage, WorldSpec } from "../engine/index.ts";
import { readWorld } from "./eval.ts";
import { scoresRecord, scoresText } from "./evaluation/scores.ts";
import { findModelFolder, readText } from "./node/files.ts";
import { addReportOptions, type CommonOptions } from "./options.ts";
import { createOutput, type Output } from "./output.ts";

type Engine = typeof import("../engine/index.ts");

interface JudgeOptions extends Omit<CommonOptions, "backend"> {
  readonly detections: string;
  readonly metadata?: string;
  readonly world?: string;
}

/** One image of the file: judged, or skipped for what the world lacks. */
type Outcome = DetectedImage &
  (
    | { readonly verdict: "correct" | "wrong"; readonly reasons: readonly Reason[] }
    | { readonly verdict: "skipped"; readonly lacks: string }
  );

/** A prompt that is not scored, and why. */
interface SkippedPrompt {
  readonly prompt: string;
  readonly reason: string;
}

/** Everything the summary is about. */
interface Evidence {
  readonly outcomes: readonly Outcome[];
  readonly list: PromptList | null;
  readonly world: WorldSpec | null;
}

const VERDICT_WIDTH = 9;

function judgeOne(engine: Engine, file: string, image: DetectedImage, world: WorldSpec | null): Outcome {
  const lacks = world && engine.outsideWorld(image.metadata, world);
  if (lacks) return { ...image, verdict: "skipped", lacks };
  try {
    const { correct, reasons } = engine.judgeImage(image.metadata, image.detections);
    return { ...image, verdict: correct ? "correct" : "wrong", reasons };
  } catch (cause) {
    if (!(cause instanceof engine.EngineError)) throw cause;
    throw engine.lineError(file, image.line, cause.message);
  }
}

function imageRecord(outcome: Outcome): Record<string, unknown> {
  const { line, metadata, verdict } = outcome;
  const head = { command: "judge", line, tag: metadata.tag, prompt: metadata.prompt, verdict };
  if (outcome.verdict === "skipped")
    return { ...head, correct: null, failures: null, reasons: [], skipped: outcome.lacks };
  const { reasons } = outcome;
  return { ...head, correct: reasons.length === 0, failures: reasons.length, reasons };
}

function imageText(outcome: Outcome): string {
  const why =
    outcome.verdict === "skipped" ? outcome.lacks : outcome.reasons.map(({ text }) => text).join("; ");
  return `${outcome.verdict.padEnd(VERDICT_WIDTH)}${outcome.metadata.prompt}${why && `: ${why}`}`;
}

/** Prompts outside the world, of the file and of the list, each once. */
function listSkipped(engine: Engine, { outcomes, list, world }: Evidence): SkippedPrompt[] {
  if (!world) return [];
  const skipped = new Map<string, string>();
  for (const metadata of [...outcomes.map((outcome) => outcome.metadata), ...(list?.records ?? [])]) {
    const reason = engine.outsideWorld(metadata, world);
    if (reason) skipped.set(metadata.prompt, reason);
  }
  return [...skipped].map(([prompt, reason]) => ({ prompt, reason }));
}

/** The summary: scores of what was judged, and what was not. */
function reportSummary(engine: Engine, output: Output, options: JudgeOptions, evidence: Evidence): void {
  const { outcomes, list } = evidence;
  const judged = outcomes.flatMap(({ metadata, verdict }): ScoredImage[] =>
    verdict === "skipped" ? [] : [{ metadata, correct: verdict === "correct" }],
  );
  if (judged.length === 0) process.exitCode = 1;
  const scores = engine.scoreImages(judged, options.seed);
  const skipped = listSkipped(engine, evidence);
  const known = new Set(
    [...outcomes.map(({ metadata }) => metadata), ...skipped].map(({ prompt }) => prompt),
  );
  const undrawn = list?.records.filter(({ prompt }) => !known.has(prompt)).length ?? 0;
  const counts = {
    images: judged.length,
    prompts: scores.overall.count,
    skippedImages: outcomes.length - judged.length,
    promptsWithoutImages: undrawn,
  };
  const notes = [
    skipped.length > 0 ? `skipped prompts: ${skipped.length}, the world has not all they ask for` : "",
    undrawn > 0 ? `prompts of ${options.metadata} without an image: ${undrawn}` : "",
  ].filter((note) => note !== "");
  output.result(
    { command: "judge", suite: "geneval", ...scoresRecord(scores), ...counts, skippedPrompts: skipped },
    judged.length > 0 ? scoresText(scores, notes) : ["No image could be scored.", ...notes].join("\n  "),
  );
}

async function readList(engine: Engine, path: string): Promise<PromptList> {
  return { name: path, records: engine.parseMetadata({ name: path, text: await readText(path) }) };
}

async function runJudge(options: JudgeOptions): Promise<void> {
  const engine = await import("../engine/index.ts");
  const output = createOutput(options.json);
  const world =
    options.world === undefined ? null : await readWorld(engine, await findModelFolder(options.world));
  const list = options.metadata === undefined ? null : await readList(engine, options.metadata);
  const file = { name: options.detections, text: await readText(options.detections) };
  const images = engine.parseDetectionFile(file, list);
  // Everything is judged before the first line: a broken file gives an error and nothing else.
  const outcomes = images.map((image) => judgeOne(engine, file.name, image, world));
  for (const outcome of outcomes) output.result(imageRecord(outcome), imageText(outcome));
  reportSummary(engine, output, options, { outcomes, list, world });
}

/** Adds the `judge` command. */
export function registerJudge(program: Command): void {
  const command = program
    .command("judge")
    .description("judge detections made elsewhere by GenEval's rules")
    .requiredOption(
      "--detections <file>",
      'one image a line: {"metadata", "detections": {class: [{"box", "score", "color"}]}}',
    )
    .option("--metadata <file>", 'list of prompts; a line of detections may then name its "prompt" only')
    .option("--world <folder>", "model or world folder: prompts outside its world are skipped");
  addReportOptions(command).action(runJudge);
}
