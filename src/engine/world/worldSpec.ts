/** A world in numbers: which classes, colours, sprite sizes and backgrounds its scenes are made of. */
import { EngineError } from "../errors.ts";
import { CLASS_NAMES } from "./classes.ts";
import { COLOUR_NAMES } from "./colours.ts";

export interface WorldSpec {
  /** Canvas side in pixels. */
  readonly side: number;
  readonly classes: readonly string[];
  readonly colours: readonly string[];
  /** Sprite sides in pixels: [small (several objects), large (one object)]. */
  readonly sizes: readonly [number, number];
  readonly backgrounds: readonly (readonly [number, number, number])[];
}

/** Objects snap to the image tokenizer's grid, so that equal objects give equal codes. */
export const GRID = 8;

export type WorldPreset = "all" | "tiny" | "nano";

const PASTELS: WorldSpec["backgrounds"] = [
  [250, 248, 240],
  [226, 240, 254],
  [254, 230, 232],
  [229, 248, 230],
  [240, 230, 252],
  [254, 246, 225],
];

const PRESETS: Readonly<Record<WorldPreset, WorldSpec>> = {
  all: {
    side: 64,
    classes: CLASS_NAMES,
    colours: COLOUR_NAMES,
    sizes: [24, 40],
    backgrounds: PASTELS,
  },
  /** Half of the classes: what a few hours of two CPU cores can teach well. */
  tiny: {
    side: 64,
    classes: [
      "dog",
      "cat",
      "elephant",
      "bird",
      "car",
      "bus",
      "airplane",
      "boat",
      "bicycle",
      "umbrella",
      "backpack",
      "kite",
      "sports ball",
      "banana",
      "apple",
      "pizza",
      "donut",
      "cake",
      "chair",
      "potted plant",
      "tv",
      "clock",
      "book",
      "scissors",
    ],
    colours: COLOUR_NAMES,
    sizes: [24, 40],
    backgrounds: PASTELS,
  },
  nano: {
    side: 32,
    classes: ["dog", "car", "banana", "umbrella"],
    colours: ["red", "yellow", "green", "blue"],
    sizes: [16, 24],
    backgrounds: PASTELS.slice(0, 2),
  },
};

export const WORLD_PRESETS = Object.keys(PRESETS) as WorldPreset[];

/** The world of a preset. */
export function worldPreset(name: WorldPreset): WorldSpec {
  return PRESETS[name];
}

function isRgb(value: unknown): value is [number, number, number] {
  return (
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((v) => Number.isInteger(v) && v >= 0 && v <= 255)
  );
}

function isSubset(value: unknown, known: readonly string[], atLeast: number): value is string[] {
  return (
    Array.isArray(value) &&
    value.length >= atLeast &&
    new Set(value).size === value.length &&
    value.every((item) => known.includes(item))
  );
}

/**
 * Reads a world from parsed JSON (a model's `world.json`); keys it does not know are ignored.
 * @throws EngineError("fileCorrupt") when a field is missing or names something the world cannot draw
 */
export function parseWorldSpec(json: unknown): WorldSpec {
  const fail = (what: string): never => {
    throw new EngineError(
      "fileCorrupt",
      `world.json is damaged: ${what}. Write it again with "unirl world".`,
      {
        field: what,
      },
    );
  };
  if (typeof json !== "object" || json === null) return fail("it is not an object");
  const { format, side, classes, colours, sizes, backgrounds } = json as Record<string, unknown>;
  if (format !== "unirl-world") return fail("its format is not unirl-world");
  if (typeof side !== "number" || side <= 0 || side % (2 * GRID) !== 0) return fail("side");
  if (!isSubset(classes, CLASS_NAMES, 2)) return fail("classes");
  if (!isSubset(colours, COLOUR_NAMES, 2)) return fail("colours");
  if (!Array.isArray(backgrounds) || backgrounds.length === 0 || !backgrounds.every(isRgb)) {
    return fail("backgrounds");
  }
  if (!Array.isArray(sizes) || sizes.length !== 2) return fail("sizes");
  const [small, large] = sizes as unknown[];
  if (typeof small !== "number" || typeof large !== "number" || small > side / 2 || large > side) {
    return fail("sizes");
  }
  return { side, classes, colours, sizes: [small, large], backgrounds };
}
