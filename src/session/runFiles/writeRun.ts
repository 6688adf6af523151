/** A stored run as one zip that says all there is to say about it. */
import { decodeCheckpoint, peftOfCheckpoint } from "../../engine/index.ts";
import { packArchive } from "../../formats/archive.ts";
import { encodeText } from "../../formats/bytes.ts";
import { fileStem } from "../../formats/fileName.ts";
import { type MetricRow, writeCsv, writeJsonLines } from "../../formats/metricsText.ts";
import { PROGRAM } from "../../formats/program.ts";
import { encodeRgb } from "../../formats/rgbPng.ts";
import type { StoredRun } from "../../storage/runRecord.ts";
import { writeCard } from "./runCard.ts";
import { NAMES, RUN_FORMAT, type RunFile, thumbnailName } from "./runFile.ts";

/** A file to hand over. */
export interface RunArchive {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const writeJson = (value: unknown): Uint8Array => encodeText(`${JSON.stringify(value, null, 2)}\n`);

/** The history with the step each entry is of: it ends with the last finished one. */
export function numberSteps({ history, step }: Pick<StoredRun["record"], "history" | "step">): MetricRow[] {
  return history.map((values, at) => ({ step: step - history.length + 1 + at, values }));
}

function describeRun({ record, filmstrip }: StoredRun, modelSha256: string | null): RunFile {
  const { modelId, preset, config, step, createdAtMs, savedAtMs, changes } = record;
  return {
    program: PROGRAM.version,
    model: { id: modelId, sha256: modelSha256 },
    preset,
    config,
    step,
    createdAtMs,
    savedAtMs,
    changes,
    filmstrip: filmstrip.map((frame) => ({
      step: frame.step,
      row: frame.row,
      prompt: frame.prompt,
      seed: frame.seed,
      file: thumbnailName(frame.row, frame.step),
    })),
  };
}

/** What happened when, in order of steps; one JSON object a line. */
function listEvents({ record, filmstrip }: StoredRun): string {
  const { createdAtMs, savedAtMs, preset, config, changes, step } = record;
  const drawn = [...new Set(filmstrip.map((frame) => frame.step))];
  const events = [
    { step: 0, event: "runStarted", atMs: createdAtMs, preset, seed: config.seed },
    ...changes.map(({ step: changedAt, keys }) => ({ step: changedAt, event: "settingsChanged", keys })),
    ...drawn.map((drawnAt) => ({ step: drawnAt, event: "filmstripDrawn" })),
    { step, event: "runExported", atMs: savedAtMs },
  ];
  const ordered = events.toSorted((a, b) => a.step - b.step);
  return ordered.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/**
 * Packs a run.
 * @param modelSha256 of the model's weights, where known
 * @throws EngineError("checkpointCorrupt" | "checkpointMismatch") when the run's own checkpoint is not whole
 */
export async function writeRun(run: StoredRun, modelSha256: string | null): Promise<RunArchive> {
  const { record, filmstrip, bytes } = run;
  const { modelId, preset, step, savedAtMs } = record;
  const { seed } = record.config;
  const adapter = peftOfCheckpoint(await decodeCheckpoint(bytes));
  const rows = numberSteps(record);
  const { format, version } = RUN_FORMAT;
  const lines = [...writeJsonLines(rows, { modelId, preset, seed })].join("");
  const files = new Map<string, Uint8Array>([
    [NAMES.card, encodeText(writeCard(run))],
    [NAMES.run, writeJson({ format, version, ...describeRun(run, modelSha256) })],
    [NAMES.events, encodeText(listEvents(run))],
    [NAMES.metricsLines, encodeText(lines)],
    [NAMES.metricsTable, encodeText([...writeCsv(rows)].join(""))],
    [NAMES.adapter, adapter.weights],
    [NAMES.adapterConfig, writeJson(adapter.config)],
    [NAMES.checkpoint, bytes],
    ...filmstrip.map(
      ({ row, step: drawnAt, image }) => [thumbnailName(row, drawnAt), encodeRgb(image)] as const,
    ),
  ]);
  return {
    fileName: `${fileStem({ modelId, preset, seed, step })}.zip`,
    bytes: await packArchive(files, savedAtMs),
  };
}
