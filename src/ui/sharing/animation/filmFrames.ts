/** The filmstrip as frames of an animation: the fixed prompts side by side, one step after the other. */
import { type FilmstripRow, filmstripSteps, frameAt } from "../../stores/galleryStore.ts";
import { FIGURE_WORDS } from "../../text/figures.ts";
import { font, makeCanvas } from "../figures/figure.ts";
import type { Palette } from "../figures/palette.ts";
import { paintPixels } from "../figures/pixels.ts";
import { shorten, wrap } from "../figures/text.ts";

const SIDE = 256;
const GAP = 24;
const MARGIN = 24;
const PROMPT_LINE = 24;
const PROMPT_LINES = 2;
const PROMPTS = PROMPT_LINES * PROMPT_LINE + 8;
const FOOT = 52;
/** A step stays this long; with many steps, half as long, so that nobody waits. */
const STEP_MS = 400;
const MANY_STEPS = 24;
/** The last one stays longer, to be looked at. */
const LAST_MS = 1600;

export interface Film {
  /** In pixels, both even: video halves them for its colours. */
  readonly width: number;
  readonly height: number;
  readonly frames: readonly { readonly step: number; readonly durationMs: number }[];
  /** Draws a frame on a canvas of its own. */
  readonly paint: (at: number) => CanvasRenderingContext2D;
}

/** Steps and how long each is shown. */
export function planFrames(steps: readonly number[]): Film["frames"] {
  const durationMs = steps.length > MANY_STEPS ? STEP_MS / 2 : STEP_MS;
  return steps.map((step, at) => ({ step, durationMs: at === steps.length - 1 ? LAST_MS : durationMs }));
}

/** @param credit the small line below */
export function makeFilm(rows: readonly FilmstripRow[], credit: string, palette: Palette): Film {
  const frames = planFrames(filmstripSteps(rows));
  const width = MARGIN * 2 + rows.length * (SIDE + GAP) - GAP;
  const height = MARGIN * 2 + PROMPTS + SIDE + FOOT;
  const paint = (at: number) => {
    const { context } = makeCanvas(width, height, 1, palette);
    const step = frames[at]?.step ?? 0;
    context.translate(MARGIN, MARGIN);
    for (const [column, row] of rows.entries()) {
      paintPrompt(context, palette, row.prompt, column * (SIDE + GAP));
      const place = { x: column * (SIDE + GAP), y: PROMPTS, side: SIDE };
      paintPixels(context, palette, frameAt(row, step)?.image ?? null, place);
    }
    const share = frames.length > 1 ? at / (frames.length - 1) : 1;
    paintFoot(context, palette, { step, share, credit, width: width - MARGIN * 2, y: PROMPTS + SIDE });
    return context;
  };
  return { width, height, frames, paint };
}

type Context = CanvasRenderingContext2D;

function paintPrompt(context: Context, palette: Palette, prompt: string, x: number): void {
  context.font = font(palette, 18, 400, "--serif");
  context.fillStyle = palette["--text"];
  const lines = wrap(`“${prompt}”`, SIDE, PROMPT_LINES, (text) => context.measureText(text).width);
  // One line sits close to its image.
  const top = (PROMPT_LINES - lines.length) * PROMPT_LINE;
  for (const [line, text] of lines.entries()) context.fillText(text, x, top + line * PROMPT_LINE + 18);
}

function paintFoot(
  context: Context,
  palette: Palette,
  foot: { step: number; share: number; credit: string; width: number; y: number },
): void {
  const { step, share, credit, width, y } = foot;
  context.fillStyle = palette["--line"];
  context.fillRect(0, y + 18, width, 3);
  context.fillStyle = palette["--accent"];
  context.fillRect(0, y + 18, width * share, 3);
  context.fillStyle = palette["--text"];
  context.font = font(palette, 18, 600);
  context.fillText(FIGURE_WORDS.stepLabel(step), 0, y + 46);
  const taken = context.measureText(FIGURE_WORDS.stepLabel(99_999)).width;
  context.font = font(palette, 12);
  context.fillStyle = palette["--quiet"];
  context.textAlign = "right";
  const measure = (text: string) => context.measureText(text).width;
  context.fillText(shorten(credit, width - taken, measure), width, y + 46);
  context.textAlign = "left";
}
