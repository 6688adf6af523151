/** Made-up pictures, the same for the same seed. */
import type { WireImage } from "../../protocol/events.ts";

export const SIDE = 64;
export const COLOURS: readonly (readonly [string, number, number, number])[] = [
  ["red", 214, 60, 48],
  ["blue", 52, 116, 204],
  ["green", 58, 150, 84],
  ["yellow", 240, 196, 60],
];

/** A small repeatable stream of numbers in [0, 1). */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x85ebca6b) >>> 0;
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Discs on a soft ground; noisier when `skill` is low. */
export function paint(count: number, colour: number, skill: number, seed: number): WireImage {
  const random = stream(seed);
  const rgb = new Uint8Array(SIDE * SIDE * 3);
  const [, red, green, blue] = COLOURS[colour] ?? COLOURS[0] ?? ["", 0, 0, 0];
  const discs = Array.from({ length: count }, () => [
    14 + random() * 36,
    14 + random() * 36,
    8 + random() * 5,
  ]);
  for (let at = 0; at < SIDE * SIDE; at++) {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const isInside = discs.some(([cx = 0, cy = 0, r = 0]) => (x - cx) ** 2 + (y - cy) ** 2 < r * r);
    const light = isInside ? [red, green, blue] : [243, 240, 232];
    const noise = (1 - skill) * 90;
    for (let c = 0; c < 3; c++)
      rgb[at * 3 + c] = Math.max(0, Math.min(255, (light[c] ?? 0) + (random() - 0.5) * noise));
  }
  return { width: SIDE, height: SIDE, rgb };
}
