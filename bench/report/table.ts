/** Tables in Markdown that can be read as they are, and numbers as tables show them. */

/** @param rows as many cells each as there are headers; the first column to the left, the others to the right */
export function markdownTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) =>
    Math.max(3, header.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  };
  const line = (cells: readonly string[]) =>
    `| ${headers.map((_, at) => pad(cells[at] ?? "", at)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(headers), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Without the columns, but for the first, in which no row has anything. */
export function withoutEmptyColumns(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): { headers: string[]; rows: string[][] } {
  const isKept = (column: number) => column === 0 || rows.some((row) => (row[column] ?? "") !== "");
  const keep = (cells: readonly string[]) => cells.filter((_, column) => isKept(column));
  return { headers: keep(headers), rows: rows.map(keep) };
}

/** Three digits that count; whole numbers from a hundred on, with commas. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "?";
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", {
    maximumFractionDigits: Math.min(digits, 6),
    minimumFractionDigits: 0,
  });
}

export function formatShare(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function formatBytes(bytes: number): string {
  return `${formatNumber(bytes / 2 ** 20)} MiB`;
}
