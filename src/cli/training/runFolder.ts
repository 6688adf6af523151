/** The folder a training run leaves behind. Every refusal of the system names the path. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode as encodePng } from "fast-png";
import type { RunConfig } from "../../engine/config.ts";
import { EngineError } from "../../engine/errors.ts";
import { exportPeftAdapter, makeContactSheet, type UnifiedModel } from "../../engine/index.ts";
import { onDisk } from "../node/files.ts";
import type { Scores } from "./compare.ts";

const SHEET_IMAGES = 64;
const SHEET = { columns: 8, zoom: 2, gap: 4 };

/** Reads a checkpoint file. @throws EngineError("badInput") naming the path */
export function readCheckpointFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("badInput", `Cannot read the checkpoint ${path} (${reason}). Check --resume.`, {
      path,
    });
  }
}

/** Step of a line of metrics.jsonl; a line that a crash cut off belongs to no step. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as { step: number }).step;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Writes one run's files; without a folder it writes nothing. */
export class RunFolder {
  readonly #folder: string | null;

  /** Makes the folder. @throws EngineError("fileUnwritable") */
  constructor(folder: string | undefined) {
    this.#folder = folder ?? null;
    if (folder !== undefined) onDisk(folder, () => mkdirSync(folder, { recursive: true }));
  }

  /** Replaces a file as a whole, so that a crash leaves the old one. */
  write(name: string, content: Uint8Array | string): void {
    if (this.#folder === null) return;
    const path = join(this.#folder, name);
    onDisk(path, () => {
      writeFileSync(`${path}.part`, content);
      renameSync(`${path}.part`, path);
    });
  }

  /** Begins metrics.jsonl, or goes on after a step: what an interrupted run wrote beyond its checkpoint is made again. */
  openMetrics(finishedSteps: number): void {
    if (this.#folder === null) return;
    const path = join(this.#folder, "metrics.jsonl");
    const lines = finishedSteps > 0 && existsSync(path) ? onDisk(path, () => readFileSync(path, "utf8")) : "";
    const kept = lines.split("\n").filter((line) => stepOf(line) <= finishedSteps);
    this.write("metrics.jsonl", kept.map((line) => `${line}\n`).join(""));
  }

  /** Adds a record to metrics.jsonl. */
  appendMetrics(record: unknown): void {
    if (this.#folder === null) return;
    const path = join(this.#folder, "metrics.jsonl");
    onDisk(path, () => appendFileSync(path, `${JSON.stringify(record)}\n`));
  }

  /** Contact sheet of the first images of a scoring, as PNG. */
  async writeSheet(name: string, model: UnifiedModel, { selfRewards }: Scores): Promise<void> {
    const drawn = selfRewards[0]?.images.slice(0, SHEET_IMAGES) ?? [];
    if (this.#folder === null || drawn.length === 0) return;
    const images = await model.decodeImages(drawn.map(({ codes }) => codes));
    const { width, height, rgb } = makeContactSheet(images, SHEET);
    this.write(name, encodePng({ width, height, data: rgb, channels: 3, depth: 8 }));
  }

  /** The adapter as a PEFT folder's two files. */
  async writeAdapter(model: UnifiedModel, config: RunConfig): Promise<void> {
    if (this.#folder === null) return;
    const adapter = await exportPeftAdapter(model, config);
    this.write("adapter_model.safetensors", adapter.weights);
    this.write("adapter_config.json", `${JSON.stringify(adapter.config, null, 2)}\n`);
  }
}
