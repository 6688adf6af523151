import { describe, expect, it } from "vitest";
import { mergeParts } from "./loadingParts.ts";

const TARGET = {
  id: "tiny",
  title: "Tiny",
  bytes: 160,
  parts: [
    { name: "config.json", bytes: 10 },
    { name: "model.safetensors", bytes: 100 },
    { name: "judge", bytes: 50 },
  ],
  hasJudge: true,
};

describe("mergeParts", () => {
  it("lists every part from the beginning, and the judge's files as one", () => {
    const loaded = (files: Parameters<typeof mergeParts>[1]) =>
      mergeParts(TARGET, files).map(({ name, loadedBytes }) => [name, loadedBytes]);
    expect(loaded([])).toEqual([
      ["config.json", 0],
      ["model.safetensors", 0],
      ["judge", 0],
    ]);
    const file = (name: string, loadedBytes: number) => ({ file: name, loadedBytes, totalBytes: 100 });
    const files = [file("model.safetensors", 40), file("judge/config.json", 5), file("judge/a.bin", 20)];
    expect(loaded([...files, file("unlisted", 7)])).toEqual([
      ["config.json", 0],
      ["model.safetensors", 40],
      ["judge", 25],
    ]);
  });
});
