import { describe, expect, it } from "vitest";
import { createFileReader, type Downloads } from "./modelFiles.ts";
import type { LoadProgress } from "./ports.ts";

const BASE = "http://site/models/nano/";

function readerOf(answer: () => Response | Promise<Response>) {
  const progress: LoadProgress[] = [];
  const asked: string[] = [];
  const read = createFileReader(BASE, {
    onProgress: (event) => progress.push(event),
    load: async (url) => {
      asked.push(String(url));
      return await answer();
    },
  });
  return { read, progress, asked };
}

describe("createFileReader", () => {
  it("reads a file below the base and ends with its full size", async () => {
    const { read, progress, asked } = readerOf(
      () => new Response(new Uint8Array([1, 2, 3]), { headers: { "content-length": "3" } }),
    );
    expect(Array.from(await read("config.json"))).toEqual([1, 2, 3]);
    expect(asked).toEqual([`${BASE}config.json`]);
    expect(progress.at(-1)).toEqual({
      stage: "download",
      file: "config.json",
      loadedBytes: 3,
      totalBytes: 3,
    });
  });

  it.each([
    ["a 404", () => new Response("", { status: 404 }), "modelMissing"],
    [
      "the page in place of the file",
      () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
      "modelMissing",
    ],
    ["a server error", () => new Response("", { status: 503 }), "networkFailed"],
    ["no connection", () => Promise.reject(new TypeError("Failed to fetch")), "networkFailed"],
    [
      "a transfer that breaks off",
      () => new Response(new Uint8Array(2), { headers: { "content-length": "9" } }),
      "networkFailed",
    ],
  ])("names the file on %s", async (_name, answer, code) => {
    const { read } = readerOf(answer);
    await expect(read("model.safetensors")).rejects.toMatchObject({
      code,
      message: expect.stringContaining("model.safetensors"),
    });
  });
});

/** A server of one file that sends it in two parts and obeys ranges; `hold` keeps the second part back. */
function createServer(file: Uint8Array<ArrayBuffer>, etag: string, hold: Promise<void> | null) {
  const ranges: (string | null)[] = [];
  const load: typeof fetch = async (_url, init) => {
    const headers = new Headers(init?.headers);
    ranges.push(headers.get("range"));
    const isPart = headers.get("if-range") === etag;
    const from = isPart ? Number(/bytes=(\d+)-/.exec(headers.get("range") ?? "")?.[1]) : 0;
    const rest = file.slice(from);
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        init?.signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
        controller.enqueue(rest.slice(0, 2));
        await hold;
        controller.enqueue(rest.slice(2));
        controller.close();
      },
    });
    return new Response(body, {
      status: isPart ? 206 : 200,
      headers: { etag, "content-length": String(rest.length) },
    });
  };
  return { load, ranges };
}

describe("a cancelled download", () => {
  const file = Uint8Array.from([1, 2, 3, 4, 5]);

  async function cancel(downloads: Downloads) {
    const controller = new AbortController();
    const { load } = createServer(file, '"v1"', new Promise(() => undefined));
    const read = createFileReader(BASE, { onProgress: () => {}, downloads, load, signal: controller.signal });
    const reading = read("model.safetensors");
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
  }

  async function goOn(downloads: Downloads, etag: string) {
    const { load, ranges } = createServer(file, etag, null);
    const progress: LoadProgress[] = [];
    const onProgress = (event: LoadProgress) => progress.push(event);
    const bytes = await createFileReader(BASE, { onProgress, downloads, load })("model.safetensors");
    return { bytes: Array.from(bytes), ranges, last: progress.at(-1) };
  }

  it("keeps what came, and goes on from there", async () => {
    const downloads: Downloads = new Map();
    await cancel(downloads);
    const resumed = await goOn(downloads, '"v1"');
    expect(resumed).toMatchObject({ bytes: [1, 2, 3, 4, 5], ranges: ["bytes=2-"] });
    expect(resumed.last).toMatchObject({ loadedBytes: 5, totalBytes: 5 });
    // A file that is there is not asked for again.
    expect(await goOn(downloads, '"v1"')).toMatchObject({ bytes: [1, 2, 3, 4, 5], ranges: [] });
  });

  it("begins again when the server has another version by now", async () => {
    const downloads: Downloads = new Map();
    await cancel(downloads);
    expect(await goOn(downloads, '"v2"')).toMatchObject({ bytes: [1, 2, 3, 4, 5], ranges: ["bytes=2-"] });
  });
});
