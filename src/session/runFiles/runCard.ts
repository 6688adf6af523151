/** The text that goes with an exported run: what it is, how it came about, how to use it, and what it is not. */
import {
  CONFIG_FIELDS,
  type ConfigKey,
  PRESETS,
  type RunConfig,
  runConfigSchema,
} from "../../engine/config.ts";
import { PROGRAM } from "../../formats/program.ts";
import { METRICS, type MetricName } from "../../protocol/record.ts";
import type { StoredRun } from "../../storage/runRecord.ts";
import { NAMES } from "./runFile.ts";

/** Metrics whose beginning and end say most. */
const SHOWN: readonly MetricName[] = ["rewardMean", "judgedMean", "klImage", "klAnswer", "deadGroupShare"];
/** Steps averaged at either end: one step is noise. */
const WINDOW = 10;

function meanOf(history: StoredRun["record"]["history"], name: string): string {
  const values = history.map((row) => row[name]).filter((value) => value !== undefined);
  if (values.length === 0) return "–";
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toPrecision(3);
}

function describeNumbers(history: StoredRun["record"]["history"]): string {
  if (history.length === 0) return "No step has been finished yet.\n";
  const window = Math.min(WINDOW, Math.ceil(history.length / 2));
  const rows = SHOWN.map((name) => {
    const { label, unit } = METRICS[name];
    return `| ${label} (${unit}) | ${meanOf(history.slice(0, window), name)} | ${meanOf(history.slice(-window), name)} |`;
  });
  return [`| | first ${window} steps | last ${window} steps |`, "| --- | --- | --- |", ...rows, ""].join(
    "\n",
  );
}

function describeSettings(preset: string, config: RunConfig): string {
  const base = runConfigSchema.parse(
    Object.hasOwn(PRESETS, preset) ? PRESETS[preset as keyof typeof PRESETS] : {},
  );
  const changed = (Object.keys(CONFIG_FIELDS) as ConfigKey[]).filter((key) => config[key] !== base[key]);
  const list = changed.map((key) => `${CONFIG_FIELDS[key].label} ${config[key]}`).join(", ");
  return `Preset \`${preset}\`${list ? `, with ${list}` : ""}. All settings are in \`${NAMES.run}\`.`;
}

/** Markdown. */
export function writeCard({ record, filmstrip }: StoredRun): string {
  const { modelId, preset, config, step, history, savedAtMs } = record;
  const prompts = [...new Set(filmstrip.map(({ prompt }) => `“${prompt}”`))];
  return `# ${modelId} after ${step} steps of self-rewarded training

A low-rank adapter of the model \`${modelId}\`, trained by ${PROGRAM.name} ${PROGRAM.version} in a browser, saved
${new Date(savedAtMs).toISOString()}. The model drew images from prompts, answered questions about its own images, and
learnt from how right its answers were.

${describeSettings(preset, config)}

${describeNumbers(history)}
The reward is the model's own opinion of its images; the judge is an outside detector of the same small world, from which
nothing was learnt. Neither is a published benchmark.

## Files

- \`${NAMES.adapter}\`, \`${NAMES.adapterConfig}\`: the adapter as PEFT stores it, y += (alpha / r) · x · Aᵀ · Bᵀ.
- \`${NAMES.checkpoint}\`: adapter, optimizer and position, to go on from. Drop it, or the whole zip, on the page.
- \`${NAMES.metricsLines}\`, \`${NAMES.metricsTable}\`: the numbers of every step. \`${NAMES.events}\`: what happened when.
- \`filmstrip/\`: the same prompts with the same seeds, drawn as the model learnt${prompts.length > 0 ? `: ${prompts.join(", ")}` : ""}.
- \`SHA256SUMS\`: checked on import; \`sha256sum -c SHA256SUMS\` checks it anywhere.

## Again

The same settings and seed give the same run on the same kind of backend: seed ${config.seed}. An image of step n is named
by its seed, step, group and place, so that each can be drawn again.

## Limits

The adapter belongs to \`${modelId}\` alone, which draws a small world of emoji on plain backgrounds.
`;
}
