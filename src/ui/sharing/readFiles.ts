/** Opens files from outside: what each is, and what the page does with it. Loaded when first needed. */
import { EngineError } from "../../engine/errors.ts";
import { MAX_FILE_BYTES } from "../../formats/archive.ts";
import { decodeText } from "../../formats/bytes.ts";
import { findKind } from "../../formats/fileKind.ts";
import { parseJsonLines } from "../../formats/metricsText.ts";
import { readText } from "../../formats/pngText.ts";
import { PNG_KEYWORD, parseSharedConfig, type SharedConfig } from "../../formats/sharedConfig.ts";
import type { ActionContext } from "../actions/action.ts";
import { saidComparing } from "../text/imports.ts";
import { formatBytes } from "../text/numbers.ts";
import { toColumns } from "./metricRows.ts";
import type { Comparison } from "./sharingStore.ts";

interface ReadFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a file turned out to be. */
export type Found =
  | { readonly kind: "config"; readonly shared: SharedConfig }
  | { readonly kind: "comparison"; readonly comparison: Comparison }
  /** A run, for the worker to look into. */
  | { readonly kind: "run"; readonly files: ReadFile[] };

function unknown(name: string, reason: string): EngineError {
  return new EngineError("fileUnknown", `${name} cannot be opened: ${reason}`, { name });
}

function readPicture({ name, bytes }: ReadFile): Found {
  const text = readText(bytes, PNG_KEYWORD);
  if (text !== null) return { kind: "config", shared: parseSharedConfig(text) };
  throw unknown(name, "this picture carries no settings. Those that this page saves do.");
}

function readMetrics({ name, bytes }: ReadFile): Found {
  const text = decodeText(bytes);
  if (text === null) throw unknown(name, "it is not text.");
  const { rows } = parseJsonLines(text);
  if (rows.length === 0) throw unknown(name, "it holds no finished step to compare with.");
  return { kind: "comparison", comparison: { name, columns: toColumns(rows) } };
}

/**
 * Tells what was opened.
 * @throws EngineError("fileUnknown" | "fileCorrupt" | "fileTooNew" | "fileTooLarge")
 */
export function identify(files: readonly ReadFile[]): Found {
  const [first] = files;
  if (!first) throw new EngineError("fileUnknown", "Nothing was opened.");
  const kinds = files.map(({ bytes }) => findKind(bytes));
  if (files.length > 1) {
    if (kinds.includes("tensors") && files.length === 2) return { kind: "run", files: [...files] };
    throw new EngineError(
      "fileUnknown",
      "Open one file at a time, or an adapter together with its adapter_config.json.",
    );
  }
  switch (kinds[0]) {
    case "picture":
      return readPicture(first);
    case "lines":
      return readMetrics(first);
    case "archive":
    case "tensors":
      return { kind: "run", files: [first] };
    case "json":
      throw unknown(first.name, "open it together with the adapter it belongs to.");
    default:
      throw unknown(
        first.name,
        "it is no run (zip), checkpoint or adapter (safetensors), picture of this page (PNG) or metrics (JSON Lines).",
      );
  }
}

async function load(files: readonly File[]): Promise<ReadFile[]> {
  const sizeBytes = files.reduce((sum, { size }) => sum + size, 0);
  if (sizeBytes > MAX_FILE_BYTES) {
    throw new EngineError(
      "fileTooLarge",
      `This is ${formatBytes(sizeBytes)}; the page opens up to ${formatBytes(MAX_FILE_BYTES)}.`,
      { sizeBytes, limitBytes: MAX_FILE_BYTES },
    );
  }
  try {
    return await Promise.all(
      files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    );
  } catch (cause) {
    const name = files.map((file) => file.name).join(", ");
    // A folder was dropped, or the file was moved or changed since.
    throw new EngineError("fileUnknown", `${name} cannot be read by the browser.`, { name }, { cause });
  }
}

/** Opens files and shows what is to be done with them. @throws what `identify` throws */
export async function readFiles({ page, sharing }: ActionContext, files: readonly File[]): Promise<void> {
  const found = identify(await load(files));
  switch (found.kind) {
    case "config":
      sharing.store.setState({ notice: { kind: "configFound", shared: found.shared } });
      break;
    case "comparison":
      sharing.store.setState({
        notice: { kind: "done", words: saidComparing(found.comparison.name) },
        comparison: found.comparison,
      });
      break;
    case "run": {
      const { session, stores } = page.live;
      // A run is stored for the model that is open; the worker takes commands in their order.
      if (stores.run.getState().opening === "idle") await session.open();
      // Answered by `runImported` or `importRefused`.
      session.send({ type: "importRun", files: found.files });
      break;
    }
    default:
      found satisfies never;
  }
}
