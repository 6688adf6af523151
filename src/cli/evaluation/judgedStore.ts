/** Judged images on disk: what --out keeps, so that a stopped evaluation goes on where it was. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { JudgedHeader, ObjectDetector, StoredImage } from "../../engine/index.ts";
import { folderReader, makeFolder, onDisk } from "../node/files.ts";
import { type Bench, drawSettings } from "./bench.ts";

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What decides the images of this evaluation and their verdicts. */
export async function describeContest(bench: Bench, detector: ObjectDetector): Promise<JudgedHeader> {
  const { model, folder, backend, options } = bench;
  const read = folderReader(folder);
  const weights = digest(await read("model.safetensors"));
  return {
    model: model.id,
    // In few bits it is another model.
    weights: options.weights === "f32" ? weights : `${weights} ${options.weights}`,
    tokenizer: digest(await read("vq.safetensors")),
    adapter: options.adapter === undefined ? null : digest(await readFile(options.adapter)),
    judge: detector.id,
    backend,
    prompts: options.prompts,
    ...drawSettings(bench),
  };
}

/** The images of --out, and the way to add to them. Without a path it is empty and forgets. */
export interface JudgedStore {
  readonly images: readonly StoredImage[];
  /** Writes whole lines at once. @throws EngineError("fileUnwritable") */
  append(images: readonly StoredImage[]): void;
}

/**
 * Opens or begins a file of judged images; the torn end of a killed writer is cut off.
 * @throws EngineError("badInput") when the file belongs to another evaluation @throws EngineError("fileUnwritable")
 */
export async function openJudgedStore(
  { engine }: Bench,
  path: string | undefined,
  header: JudgedHeader,
): Promise<JudgedStore> {
  if (path === undefined) return { images: [], append: () => {} };
  await makeFolder(dirname(path));
  const text = existsSync(path) ? onDisk(path, () => readFileSync(path, "utf8")) : "";
  const file = engine.parseJudgedFile({ name: path, text });
  if (file) {
    engine.requireSameHeader(path, file.header, header, "Give another --out, or the options of then.");
    onDisk(path, () => truncateSync(path, Buffer.byteLength(file.wholeText)));
  } else {
    onDisk(path, () => writeFileSync(path, engine.writeJudgedHeader(header)));
  }
  return {
    images: file?.images ?? [],
    append: (images) => {
      onDisk(path, () => appendFileSync(path, images.map(engine.writeJudgedImage).join("")));
    },
  };
}
