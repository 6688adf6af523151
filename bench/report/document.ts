/** An adapter's benchmarks as a section of a document: tables in Markdown, curves as SVG. Pure: records in, text out. */

import { COLOURS, lineChart, type Series } from "../../scripts/lineChart.ts";
import type { GpuCounters } from "../../src/engine/device/gpuLog.ts";
import { OURS, STOCK } from "../names.ts";
import { type BenchFile, type BenchRecord, COUNTS, slugOf } from "../records.ts";
import { describeShape, isCounted, measuredOf, resultTable } from "./results.ts";
import { formatBytes, formatNumber, formatShare, markdownTable, withoutEmptyColumns } from "./table.ts";

/** What grows, and what is measured while it does. */
const AXES: Readonly<Record<string, string>> = {
  rows: "rows of one layer in int4, forward and backward",
  width: "width of one layer in int4, forward and backward",
  groupSize: "images in a group, one GRPO step",
  tokens: "image tokens, drawing",
};

/** A chart and its file's name. */
export interface Plot {
  readonly file: string;
  readonly svg: string;
}

const ofSuite = ({ records }: BenchFile, suite: string) => records.filter((record) => record.suite === suite);

/** How many times longer than ours, per contender of the suite; a dash for one that was not timed. */
function ratioCells(record: BenchRecord, others: readonly string[]): string[] {
  const ours = measuredOf(record, OURS);
  return others.map((name) => {
    const result = record.results.find((candidate) => candidate.name === name);
    if (!result) return "";
    return ours && "medianMs" in result ? `×${formatNumber(result.medianMs / ours.medianMs)}` : "–";
  });
}

/** One row a benchmark: ours in milliseconds, the others as multiples of it. */
function comparison(records: readonly BenchRecord[]): string {
  const names = new Set(records.flatMap(({ results }) => results.map(({ name }) => name)));
  const others = [...names].filter((name) => name !== OURS);
  const headers = ["", "ours, ms", ...others, "ours, GFLOP/s", "of peak", "dispatches: ours", "stock"];
  const rows = records.map((record) => {
    const ours = measuredOf(record, OURS);
    const stock = measuredOf(record, STOCK);
    const { gflops } = ours ?? {};
    return [
      record.name,
      ours ? formatNumber(ours.medianMs) : "–",
      ...ratioCells(record, others),
      gflops === undefined ? "" : formatNumber(gflops),
      gflops !== undefined && record.peakGflops > 0 ? formatShare(gflops / record.peakGflops) : "",
      formatNumber(ours?.counts?.dispatches ?? Number.NaN),
      formatNumber(stock?.counts?.dispatches ?? Number.NaN),
    ];
  });
  const table = withoutEmptyColumns(headers, rows);
  return markdownTable(table.headers, table.rows);
}

/** What the contenders that were not timed said. */
function refusals(records: readonly BenchRecord[]): string {
  const lines = records.flatMap(({ name, results }) =>
    results.flatMap((result) => ("refused" in result ? `- ${name}, ${result.name}: ${result.refused}` : [])),
  );
  return lines.length === 0 ? "" : `\nNot timed:\n\n${lines.join("\n")}\n`;
}

function growthTable({ axis, records }: Curve): string {
  const headers = [
    axis,
    "ours, ms",
    "stock, ms",
    "×",
    "ours, GFLOP/s",
    "of peak",
    "a second",
    "GPU memory: ours",
    "stock",
  ];
  const rows = records.map((record) => {
    const [ours, stock] = [measuredOf(record, OURS), measuredOf(record, STOCK)];
    const known = (value: number | undefined, format: (value: number) => string) =>
      value === undefined ? "" : format(value);
    return [
      String(record.shape[axis]),
      known(ours?.medianMs, formatNumber),
      known(stock?.medianMs, formatNumber),
      ours && stock ? formatNumber(stock.medianMs / ours.medianMs) : "",
      known(ours?.gflops, formatNumber),
      known(ours?.gflops, (rate) => (record.peakGflops > 0 ? formatShare(rate / record.peakGflops) : "")),
      known(ours?.perSecond, (rate) => `${formatNumber(rate)} ${record.finishes ?? ""}`),
      known(ours?.gpuBytes, formatBytes),
      known(stock?.gpuBytes, formatBytes),
    ];
  });
  const table = withoutEmptyColumns(headers, rows);
  return markdownTable(table.headers, table.rows);
}

function growthPlot(slug: string, curve: Curve): Plot {
  const { axis, records } = curve;
  const seriesOf = (contender: string, at: number): Series => ({
    name: contender,
    colour: COLOURS[at] ?? "#000000",
    points: records.flatMap((record) => {
      const { medianMs } = measuredOf(record, contender) ?? {};
      return medianMs === undefined ? [] : [[record.shape[axis] ?? 0, medianMs] as const];
    }),
  });
  const title = `${AXES[axis] ?? axis}: milliseconds`;
  return { file: plotFile(slug, curve), svg: lineChart(title, axis, [OURS, STOCK].map(seriesOf)) };
}

/** One quantity grows, for one model where a model does the work. */
interface Curve {
  readonly axis: string;
  /** Along the curve. */
  readonly records: readonly BenchRecord[];
}

function curvesOf(file: BenchFile): Curve[] {
  return Object.keys(AXES).flatMap((axis) => {
    const along = ofSuite(file, "growth").filter((record) => record.axis === axis);
    return [...new Set(along.map(({ model }) => model))].map((model) => ({
      axis,
      records: along
        .filter((record) => record.model === model)
        .toSorted((a, b) => (a.shape[axis] ?? 0) - (b.shape[axis] ?? 0)),
    }));
  });
}

