/** Rows for spreadsheets: RFC 4180. */

const CRLF = "\r\n";

/** Quoted where a comma, a quote or a line end would mean something else. */
function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** One line with its end. */
export function csvLine(cells: readonly (string | number | boolean)[]): string {
  return `${cells.map((cell) => quote(String(cell))).join(",")}${CRLF}`;
}
