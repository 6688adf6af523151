/** Downloads the files of a model folder and reports the bytes as they arrive. */
import { EngineError } from "../engine/errors.ts";
import type { LoadProgress } from "./ports.ts";

/** Progress is worth at most this many messages a second. */
const PROGRESS_EVERY_MS = 100;

export type ReadFile = (path: string) => Promise<Uint8Array>;

/**
 * A reader of files below `baseUrl`.
 * @throws EngineError("modelMissing") from the reader when the server has no such file; EngineError("networkFailed")
 *   when it cannot be reached, answers with an error, or breaks off
 */
export function createFileReader(
  baseUrl: string,
  onProgress: (progress: LoadProgress) => void,
  load: typeof fetch = fetch,
): ReadFile {
  return async (path) => {
    const url = new URL(path, baseUrl).href;
    const failed = (reason: string, cause?: unknown) =>
      new EngineError(
        "networkFailed",
        `${path} could not be downloaded: ${reason}. Check the connection and try again.`,
        { url },
        { cause },
      );
    let response: Response;
    try {
      response = await load(url);
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error), error);
    }
    // Servers of single-page apps answer with the page itself where a file is missing.
    const isPage = response.headers.get("content-type")?.includes("text/html") ?? false;
    if (response.status === 404 || (response.ok && isPage)) {
      throw new EngineError(
        "modelMissing",
        `The model's file ${path} is not on the server. Check the model's name in the address.`,
        { url },
      );
    }
    if (!response.ok) throw failed(`the server answered ${response.status}`);
    try {
      return await collect(response, path, onProgress);
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error), error);
    }
  };
}

async function collect(
  response: Response,
  file: string,
  onProgress: (progress: LoadProgress) => void,
): Promise<Uint8Array> {
  // The announced length is that of the compressed transfer, so it is a promise only without compression.
  const isPlain = !response.headers.get("content-encoding");
  const announced = isPlain ? Number(response.headers.get("content-length") ?? 0) : 0;
  const parts: Uint8Array[] = [];
  let loadedBytes = 0;
  let reportedMs = performance.now();
  const report = (totalBytes: number) =>
    onProgress({ stage: "download", file, loadedBytes, totalBytes: Math.max(totalBytes, loadedBytes) });
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    parts.push(next.value);
    loadedBytes += next.value.length;
    if (performance.now() - reportedMs >= PROGRESS_EVERY_MS) {
      reportedMs = performance.now();
      report(announced);
    }
  }
  if (announced > 0 && loadedBytes < announced) {
    throw new Error(`it broke off after ${loadedBytes} of ${announced} bytes`);
  }
  report(loadedBytes);
  const bytes = new Uint8Array(loadedBytes);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
