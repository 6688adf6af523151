/** A chart of lines as SVG, for the documents. */

export interface Series {
  readonly name: string;
  readonly colour: string;
  /** [x, y], x ascending. */
  readonly points: readonly (readonly [number, number])[];
  /** Faint: what was measured, behind its smoothed twin; dashed: another quantity in the same colour. */
  readonly look?: "faint" | "dashed";
}

/** Okabe–Ito, as the page's curves. */
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];

const WIDTH = 720;
const HEIGHT = 320;
const LEGEND_ROW = 18;
const MARGIN = { left: 48, right: 16, bottom: 36 };
const LOOKS = {
  strong: 'stroke-width="2.5"',
  faint: 'stroke-opacity="0.25"',
  dashed: 'stroke-width="2" stroke-dasharray="5 4"',
};

/**
 * Draws series from 0 on both axes. Series without a name get no entry in the legend.
 * @param top of the y axis; the largest value when absent
 */
export function lineChart(title: string, xName: string, series: readonly Series[], top?: number): string {
  const all = series.flatMap(({ points }) => points);
  const right = Math.max(1e-9, ...all.map(([x]) => x));
  const high = top ?? Math.max(1e-9, ...all.map(([, y]) => y));
  const named = series.filter(({ name }) => name !== "");
  const above = LEGEND_ROW * (1 + Math.ceil(named.length / 2)) + 10;
  const height = HEIGHT + above;
  const x = (value: number) => MARGIN.left + ((WIDTH - MARGIN.left - MARGIN.right) * value) / right;
  const y = (value: number) => height - MARGIN.bottom - ((height - MARGIN.bottom - above) * value) / high;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * high).toFixed(1);
    const rule = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#dde1e7"/>`;
    return `${rule}<text x="${MARGIN.left - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">${(share * high).toFixed(2)}</text>`;
  });
  const lines = series.map(({ colour, points, look }) => {
    const path = points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ");
    return `<polyline fill="none" stroke="${colour}" ${LOOKS[look ?? "strong"]} points="${path}"/>`;
  });
  const legend = named.map(({ name, colour, look }, at) => {
    const left = MARGIN.left + (at % 2) * (WIDTH / 2);
    const row = LEGEND_ROW * (2 + Math.floor(at / 2));
    const sample = `<line x1="${left}" x2="${left + 24}" y1="${row - 4}" y2="${row - 4}" stroke="${colour}" ${LOOKS[look ?? "strong"]}/>`;
    return `${sample}<text x="${left + 30}" y="${row}">${name}</text>`;
  });
  const labels = `<text x="${MARGIN.left}" y="16" font-weight="600">${title}</text><text x="${WIDTH - MARGIN.right}" y="${height - 10}" text-anchor="end">${xName} ${right}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#14181f"><rect width="100%" height="100%" fill="#ffffff"/>${grid.join("")}${lines.join("")}${legend.join("")}${labels}</svg>\n`;
}
