/**
 * Downloads the files of a model folder and reports the bytes as they arrive. What has arrived when a download is
 * cancelled or breaks off is kept, and the next one goes on from there.
 */
import { EngineError } from "../engine/errors.ts";
import { sha256 } from "../formats/sha256.ts";
import type { LoadProgress } from "./ports.ts";

/** Progress is worth at most this many messages a second. */
const PROGRESS_EVERY_MS = 100;

export type ReadFile = (path: string) => Promise<Uint8Array>;

/** What has arrived of one file. */
interface Arrived {
  readonly parts: Uint8Array[];
  bytes: number;
  isComplete: boolean;
  /** Names this version of the file to the server; null when a part of it cannot be asked for. */
  readonly validator: string | null;
}

/** Files by URL, whole or in part; the owner clears it when the model is open. */
export type Downloads = Map<string, Arrived>;

export interface ReaderOptions {
  readonly onProgress: (progress: LoadProgress) => void;
  /** Absent: nothing is kept. */
  readonly downloads?: Downloads;
  readonly signal?: AbortSignal;
  readonly load?: typeof fetch;
}

/** One file on its way. */
interface Transfer {
  readonly url: string;
  /** Path within the model's folder, for people. */
  readonly path: string;
  readonly options: Required<Pick<ReaderOptions, "onProgress" | "downloads" | "load">> & ReaderOptions;
}

/**
 * A reader of files below `baseUrl`.
 * @throws EngineError("modelMissing") from the reader when the server has no such file; EngineError("networkFailed")
 *   when it cannot be reached, answers with an error, or breaks off; EngineError("cancelled") after the signal
 */
export function createFileReader(baseUrl: string, options: ReaderOptions): ReadFile {
  const { downloads = new Map(), load = fetch } = options;
  return async (path) => {
    const url = new URL(path, baseUrl).href;
    const transfer = { url, path, options: { ...options, downloads, load } };
    try {
      return await download(transfer);
    } catch (error) {
      if (options.signal?.aborted) {
        throw new EngineError("cancelled", "The download was stopped; what has arrived is kept.", { url });
      }
      if (error instanceof EngineError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError(
        "networkFailed",
        `${path} could not be downloaded: ${reason}. Check the connection and try again.`,
        { url },
        { cause: error },
      );
    }
  };
}

async function download(transfer: Transfer): Promise<Uint8Array> {
  const { url, path, options } = transfer;
  // As a method, the browser's own `fetch` would refuse.
  const { load } = options;
  const before = options.downloads.get(url);
  if (before?.isComplete) {
    options.onProgress(describe(path, before.bytes, before.bytes));
    return join(before);
  }
  const isPartial = before !== undefined && before.bytes > 0 && before.validator !== null;
  const headers = isPartial ? { Range: `bytes=${before.bytes}-`, "If-Range": before.validator } : null;
  const response = await load(url, {
    ...(headers ? { headers: headers as Record<string, string> } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  // Servers of single-page apps answer with the page itself where a file is missing.
  const isPage = response.headers.get("content-type")?.includes("text/html") ?? false;
  if (response.status === 404 || (response.ok && isPage)) {
    throw new EngineError(
      "modelMissing",
      `The model's file ${path} is not on the server. Check the model's name in the address.`,
      { url },
    );
  }
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  // A server that ignores the range, or has another version by now, answers with the whole file.
  const arrived = isPartial && response.status === 206 ? before : beginFile(response);
  options.downloads.set(url, arrived);
  await collect(response, arrived, transfer);
  arrived.isComplete = true;
  return join(arrived);
}

const isPlain = (response: Response): boolean => !response.headers.get("content-encoding");

function beginFile(response: Response): Arrived {
  const { headers } = response;
  const etag = headers.get("etag");
  // A weak tag stands for several byte sequences; parts of a compressed transfer are no parts of the file.
  const strong = etag?.startsWith("W/") ? null : etag;
  const validator = isPlain(response) ? (strong ?? headers.get("last-modified")) : null;
  return { parts: [], bytes: 0, isComplete: false, validator };
}

async function collect(response: Response, arrived: Arrived, { path, options }: Transfer): Promise<void> {
  // The announced length is that of the compressed transfer, so it is a promise only without compression.
  const length = isPlain(response) ? Number(response.headers.get("content-length") ?? 0) : 0;
  const announced = length > 0 ? arrived.bytes + length : 0;
  let reportedMs = performance.now();
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    arrived.parts.push(next.value);
    arrived.bytes += next.value.length;
    if (performance.now() - reportedMs >= PROGRESS_EVERY_MS) {
      reportedMs = performance.now();
      options.onProgress(describe(path, arrived.bytes, announced));
    }
  }
  if (announced > 0 && arrived.bytes < announced) {
    throw new Error(`it broke off after ${arrived.bytes} of ${announced} bytes`);
  }
  options.onProgress(describe(path, arrived.bytes, arrived.bytes));
}

function describe(file: string, loadedBytes: number, announced: number): LoadProgress {
  return { stage: "download", file, loadedBytes, totalBytes: Math.max(announced, loadedBytes) };
}

function join({ parts, bytes }: Arrived): Uint8Array {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Takes the digest of some files as they are read. */
export function digestFiles(
  read: ReadFile,
  wanted: readonly string[],
): {
  readonly read: ReadFile;
  /** SHA-256 as hex of each wanted file, in order; empty for one that was never read. */
  readonly digests: () => Promise<string[]>;
} {
  const taken = new Map<string, Promise<string>>();
  return {
    read: async (path) => {
      const bytes = await read(path);
      if (wanted.includes(path)) taken.set(path, sha256(bytes));
      return bytes;
    },
    digests: () => Promise.all(wanted.map(async (path) => (await taken.get(path)) ?? "")),
  };
}
