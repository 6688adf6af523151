/** RGB pixels on a canvas, crisp at any size, with the page's round corners. */
import type { WireImage } from "../../../protocol/events.ts";
import { toRgba } from "../../components/PixelCanvas.tsx";
import type { Palette } from "./palette.ts";

const RADIUS = 8;

export function paintPixels(
  context: CanvasRenderingContext2D,
  palette: Palette,
  image: WireImage | null,
  place: { readonly x: number; readonly y: number; readonly side: number },
): void {
  const { x, y, side } = place;
  context.save();
  context.beginPath();
  context.roundRect(x, y, side, side, RADIUS);
  context.clip();
  context.fillStyle = palette["--well"];
  context.fillRect(x, y, side, side);
  if (image) {
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d")?.putImageData(toRgba(image), 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, x, y, side, side);
  }
  context.restore();
}
