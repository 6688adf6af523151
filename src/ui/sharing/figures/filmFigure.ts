/** The filmstrip as a picture: a row a prompt, the steps that tell most side by side. */
import { type FilmstripRow, filmstripSteps, frameAt } from "../../stores/galleryStore.ts";
import { FIGURE_WORDS } from "../../text/figures.ts";
import { type Figure, font } from "./figure.ts";
import { paintPixels } from "./pixels.ts";
import { shorten } from "./text.ts";

const COLUMNS = 6;
const SIDE = 132;
const GAP = 14;
const PROMPT = 30;
const STEPS = 22;
const ROW_GAP = 18;

/** The first, the last, and as many between them as there is room for, evenly apart. */
export function spreadSteps(steps: readonly number[], count: number): number[] {
  if (steps.length <= count) return [...steps];
  const last = steps.length - 1;
  return Array.from({ length: count }, (_, at) => steps[Math.round((at * last) / (count - 1))] ?? 0);
}

export function filmFigure(rows: readonly FilmstripRow[]): Figure {
  const steps = spreadSteps(filmstripSteps(rows), COLUMNS);
  const width = Math.max(3, steps.length) * (SIDE + GAP) - GAP;
  const rowHeight = PROMPT + SIDE;
  return {
    title: FIGURE_WORDS.filmstrip,
    isTitleQuoted: false,
    note: FIGURE_WORDS.filmstripNote,
    width,
    height: rows.length * (rowHeight + ROW_GAP) - ROW_GAP + STEPS,
    paint: (context, palette) => {
      for (const [at, row] of rows.entries()) {
        const y = at * (rowHeight + ROW_GAP);
        context.font = font(palette, 17, 400, "--serif");
        context.fillStyle = palette["--text"];
        const measure = (text: string) => context.measureText(text).width;
        context.fillText(shorten(`“${row.prompt}”`, width, measure), 0, y + 18);
        for (const [column, step] of steps.entries()) {
          const place = { x: column * (SIDE + GAP), y: y + PROMPT, side: SIDE };
          paintPixels(context, palette, frameAt(row, step)?.image ?? null, place);
        }
      }
      context.font = font(palette, 13);
      context.fillStyle = palette["--quiet"];
      context.textAlign = "center";
      const bottom = rows.length * (rowHeight + ROW_GAP) - ROW_GAP + 18;
      for (const [column, step] of steps.entries()) {
        context.fillText(FIGURE_WORDS.stepLabel(step), column * (SIDE + GAP) + SIDE / 2, bottom);
      }
      context.textAlign = "left";
    },
  };
}
