/**
 * Sprites and painting. All blending is integer arithmetic, so the Python side paints the same bytes.
 */
import { EngineError } from "../errors.ts";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "../safetensors/safetensors.ts";
import { COLOURS, tintSprite } from "./colours.ts";
import type { Scene } from "./scenes.ts";
import type { WorldSpec } from "./worldSpec.ts";

/** The sprites of one world: per size [classes, 1 + colours, size, size, 4] straight RGBA, variant 0 natural. */
export interface SpriteSet {
  readonly spec: WorldSpec;
  readonly bySize: ReadonlyMap<number, Uint8Array>;
}

function corrupt(what: string): EngineError {
  return new EngineError(
    "fileCorrupt",
    `The sprite file ${what}. Build it again with "npm run build:sprites".`,
  );
}

function parseClassNames(text: string | undefined): string[] {
  try {
    const names: unknown = JSON.parse(text ?? "");
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  } catch {
    // Falls through to the error below: a missing list and a broken one are the same damage.
  }
  throw corrupt("does not list its classes");
}

function tintAll(
  spec: WorldSpec,
  names: readonly string[],
  natural: SafetensorsEntry,
  size: number,
): Uint8Array {
  const bytes = size * size * 4;
  const variants = 1 + spec.colours.length;
  const atlas = new Uint8Array(spec.classes.length * variants * bytes);
  spec.classes.forEach((name, classIndex) => {
    const source = names.indexOf(name);
    if (source < 0) throw corrupt(`has no sprite for ${name}`);
    const sprite = natural.data.subarray(source * bytes, (source + 1) * bytes);
    atlas.set(sprite, classIndex * variants * bytes);
    spec.colours.forEach((colourName, colourIndex) => {
      const colour = COLOURS.find((candidate) => candidate.name === colourName);
      if (!colour) throw corrupt(`cannot be tinted ${colourName}`);
      atlas.set(tintSprite(sprite, colour.rgb), (classIndex * variants + 1 + colourIndex) * bytes);
    });
  });
  return atlas;
}

/**
 * Opens the shipped sprites (natural colours) for a world and computes the tints.
 * @param bytes public/world/sprites.safetensors
 * @throws EngineError("fileCorrupt") when the file is damaged or lacks a class or size of the world
 */
export function openSprites(bytes: Uint8Array, spec: WorldSpec): SpriteSet {
  const { tensors, metadata } = readSafetensors(bytes);
  const names = parseClassNames(metadata.classes);
  const bySize = new Map<number, Uint8Array>();
  for (const size of spec.sizes) {
    const natural = tensors.get(`sprites.${size}`);
    if (natural?.dtype !== "U8" || natural.shape.join() !== [names.length, size, size, 4].join()) {
      throw corrupt(`has no proper sprites of ${size} pixels`);
    }
    bySize.set(size, tintAll(spec, names, natural, size));
  }
  return { spec, bySize };
}

/** The sprite file of a scene folder: every size with all tints. */
export function writeSpriteAtlas(sprites: SpriteSet, metadata: Readonly<Record<string, string>>): Uint8Array {
  const { classes, colours } = sprites.spec;
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [size, data] of sprites.bySize) {
    const shape = [classes.length, 1 + colours.length, size, size, 4];
    tensors.set(`sprites.${size}`, { dtype: "U8", shape, data });
  }
  return writeSafetensors(tensors, metadata);
}

/** One sprite as a view on the set: size × size straight RGBA. */
export function spriteOf(sprites: SpriteSet, name: string, colour: string | null, size: number): Uint8Array {
  const { classes, colours } = sprites.spec;
  const classIndex = classes.indexOf(name);
  const variant = colour === null ? 0 : 1 + colours.indexOf(colour);
  const atlas = sprites.bySize.get(size);
  if (!atlas || classIndex < 0 || (colour !== null && variant === 0)) {
    throw new EngineError("badInput", `This world has no sprite ${colour ?? ""} ${name} of ${size} pixels.`, {
      class: name,
      colour,
      size,
    });
  }
  const bytes = size * size * 4;
  const start = (classIndex * (1 + colours.length) + variant) * bytes;
  return atlas.subarray(start, start + bytes);
}

function blit(
  canvas: Uint8Array,
  side: number,
  sprite: Uint8Array,
  size: number,
  x: number,
  y: number,
): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const canvasX = x + column;
      const canvasY = y + row;
      if (canvasX < 0 || canvasY < 0 || canvasX >= side || canvasY >= side) continue;
      const source = 4 * (row * size + column);
      const target = 3 * (canvasY * side + canvasX);
      const alpha = sprite[source + 3] ?? 0;
      for (let channel = 0; channel < 3; channel++) {
        const over = alpha * (sprite[source + channel] ?? 0);
        const under = (255 - alpha) * (canvas[target + channel] ?? 0);
        canvas[target + channel] = Math.floor((over + under + 127) / 255);
      }
    }
  }
}

/**
 * Paints a scene: background, then objects in order, out = ⌊(a·src + (255 − a)·dst + 127) / 255⌋.
 * @returns u8 RGB [side, side, 3]; a model's pixels are value / 127.5 − 1
 */
export function renderScene(sprites: SpriteSet, scene: Scene): Uint8Array {
  const { side, backgrounds } = sprites.spec;
  const background = backgrounds[scene.background];
  if (!background) {
    throw new EngineError("badInput", `This world has no background ${scene.background}.`, {
      background: scene.background,
    });
  }
  const canvas = new Uint8Array(side * side * 3);
  for (let at = 0; at < canvas.length; at++) canvas[at] = background[(at % 3) as 0 | 1 | 2];
  for (const object of scene.objects) {
    const sprite = spriteOf(sprites, object.class, object.colour, object.size);
    blit(canvas, side, sprite, object.size, object.x, object.y);
  }
  return canvas;
}
