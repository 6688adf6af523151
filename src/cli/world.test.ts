import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../engine/safetensors/safetensors.ts";
import { parseWorldSpec, worldPreset } from "../engine/world/worldSpec.ts";
import { writeWorld } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "unirl-world-"));
afterAll(() => rmSync(folder, { recursive: true }));

const options = { seed: 3, classes: "nano", split: "train" } as const;
const read = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");

describe("writeWorld", () => {
  it("writes scenes, sprites, tokenizer and world that belong together", () => {
    let counted = 0;
    const sheet = join(folder, "sheet.png");
    writeWorld({ ...options, scenes: 50, out: join(folder, "a"), sheet }, (count) => {
      counted += count;
    });
    expect(counted).toBe(50);
    const world = JSON.parse(read("a", "world.json")) as {
      scenes: number;
      shards: string[];
      words: string[];
    };
    expect(parseWorldSpec(world)).toEqual(worldPreset("nano"));
    expect([world.scenes, world.shards]).toEqual([50, ["scenes-00000.jsonl"]]);
    const { model } = JSON.parse(read("a", "tokenizer.json")) as { model: { vocab: Record<string, number> } };
    expect(Object.keys(model.vocab)).toEqual(["[UNK]", ...world.words, "<|endoftext|>"]);
    const sprites = readSafetensors(new Uint8Array(readFileSync(join(folder, "a", "sprites.safetensors"))));
    expect(sprites.tensors.get("sprites.24")?.shape).toEqual([4, 5, 24, 24, 4]);
    const lines = read("a", "scenes-00000.jsonl").trim().split("\n");
    expect(lines).toHaveLength(50);
    for (const line of lines) {
      const scene = JSON.parse(line) as { b: number; o: number[][]; t: string; p: string; q: string[][] };
      expect(scene.b).toBeLessThan(2);
      expect(scene.p).toMatch(/^a photo of /);
      expect(scene.q[0]).toHaveLength(2);
      for (const [name = -1, colour = -1, size = -1] of scene.o) {
        expect([name >= 0 && name < 4, colour >= 0 && colour < 5, [16, 24].includes(size)]).toEqual([
          true,
          true,
          true,
        ]);
      }
    }
    expect([...readFileSync(sheet).subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  });

  it("repeats a seed, and a longer run starts with the shorter one", () => {
    writeWorld({ ...options, scenes: 30, out: join(folder, "b") }, () => undefined);
    writeWorld({ ...options, scenes: 30, seed: 4, out: join(folder, "c") }, () => undefined);
    const lines = (name: string) => read(name, "scenes-00000.jsonl").split("\n").slice(0, 30);
    expect(lines("b")).toEqual(lines("a"));
    expect(lines("c")).not.toEqual(lines("a"));
  });

  it("names a folder that cannot be written", () => {
    writeFileSync(join(folder, "file"), "");
    const out = join(folder, "file", "inside");
    expect(() => writeWorld({ ...options, scenes: 1, out }, () => undefined)).toThrow(
      expect.objectContaining({ code: "fileUnwritable", message: expect.stringContaining(out) }),
    );
  });
});
