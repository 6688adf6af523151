/** One prompt's images with the model's answers, rewards and advantages, as a picture. */
import { ADVANTAGE_LIMIT, columnsOf } from "../../groupLayout.ts";
import type { GroupView, StepView } from "../../stores/galleryStore.ts";
import { FIGURE_WORDS } from "../../text/figures.ts";
import { formatSigned } from "../../text/numbers.ts";
import { type Figure, font } from "./figure.ts";
import type { Palette } from "./palette.ts";
import { paintPixels } from "./pixels.ts";
import { shorten } from "./text.ts";

const SIDE = 168;
const GAP = 20;
const CAPTION = 62;
const BAR = 4;
type Context = CanvasRenderingContext2D;

function paintBar(context: Context, palette: Palette, advantage: number, x: number, y: number): void {
  const half = SIDE / 2;
  const reach = Math.min(1, Math.abs(advantage) / ADVANTAGE_LIMIT) * half;
  context.fillStyle = palette["--well"];
  context.fillRect(x, y, SIDE, BAR);
  context.fillStyle = palette[advantage < 0 ? "--minus" : "--plus"];
  context.fillRect(advantage < 0 ? x + half - reach : x + half, y, reach, BAR);
  context.fillStyle = palette["--edge"];
  context.fillRect(x + half - 0.5, y - 2, 1, BAR + 4);
}

function paintTile(
  context: Context,
  palette: Palette,
  { drawn, judged, scored }: GroupView,
  at: number,
  [x, y]: readonly [number, number],
): void {
  paintPixels(context, palette, drawn.images[at] ?? null, { x, y, side: SIDE });
  const line = (
    text: string,
    style: string,
    colour: "--text" | "--quiet",
    baseline: number,
    isRight = false,
  ) => {
    context.font = style;
    context.fillStyle = palette[colour];
    context.textAlign = isRight ? "right" : "left";
    const measure = (shown: string) => context.measureText(shown).width;
    context.fillText(shorten(text, SIDE * 0.72, measure), isRight ? x + SIDE : x, baseline);
    context.textAlign = "left";
  };
  const answer = judged?.answers[at];
  if (answer !== undefined) {
    const words = answer === "" ? FIGURE_WORDS.noAnswer : `“${answer}”`;
    line(words, font(palette, 16, 400, "--serif"), "--text", y + SIDE + 22);
    const share = Math.round((judged?.probabilities[at] ?? 0) * 100);
    line(`${share} %`, font(palette, 13), "--quiet", y + SIDE + 22, true);
    line(FIGURE_WORDS.reward(judged?.rewards[at] ?? 0), font(palette, 13), "--quiet", y + SIDE + 42);
  }
  const advantage = scored?.advantages[at];
  if (advantage === undefined) return;
  line(formatSigned(advantage), font(palette, 14, 600), "--text", y + SIDE + 42, true);
  paintBar(context, palette, advantage, x, y + SIDE + 51);
}

export function groupFigure({ step }: StepView, group: GroupView): Figure {
  const { prompt, question, gold, images } = group.drawn;
  const columns = columnsOf(images.length);
  const rows = Math.ceil(images.length / columns);
  return {
    title: `“${prompt}”`,
    isTitleQuoted: true,
    note: `${FIGURE_WORDS.stepLabel(step)} · ${FIGURE_WORDS.asks(question)} · ${FIGURE_WORDS.gold(gold)}`,
    width: columns * SIDE + (columns - 1) * GAP,
    height: rows * (SIDE + CAPTION) + (rows - 1) * GAP,
    paint: (context, palette) => {
      for (let at = 0; at < images.length; at++) {
        const x = (at % columns) * (SIDE + GAP);
        const y = Math.floor(at / columns) * (SIDE + CAPTION + GAP);
        paintTile(context, palette, group, at, [x, y]);
      }
    },
  };
}
