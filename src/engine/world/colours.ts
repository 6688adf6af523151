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

/** The darkest shade keeps this share of the colour, so that a tinted object still shows its parts. */
const SHADE_FLOOR = 0.35;

/** Rec. 601 luma of one pixel, 0–255. */
function luma(rgba: Uint8Array, at: number): number {
  return 0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0);
}

/**
 * Tints a sprite: luminance scaled to its own maximum, l ↦ 0.35 + 0.65·l, times the colour. Alpha is kept.
 * @param rgba straight RGBA, 4 bytes a pixel @param rgb the colour, 0–255 @returns a new array of the same length
 */
export function tintSprite(rgba: Uint8Array, rgb: WorldColour["rgb"]): Uint8Array {
  let brightest = 1;
  for (let at = 0; at < rgba.length; at += 4) {
    if ((rgba[at + 3] ?? 0) >= 128) brightest = Math.max(brightest, luma(rgba, at));
  }
  const tinted = new Uint8Array(rgba.length);
  for (let at = 0; at < rgba.length; at += 4) {
    const light = Math.min(1, luma(rgba, at) / brightest);
    const shade = SHADE_FLOOR + (1 - SHADE_FLOOR) * light;
    for (let channel = 0; channel < 3; channel++) {
      tinted[at + channel] = Math.round((rgb[channel] ?? 0) * shade);
    }
    tinted[at + 3] = rgba[at + 3] ?? 0;
  }
  return tinted;
}
