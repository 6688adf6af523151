import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { OURS, STOCK } from "../names.ts";
import type { BenchFile, BenchRecord } from "../records.ts";
import { benchPlots, benchSection, replaceSections } from "./document.ts";
import { makeReport } from "./report.ts";
import { programLists, resultTable } from "./results.ts";
import { formatBytes, formatNumber, formatShare, markdownTable, withoutEmptyColumns } from "./table.ts";

const counts = { dispatches: 12, submits: 2, readbacks: 1, readbackBytes: 64 };
const timed = (name: string, medianMs: number, more = {}) => ({
  name,
  medianMs,
  roundsMs: [medianMs],
  times: 1,
  ...more,
});

function record(suite: string, name: string, more: Partial<BenchRecord> = {}): BenchRecord {
  return {
    suite,
    name,
    shape: { rows: 16 },
    sizes: "small",
    rounds: 5,
    day: "2026-01-02",
    load: 3.4,
    peakGflops: 8,
    results: [
      timed(OURS, 20, { gflops: 2, counts, gpuBytes: 2 ** 20 }),
      timed(STOCK, 90, { gflops: 0.444, counts: { ...counts, dispatches: 48 }, difference: 2e-6 }),
    ],
    ...more,
  };
}

const FILE: BenchFile = {
  adapter: "Vendor GPU 9000",
  isSoftware: false,
  machine: "a machine",
  records: [
    record("kernels", "layer norm"),
    record("peers", "product", {
      results: [timed(OURS, 20), timed("peer", 50), { name: "late", refused: "no such device" }],
    }),
    record("step", "GRPO step", { finishes: "images" }),
    record("counts", "GRPO step", {
      model: "nano in int4",
      rounds: 0,
      results: [
        { name: OURS, counts, programs: { rowNorm: 8, adamW: 4 } },
        { name: STOCK, counts: { ...counts, dispatches: 48 }, programs: { MatMulPackedProgram: 48 } },
      ],
    }),
    record("growth", "64", { axis: "rows", shape: { rows: 64, width: 8 } }),
    record("growth", "16", { axis: "rows", shape: { rows: 16, width: 8 } }),
  ],
};

describe("tables", () => {
  it("line up, the first column to the left", () => {
    expect(
      markdownTable(
        ["op", "ms"],
        [
          ["norm", "1.5"],
          ["a", "1,000"],
        ],
      ),
    ).toBe(["| op   |    ms |", "| ---- | ----: |", "| norm |   1.5 |", "| a    | 1,000 |"].join("\n"));
  });

  it("leave out columns that say nothing", () => {
    expect(
      withoutEmptyColumns(
        ["", "a", "b"],
        [
          ["x", "", "1"],
          ["y", "", ""],
        ],
      ),
    ).toEqual({
      headers: ["", "b"],
      rows: [
        ["x", "1"],
        ["y", ""],
      ],
    });
  });

  it("show three digits that count", () => {
    expect([1234.5, 99.94, 1.2345, 0.01234, 0, Number.NaN].map(formatNumber)).toEqual([
      "1,235",
      "99.9",
      "1.23",
      "0.0123",
      "0",
      "?",
    ]);
    expect([0.0512, 0.5].map(formatShare)).toEqual(["5.1 %", "50 %"]);
    expect(formatBytes(3 * 2 ** 19)).toBe("1.5 MiB");
  });
});

describe("results", () => {
  it("stand beside the first, with share of the peak", () => {
    const [, , ours, stock] = resultTable(record("kernels", "layer norm")).split("\n");
    expect(ours?.split("|").map((cell) => cell.trim())).toEqual([
      "",
      OURS,
      "20",
      "1",
      "2",
      "25 %",
      "12",
      "2",
      "1",
      "64",
      "1 MiB",
      "",
      "",
    ]);
    expect(stock).toMatch(/\| +4\.5 \|/);
    expect(stock).toContain("2e-6");
  });

  it("say why a contender was not timed", () => {
    const refused = { name: "peer", refused: "no such device" };
    expect(resultTable(record("peers", "product", { results: [timed(OURS, 1), refused] }))).toContain(
      "peer: not timed, no such device",
    );
  });
});

describe("an adapter's section", () => {
  const section = benchSection(FILE, "img");

  it("names adapter, machine and peak, and has every suite", () => {
    expect(section).toContain("### Vendor GPU 9000\n");
    expect(section).toContain("a machine; small sizes; 5 rounds; load average 3; 2026-01-02.");
    const titles = ["Op by op", "Beside other libraries", "The whole thing"];
    for (const title of [...titles, "What is asked of the GPU, counted", "How cost grows"])
      expect(section).toContain(`#### ${title}`);
    expect(benchSection({ ...FILE, isSoftware: true }, "img")).toContain("ratios only");
  });

  it("tells others as multiples of ours, and who was not timed", () => {
    expect(section).toContain("×4.5");
    expect(section).toContain("×2.5");
    expect(section).toContain("- product, late: no such device");
  });

  it("tells what was counted, and how ours compare", () => {
    const row = section.split("\n").find((line) => line.includes("nano in int4, rows 16; small"));
    expect(row).toMatch(/\| +12 \| +48 \| +25 % \| +1 \| +1 \| +64 \| +64 \|$/);
    const [counted] = FILE.records.filter(({ suite }) => suite === "counts");
    expect(programLists(counted as BenchRecord)[0]).toBe(`${OURS}: rowNorm 8, adamW 4`);
  });

  it("keeps the curves of two models apart", () => {
    const point = (model: string, rows: number) =>
      record("growth", `${rows}`, { model, axis: "rows", shape: { rows } });
    const records = [point("nano", 1), point("tiny", 1), point("nano", 2), point("tiny", 2)];
    const plots = benchPlots({ ...FILE, records }).map(({ file }) => file);
    expect(plots).toEqual(["bench-vendor-gpu-9000-rows-nano.svg", "bench-vendor-gpu-9000-rows-tiny.svg"]);
  });

  it("draws a curve in the order of what grows", () => {
    const [plot, ...others] = benchPlots(FILE);
    expect(others).toEqual([]);
    expect(plot?.file).toBe("bench-vendor-gpu-9000-rows.svg");
    expect(section).toContain("(img/bench-vendor-gpu-9000-rows.svg)");
    expect(section.indexOf("| 16 ")).toBeLessThan(section.indexOf("| 64 "));
    expect(section.indexOf("| 16 ")).toBeGreaterThan(0);
  });
});

describe("the document", () => {
  it("keeps what stands around the block", () => {
    const document =
      "before\n<!-- bench: begin, written by npm run bench:report -->\nold\n<!-- bench: end -->\nafter\n";
    const written = replaceSections(document, ["### A\n", "### B"]);
    expect(written).toBe(
      "before\n<!-- bench: begin, written by npm run bench:report -->\n\n### A\n\n### B\n\n<!-- bench: end -->\nafter\n",
    );
    expect(replaceSections(written, ["### A", "### B"])).toBe(written);
    expect(() => replaceSections("no block", [])).toThrow("no block");
  });
});

describe("the repository's documents", () => {
  it("say what docs/bench holds: after measuring, npm run bench:report", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const written = makeReport(root);
    expect(written.length).toBeGreaterThan(0);
    for (const { path, text } of written) expect(readFileSync(join(root, path), "utf8")).toBe(text);
  });
});
