import { describe, expect, it } from "vitest";
import { createFileReader } from "./modelFiles.ts";
import type { LoadProgress } from "./ports.ts";

const BASE = "http://site/models/nano/";

function readerOf(answer: () => Response | Promise<Response>) {
  const progress: LoadProgress[] = [];
  const asked: string[] = [];
  const read = createFileReader(
    BASE,
    (event) => progress.push(event),
    async (url) => {
      asked.push(String(url));
      return await answer();
    },
  );
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