/** What is the same for all points of a curve. */
function heldOf({ axis, records: [first] }: Curve): string {
  if (!first) return "";
  const { model, shape } = first;
  // Heads are of one size, so they grow with the width.
  const { heads, ...others } = shape;
  const held = axis === "width" || heads === undefined ? others : { ...others, heads };
  return describeShape({ ...(model ? { model } : {}), shape: held }, axis);
}

function plotFile(slug: string, { axis, records: [first] }: Curve): string {
  const model = first?.model ? `-${slugOf(first.model)}` : "";
  return `bench-${slug}-${axis}${model}.svg`;
}

/** Charts of everything that was seen to grow. */
export function benchPlots(file: BenchFile): Plot[] {
  const drawn = curvesOf(file).filter(({ records }) => records.length > 1);
  return drawn.map((curve) => growthPlot(slugOf(file.adapter), curve));
}

function comparisonSection(file: BenchFile, suite: string, title: string): string {
  const records = ofSuite(file, suite);
  return records.length === 0 ? "" : `#### ${title}\n\n${comparison(records)}\n${refusals(records)}`;
}

function wholeSection(file: BenchFile): string {
  const records = ["step", "drawing", "answering", "layer"].flatMap((suite) => ofSuite(file, suite));
  const parts = records.map(
    (record) =>
      `${record.name}: ${describeShape(record)}; ${describeRounds(record)}.\n\n${resultTable(record)}\n`,
  );
  return parts.length === 0 ? "" : `#### The whole thing\n\n${parts.join("\n")}`;
}

function growthSection(file: BenchFile, imageFolder: string): string {
  const slug = slugOf(file.adapter);
  const parts = curvesOf(file).map((curve) => {
    const title = AXES[curve.axis];
    const plot = curve.records.length < 2 ? "" : `\n![${title}](${imageFolder}/${plotFile(slug, curve)})\n`;
    return `${title} (${heldOf(curve)}):\n\n${growthTable(curve)}\n${plot}`;
  });
  return parts.length === 0 ? "" : `#### How cost grows\n\n${parts.join("\n")}`;
}

const COUNT_HEADERS = [
  "",
  "sizes",
  "dispatches: ours",
  "stock",
  "share",
  "readbacks: ours",
  "stock",
  "bytes read: ours",
  "stock",
];

/** What was counted on a GPU that computed nothing. */
function countsSection(file: BenchFile): string {
  const rows = ofSuite(file, COUNTS).map((record) => {
    const [ours, stock] = [OURS, STOCK].map(
      (name) => record.results.filter(isCounted).find((result) => result.name === name)?.counts,
    );
    const both = (count: keyof GpuCounters) =>
      [ours, stock].map((counts) => formatNumber(counts?.[count] ?? Number.NaN));
    return [
      record.name,
      `${describeShape(record)}; ${record.sizes}`,
      ...both("dispatches"),
      ours && stock ? formatShare(ours.dispatches / stock.dispatches) : "",
      ...both("readbacks"),
      ...both("readbackBytes"),
    ];
  });
  return rows.length === 0
    ? ""
    : `#### What is asked of the GPU, counted\n\n${markdownTable(COUNT_HEADERS, rows)}\n`;
}

function describeRounds({ rounds }: BenchRecord): string {
  return rounds === 1 ? "one round" : `median of ${rounds} rounds`;
}

/** Smallest and largest, or the one that they all are. */
function span(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(0));
  return low === high ? `${low}` : `${low} to ${high}`;
}

/**
 * An adapter's section.
 * @param imageFolder where its plots lie, as seen from the document
 */
export function benchSection(file: BenchFile, imageFolder: string): string {
  const { adapter, isSoftware, machine, records } = file;
  const days = [...new Set(records.map(({ day }) => day))].toSorted();
  const timed = records.filter(({ suite }) => suite !== COUNTS);
  const sizes = [...new Set(timed.map((record) => record.sizes))].join(" and ");
  const peak = ofSuite(file, "peak")[0]?.peakGflops;
  const facts = [
    machine,
    `${sizes} sizes`,
    `${span(timed.map(({ rounds }) => rounds))} rounds`,
    `load average ${span(timed.map(({ load }) => load))}`,
    days.join(" to "),
  ];
  const sections = [
    comparisonSection(file, "kernels", "Op by op"),
    comparisonSection(file, "peers", "Beside other libraries"),
    wholeSection(file),
    countsSection(file),
    growthSection(file, imageFolder),
  ];
  return [
    `### ${adapter}${isSoftware ? ": a program on the CPU, ratios only" : ""}`,
    `${facts.join("; ")}.`,
    peak ? `Peak, the best f32 product of ours: ${formatNumber(peak)} GFLOP/s.` : "",
    ...sections,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const BEGIN = "<!-- bench: begin, written by npm run bench:report -->";
const END = "<!-- bench: end -->";

/** The document with its block of benchmarks replaced. @throws Error when it has none */
export function replaceSections(document: string, sections: readonly string[]): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`The document has no block from "${BEGIN}" to "${END}".`);
  const before = document.slice(0, begin + BEGIN.length);
  return `${before}\n\n${sections.map((section) => section.trim()).join("\n\n")}\n\n${document.slice(end)}`;
}
