/** The ten GenEval colours as drawn in the emoji world, and how a sprite takes one on. */

export interface WorldColour {
  readonly name: string;
  readonly rgb: readonly [number, number, number];
}

/** Names as in GenEval; values are ten well-separated sRGB colours (palette of the project's GenEval notes, 5.3). */
export const COLOURS: readonly WorldColour[] = [
  { name: "red", rgb: [0xe5, 0x39, 0x35] },
  { name: "orange", rgb: [0xfb, 0x8c, 0x00] },
  { name: "yellow", rgb: [0xfd, 0xd8, 0x35] },
  { name: "green", rgb: [0x43, 0xa0, 0x47] },
  { name: "blue", rgb: [0x1e, 0x88, 0xe5] },
  { name: "purple", rgb: [0x8e, 0x24, 0xaa] },
  { name: "pink", rgb: [0xf0, 0x62, 0x92] },
  { name: "brown", rgb: [0x79, 0x55, 0x48] },
  { name: "black", rgb: [0x21, 0x21, 0x21] },
  { name: "white", rgb: [0xfa, 0xfa, 0xfa] },
];

export const COLOUR_NAMES: readonly string[] = COLOURS.map(({ name }) => name);

/** The darkest shade keeps this share of the colour: lower, and shaded orange would read as brown. */
const SHADE_FLOOR = 0.45;
/** This share of an icon's ink is at most as bright as its body, which takes the colour unchanged. */
const BODY_QUANTILE = 0.6;
/** Parts brighter than the body are mixed with white: this much per unit of relative light, up to the limit. */
const HIGHLIGHT_SLOPE = 0.6;
const HIGHLIGHT_LIMIT = 0.35;
/** Colours lighter than this luma (white alone) get a darker rim, or they would vanish on a pastel background. */
const RIM_LUMA = 230;
const RIM_SHADE = 0.6;
/** Alpha from which a pixel counts as ink. */
const INK_ALPHA = 128;

/** Rec. 601 luma, 0–255. */
function luma(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

function pixelLuma(rgba: Uint8Array, at: number): number {
  return luma(rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0);
}

/** The luma that an icon's body has: a quantile over its ink. */
function bodyLuma(rgba: Uint8Array): number {
  const lumas: number[] = [];
  for (let at = 0; at < rgba.length; at += 4) {
    if ((rgba[at + 3] ?? 0) >= INK_ALPHA) lumas.push(pixelLuma(rgba, at));
  }
  lumas.sort((a, b) => a - b);
  return Math.max(1, lumas[Math.floor((lumas.length - 1) * BODY_QUANTILE)] ?? 1);
}

/** Whether an ink pixel touches paper or the sprite's border. */
function isRim(rgba: Uint8Array, side: number, x: number, y: number): boolean {
  const isInk = (column: number, row: number) =>
    column >= 0 &&
    row >= 0 &&
    column < side &&
    row < side &&
    (rgba[4 * (row * side + column) + 3] ?? 0) >= INK_ALPHA;
  return !(isInk(x - 1, y) && isInk(x + 1, y) && isInk(x, y - 1) && isInk(x, y + 1));
}

/**
 * Tints a square sprite: the body takes the colour, darker parts are shaded down to `SHADE_FLOOR`, brighter parts are
 * mixed with white, so that the icon's drawing survives. Alpha is kept.
 * @param rgba straight RGBA [side, side, 4] @param rgb the colour, 0–255 @returns a new array of the same shape
 */
export function tintSprite(rgba: Uint8Array, rgb: WorldColour["rgb"]): Uint8Array {
  const side = Math.sqrt(rgba.length / 4);
  const body = bodyLuma(rgba);
  const hasRim = luma(...rgb) > RIM_LUMA;
  const tinted = new Uint8Array(rgba.length);
  for (let at = 0; at < rgba.length; at += 4) {
    const light = pixelLuma(rgba, at) / body;
    const highlight = Math.min(HIGHLIGHT_LIMIT, HIGHLIGHT_SLOPE * Math.max(0, light - 1));
    let shade = SHADE_FLOOR + (1 - SHADE_FLOOR) * Math.min(1, light);
    const pixel = at / 4;
    if (hasRim && isRim(rgba, side, pixel % side, Math.floor(pixel / side))) {
      shade = Math.min(shade, RIM_SHADE);
    }
    for (let channel = 0; channel < 3; channel++) {
      const shaded = (rgb[channel] ?? 0) * shade;
      tinted[at + channel] = Math.round(shaded + (255 - shaded) * highlight * shade);
    }
    tinted[at + 3] = rgba[at + 3] ?? 0;
  }
  return tinted;
}
