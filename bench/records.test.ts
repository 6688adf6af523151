import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BenchRecord, openRecords, readRecords, recordPath, slugOf, withRecord } from "./records.ts";

function record(suite: string, name: string, load = 1): BenchRecord {
  return {
    suite,
    name,
    shape: { rows: 16 },
    sizes: "small",
    rounds: 5,
    day: "2026-01-02",
    load,
    peakGflops: 8,
    results: [],
  };
}

describe("records", () => {
  it("replace older ones of their benchmark", () => {
    const [old, other, fresh] = [record("a", "x"), record("b", "x"), record("a", "x", 0)];
    expect(withRecord([old, other], fresh)).toEqual([fresh, other]);
    expect(withRecord([other], fresh)).toEqual([other, fresh]);
    const ofModel = { ...fresh, model: "nano" };
    expect(withRecord([old], ofModel)).toEqual([old, ofModel]);
  });

  it("lie under the adapter's name unless a file is named", () => {
    expect(slugOf("NVIDIA (hopper) H200, 565.57")).toBe("nvidia-hopper-h200-565-57");
    expect(recordPath("docs/bench", "SwiftShader Device")).toBe(
      join("docs/bench", "swiftshader-device.json"),
    );
    expect(recordPath("here.json", "SwiftShader Device")).toBe("here.json");
  });
});

describe("a file of records", () => {
  const folder = mkdtempSync(join(tmpdir(), "unirl-records-"));
  const header = { adapter: "A GPU", isSoftware: false, machine: "a machine" };

  it("grows record by record, whoever adds to it", async () => {
    const [one, two] = [await openRecords(folder, header), await openRecords(folder, header)];
    await one(record("a", "x"));
    await two(record("a", "y"));
    await one(record("a", "x", 7));
    const path = join(folder, "a-gpu.json");
    expect(readRecords(path)).toEqual({ ...header, records: [record("a", "x", 7), record("a", "y")] });
    expect(readFileSync(path, "utf8").endsWith("}\n")).toBe(true);
  });

  it("refuses figures of another adapter, and what holds none", async () => {
    const path = join(folder, "other.json");
    writeFileSync(path, JSON.stringify({ adapter: "another GPU", records: [] }));
    await expect(openRecords(path, header)).rejects.toMatchObject({
      code: "badInput",
      message: expect.stringContaining("figures of another GPU"),
    });
    for (const text of ["no JSON", "{}"]) {
      writeFileSync(path, text);
      await expect(openRecords(path, header)).rejects.toMatchObject({ code: "fileCorrupt" });
    }
    await expect(openRecords(join(path, "folder"), header)).rejects.toMatchObject({ code: "fileUnwritable" });
  });
});
