/** The command line from outside: exit codes, streams, and what a person reads when something is wrong. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { START_TIMEOUT_MS, unirl } from "./__fixtures__/unirl.ts";
import { makeFolder, readPng, writePng } from "./node/files.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unirl-cli-"));
});

describe("unirl", { timeout: START_TIMEOUT_MS }, () => {
  it("explains itself", async () => {
    const { exitCode, stdout } = await unirl("--help");
    expect(exitCode).toBe(0);
    const measuring = ["eval", "judge", "verify", "bench"];
    const making = ["generate", "answer", "train", "record", "convert", "fake-checkpoint", "world"];
    for (const command of [...measuring, ...making]) {
      expect(stdout).toContain(command);
    }
  });

  it.each([
    [["generate", "--prompt", "x", "--out", "y", "--n", "many"], /whole number/],
    [["eval", "--backend", "abacus"], /Allowed choices are auto, webgpu, wasm, cpu/],
    [["generate", "--prompt", "x"], /--out <folder>/],
    [["paint"], /unknown command/],
  ])("calls %j a usage error", async (args, message) => {
    const { exitCode, stdout, stderr } = await unirl(...args);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });

  it("names a missing model in one line", async () => {
    const out = join(folder, "images");
    const args = ["--backend", "cpu", "--model", "/no/such/model", "--prompt", "x", "--out", out];
    const { exitCode, stdout, stderr } = await unirl("generate", ...args, "--json");
    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.split("\n").filter((line) => line.startsWith("error:")).length).toBe(1);
    expect(stderr).toContain("/no/such/model");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("names the damaged file of a model", async () => {
    await writeFile(join(folder, "config.json"), "{ not json");
    const args = ["--backend", "cpu", "--model", folder, "--suite", "reconstruction"];
    const { exitCode, stderr } = await unirl("eval", ...args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/config\.json is damaged/);
  });

  it("names a folder that cannot be written before any work", async () => {
    const file = join(folder, "a-file");
    await writeFile(file, "");
    const { exitCode, stderr } = await unirl("generate", "--prompt", "x", "--out", join(file, "images"));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Cannot write .*a-file/);
  });

  it("fails a verification without golden numbers", async () => {
    const { exitCode, stderr } = await unirl("verify", "--backend", "cpu", "--golden", join(folder, "none"));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/There is no folder/);
  });
});

describe("PNG files", () => {
  it("come back as they were written, in folders made on the way", async () => {
    const image = { width: 2, height: 1, rgb: Uint8Array.of(1, 2, 3, 250, 251, 252) };
    const path = join(folder, "deep/er/image.png");
    await writePng(path, image);
    expect(await readPng(path)).toEqual(image);
  });

  it("are read as RGB whatever their channels", async () => {
    const path = join(folder, "grey.png");
    await writeFile(
      path,
      encode({ width: 1, height: 1, data: Uint8Array.of(100, 0), channels: 2, depth: 8 }),
    );
    expect([...(await readPng(path)).rgb]).toEqual([255, 255, 255]);
    await writeFile(
      path,
      encode({ width: 1, height: 1, data: Uint16Array.of(257 * 7), channels: 1, depth: 16 }),
    );
    expect([...(await readPng(path)).rgb]).toEqual([7, 7, 7]);
  });

  it("are refused by name when they are none", async () => {
    await expect(readPng(join(folder, "config.json"))).rejects.toMatchObject({ code: "badInput" });
    await expect(makeFolder("/proc/nothing/here")).rejects.toMatchObject({ code: "fileUnwritable" });
  });
});
