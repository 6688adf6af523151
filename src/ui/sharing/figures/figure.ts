/**
 * A picture to keep: title, note, content and a line that says where it comes from, on the surface of the present theme
 * and drawn at twice the size of the page.
 */
import { EngineError } from "../../../engine/errors.ts";
import type { Palette } from "./palette.ts";
import { shorten, wrap } from "./text.ts";

export interface Figure {
  readonly title: string;
  /** Set in serif where it is what the model was told. */
  readonly isTitleQuoted: boolean;
  readonly note: string;
  /** Size of the content in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Draws the content; the origin is its upper left corner. */
  readonly paint: (context: CanvasRenderingContext2D, palette: Palette) => void;
}

/** Device pixels a CSS pixel. */
export const SCALE = 2;
const MARGIN = 32;
const TITLE_SIZE = 22;
const TITLE_LINE = 30;
const NOTE_LINE = 22;
const GAP = 18;
const CREDIT_LINE = 18;
const MAX_TITLE_LINES = 2;

export const font = (palette: Palette, size: number, weight = 400, family: "--sans" | "--serif" = "--sans") =>
  `${weight} ${size}px ${palette[family]}`;

function need2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false });
  if (context) return context;
  throw new EngineError("fileUnwritable", "This browser gives no canvas to draw the picture on.");
}

/** A canvas of a size in CSS pixels, scaled and filled with the theme's surface. */
export function makeCanvas(
  width: number,
  height: number,
  scale: number,
  palette: Palette,
): { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D } {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = need2d(canvas);
  context.scale(scale, scale);
  context.fillStyle = palette["--surface"];
  context.fillRect(0, 0, width, height);
  context.textBaseline = "alphabetic";
  return { canvas, context };
}

/** @param credit the last line: model, settings, program */
export function paintFigure(figure: Figure, credit: string, palette: Palette): HTMLCanvasElement {
  const titleFont = figure.isTitleQuoted
    ? font(palette, TITLE_SIZE, 400, "--serif")
    : font(palette, TITLE_SIZE - 2, 600);
  const probe = need2d(document.createElement("canvas"));
  const measureWith = (style: string) => (text: string) => {
    probe.font = style;
    return probe.measureText(text).width;
  };
  const titleLines = wrap(figure.title, figure.width, MAX_TITLE_LINES, measureWith(titleFont));
  const noteFont = font(palette, 14);
  const noteLines = figure.note === "" ? [] : wrap(figure.note, figure.width, 2, measureWith(noteFont));
  const head = titleLines.length * TITLE_LINE + noteLines.length * NOTE_LINE + GAP;
  const height = MARGIN * 2 + head + figure.height + GAP + CREDIT_LINE;
  const { canvas, context } = makeCanvas(figure.width + MARGIN * 2, height, SCALE, palette);
  context.translate(MARGIN, MARGIN);
  context.fillStyle = palette["--text"];
  context.font = titleFont;
  titleLines.forEach((line, at) => {
    context.fillText(line, 0, at * TITLE_LINE + TITLE_SIZE);
  });
  context.fillStyle = palette["--quiet"];
  context.font = noteFont;
  noteLines.forEach((line, at) => {
    context.fillText(line, 0, titleLines.length * TITLE_LINE + at * NOTE_LINE + 14);
  });
  context.save();
  context.translate(0, head);
  figure.paint(context, palette);
  context.restore();
  const creditFont = font(palette, 12);
  context.font = creditFont;
  context.fillStyle = palette["--quiet"];
  context.fillText(shorten(credit, figure.width, measureWith(creditFont)), 0, height - MARGIN * 2 - 3);
  return canvas;
}
