/**
 * Rasterises the world's icons into public/world/sprites.safetensors (natural colours only; tints are computed when
 * a sprite set is opened) and writes the licence note beside it. Run with `npm run build:sprites`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { type SafetensorsEntry, writeSafetensors } from "../src/engine/safetensors/safetensors.ts";
import { CLASSES } from "../src/engine/world/classes.ts";
import { WORLD_PRESETS, worldPreset } from "../src/engine/world/worldSpec.ts";

interface IconSet {
  readonly icons: Readonly<Record<string, { readonly body: string }>>;
  readonly width: number;
  readonly height: number;
}

const require = createRequire(import.meta.url);
const iconSet = require("@iconify-json/fluent-emoji-flat/icons.json") as IconSet;
const iconPackage = require("@iconify-json/fluent-emoji-flat/package.json") as { version: string };
const outputFolder = join(dirname(fileURLToPath(import.meta.url)), "../public/world");

/** Side at which an icon's ink is measured; fine enough that the crop is right to a tenth of a sprite pixel. */
const MEASURE_SIDE = 512;
/** Empty share on each side of a sprite, so that neighbours on the grid never touch. */
const MARGIN_SHARE = 1 / 32;

function renderSvg(body: string, viewBox: string, side: number): Uint8Array {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="${viewBox}">${body}</svg>`;
  return new Resvg(svg).render().pixels;
}

/** The smallest square view box that shows all ink of an icon, centred, with a thin margin. */
function tightViewBox(body: string): string {
  const pixels = renderSvg(body, `0 0 ${iconSet.width} ${iconSet.height}`, MEASURE_SIDE);
  let [left, top, right, bottom] = [MEASURE_SIDE, MEASURE_SIDE, 0, 0];
  for (let at = 0; at < MEASURE_SIDE * MEASURE_SIDE; at++) {
    if ((pixels[4 * at + 3] ?? 0) < 8) continue;
    const x = at % MEASURE_SIDE;
    const y = Math.floor(at / MEASURE_SIDE);
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
  }
  const unit = iconSet.width / MEASURE_SIDE;
  const side = Math.max(right - left, bottom - top) / (1 - 2 * MARGIN_SHARE);
  const x = (left + right - side) / 2;
  const y = (top + bottom - side) / 2;
  return [x, y, side, side].map((value) => value * unit).join(" ");
}

/** resvg gives premultiplied colours; sprites are stored straight. */
function toStraightAlpha(premultiplied: Uint8Array): Uint8Array {
  const straight = new Uint8Array(premultiplied.length);
  for (let at = 0; at < premultiplied.length; at += 4) {
    const alpha = premultiplied[at + 3] ?? 0;
    for (let channel = 0; channel < 3; channel++) {
      const value = premultiplied[at + channel] ?? 0;
      straight[at + channel] = alpha === 0 ? 0 : Math.min(255, Math.round((value * 255) / alpha));
    }
    straight[at + 3] = alpha;
  }
  return straight;
}

function buildTensor(size: number): SafetensorsEntry {
  const spriteBytes = size * size * 4;
  const data = new Uint8Array(CLASSES.length * spriteBytes);
  CLASSES.forEach(({ name, glyph }, index) => {
    const icon = iconSet.icons[glyph];
    if (!icon) throw new Error(`The icon ${glyph} of class ${name} is not in the icon package.`);
    const pixels = renderSvg(icon.body, tightViewBox(icon.body), size);
    data.set(toStraightAlpha(pixels), index * spriteBytes);
  });
  return { dtype: "U8", shape: [CLASSES.length, size, size, 4], data };
}

const LICENCE = `The sprites in sprites.safetensors are rasterised from Fluent Emoji (flat style) by Microsoft,
https://github.com/microsoft/fluentui-emoji, taken from the npm package @iconify-json/fluent-emoji-flat
${iconPackage.version} (Iconify, https://github.com/iconify/icon-sets, packaged under the MIT licence as well).

MIT License

Copyright (c) Microsoft Corporation.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;

const sizes = [...new Set(WORLD_PRESETS.flatMap((preset) => worldPreset(preset).sizes))].sort(
  (a, b) => a - b,
);
const tensors = new Map(sizes.map((size) => [`sprites.${size}`, buildTensor(size)]));
const bytes = writeSafetensors(tensors, {
  format: "unirl-sprites",
  version: "1",
  classes: JSON.stringify(CLASSES.map(({ name }) => name)),
  source: `@iconify-json/fluent-emoji-flat ${iconPackage.version}`,
  licence: "MIT, Fluent Emoji, Copyright (c) Microsoft Corporation; see LICENSE.txt",
});
mkdirSync(outputFolder, { recursive: true });
writeFileSync(join(outputFolder, "sprites.safetensors"), bytes);
writeFileSync(join(outputFolder, "LICENSE.txt"), LICENCE);
console.error(`wrote ${CLASSES.length} sprites in sizes ${sizes.join(", ")}: ${bytes.length} bytes`);
