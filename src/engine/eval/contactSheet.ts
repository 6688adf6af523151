/** Many small pictures on one large one. Pixels only; writing files is the application's business. */
import { EngineError } from "../errors.ts";
import type { ImageU8 } from "../models/unified.ts";

export interface SheetLayout {
  readonly columns: number;
  /** Whole-number enlargement, nearest neighbour. */
  readonly zoom: number;
  /** White pixels around every picture. */
  readonly gap: number;
}

const WHITE = 255;

function paste(sheet: ImageU8, rgb: Uint8Array, image: ImageU8, left: number, top: number, zoom: number) {
  for (let y = 0; y < image.height * zoom; y++) {
    for (let x = 0; x < image.width * zoom; x++) {
      const source = 3 * (Math.floor(y / zoom) * image.width + Math.floor(x / zoom));
      rgb.set(image.rgb.subarray(source, source + 3), 3 * ((top + y) * sheet.width + left + x));
    }
  }
}

/**
 * Lays out images of equal size in rows.
 * @throws EngineError("badInput") without images, or when their sizes differ
 */
export function makeContactSheet(images: readonly ImageU8[], layout: SheetLayout): ImageU8 {
  const { columns, zoom, gap } = layout;
  const [first] = images;
  if (!first || images.some(({ width, height }) => width !== first.width || height !== first.height)) {
    throw new EngineError("badInput", "A contact sheet needs images, all of one size.");
  }
  const cellWidth = first.width * zoom + gap;
  const cellHeight = first.height * zoom + gap;
  const width = Math.min(columns, images.length) * cellWidth + gap;
  const height = Math.ceil(images.length / columns) * cellHeight + gap;
  const rgb = new Uint8Array(width * height * 3).fill(WHITE);
  const sheet = { width, height, rgb };
  images.forEach((image, index) => {
    const left = gap + (index % columns) * cellWidth;
    const top = gap + Math.floor(index / columns) * cellHeight;
    paste(sheet, rgb, image, left, top, zoom);
  });
  return sheet;
}
