/** Benchmarks from outside: what is told, and what is kept. */
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { START_TIMEOUT_MS, unirl } from "./__fixtures__/unirl.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unirl-bench-"));
});

const DRAWING = [
  "bench",
  "--backend",
  "wasm",
  "--model",
  "public/models/nano",
  "--suite",
  "drawing",
  "--rounds",
  "1",
];

describe("unirl bench", { timeout: START_TIMEOUT_MS }, () => {
  it("measures drawing on wasm, and keeps the figures under the adapter's name", async () => {
    const { exitCode, stdout } = await unirl(...DRAWING, "--json", "--out", folder);
    expect(exitCode).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      command: "bench",
      suite: "drawing",
      adapter: "WebAssembly on the CPU",
      sizes: "small",
      shape: { images: 2, steps: 2, tokens: 16 },
      results: [{ name: "tfjs wasm", perSecond: expect.any(Number) }],
    });
    const [result] = told.results;
    expect(result.perSecond).toBeCloseTo((2 * 16 * 1000) / result.medianMs, 6);
    expect(await readdir(folder)).toEqual(["webassembly-on-the-cpu.json"]);
    const kept = JSON.parse(await readFile(join(folder, "webassembly-on-the-cpu.json"), "utf8"));
    expect(kept.records).toHaveLength(1);
    expect(told).toMatchObject(kept.records[0]);
  });

  it("says so where a suite needs a GPU that does not run", async () => {
    const { exitCode, stdout, stderr } = await unirl("bench", "--backend", "wasm", "--suite", "peers");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toContain("peers: needs WebGPU, and wasm runs.");
  });
});
