import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../safetensors/safetensors.ts";
import { COLOURS, tintSprite } from "./colours.ts";
import { openSprites, renderScene, type SpriteSet, spriteOf, writeSpriteAtlas } from "./render.ts";
import { WORLD_PRESETS, type WorldSpec, worldPreset } from "./worldSpec.ts";

const spec = worldPreset("all");

const spriteBytes = new Uint8Array(
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), "../../../public/world/sprites.safetensors")),
);

describe("renderScene", () => {
  const tiny: WorldSpec = {
    side: 16,
    classes: ["dog", "cat"],
    colours: ["red", "blue"],
    sizes: [2, 2],
    backgrounds: [[100, 200, 250]],
  };
  const sprites: SpriteSet = {
    spec: tiny,
    bySize: new Map([[2, Uint8Array.from({ length: 2 * 3 * 16 }, (_, at) => (at % 4 === 3 ? 128 : at))]]),
  };
  const pixel = (image: Uint8Array, x: number, y: number) => [
    ...image.slice(3 * (16 * y + x), 3 * (16 * y + x) + 3),
  ];

  it("blends by the integer formula, in painting order", () => {
    const dog = { class: "dog", colour: null, size: 2, x: 0, y: 0 };
    const once = renderScene(sprites, { background: 0, objects: [dog] });
    // ⌊(128·src + 127·dst + 127) / 255⌋ with src (0, 1, 2) over (100, 200, 250)
    expect(pixel(once, 0, 0)).toEqual([50, 100, 126]);
    expect(pixel(once, 2, 0)).toEqual([100, 200, 250]);
    const blueCat = { class: "cat", colour: "blue", size: 2, x: 0, y: 0 };
    const twice = renderScene(sprites, { background: 0, objects: [dog, blueCat] });
    // The blue cat's sprite is number 1·3 + 2 = 5: its first pixel is (80, 81, 82).
    expect(pixel(twice, 0, 0)).toEqual([65, 90, 104]);
  });

  it("keeps opaque pixels and leaves transparent ones exactly", () => {
    const opaque = { ...sprites, bySize: new Map([[2, new Uint8Array(96).fill(255)]]) };
    const clear = { ...sprites, bySize: new Map([[2, new Uint8Array(96)]]) };
    const scene = { background: 0, objects: [{ class: "dog", colour: null, size: 2, x: 4, y: 4 }] };
    expect(pixel(renderScene(opaque, scene), 4, 4)).toEqual([255, 255, 255]);
    expect(pixel(renderScene(clear, scene), 4, 4)).toEqual([100, 200, 250]);
  });

  it("names what is missing", () => {
    const scene = (name: string, size: number) => ({
      background: 0,
      objects: [{ class: name, colour: null, size, x: 0, y: 0 }],
    });
    for (const bad of [scene("car", 2), scene("dog", 3), { background: 4, objects: [] }]) {
      expect(() => renderScene(sprites, bad)).toThrow(expect.objectContaining({ code: "badInput" }));
    }
  });
});

/** sRGB 0–255 → CIE L*a*b* (D65), where distance is roughly what an eye sees. */
function toLab(rgb: readonly number[]): number[] {
  const linear = rgb.map((value) => {
    const unit = value / 255;
    return unit <= 0.04045 ? unit / 12.92 : ((unit + 0.055) / 1.055) ** 2.4;
  });
  const rows = [
    [0.4124, 0.3576, 0.1805, 0.9505],
    [0.2126, 0.7152, 0.0722, 1],
    [0.0193, 0.1192, 0.9505, 1.089],
  ] as const;
  const [x = 0, y = 0, z = 0] = rows.map(([r, g, b, white]) => {
    const share = (r * (linear[0] ?? 0) + g * (linear[1] ?? 0) + b * (linear[2] ?? 0)) / white;
    return share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe("sprites", () => {
  it.each(WORLD_PRESETS)("are shipped for every class, size and colour of %s", (preset) => {
    const world = worldPreset(preset);
    const sprites = openSprites(spriteBytes, world);
    for (const size of world.sizes) {
      for (const name of world.classes) {
        const natural = spriteOf(sprites, name, null, size);
        const ink = natural.filter((value, at) => at % 4 === 3 && value >= 128).length;
        expect(ink / size ** 2, name).toBeGreaterThan(0.12);
      }
    }
    const atlas = readSafetensors(writeSpriteAtlas(sprites, {})).tensors.get(`sprites.${world.sizes[0]}`);
    const [size] = world.sizes;
    expect(atlas?.shape).toEqual([world.classes.length, 1 + world.colours.length, size, size, 4]);
  });

  it("wear each colour so that its mean is nearest to that colour of the ten", () => {
    const sprites = openSprites(spriteBytes, spec);
    const confused: string[] = [];
    for (const name of spec.classes) {
      for (const { name: colour } of COLOURS) {
        const sprite = spriteOf(sprites, name, colour, 40);
        const sums = [0, 0, 0, 0];
        for (let at = 0; at < sprite.length; at++) {
          const alpha = sprite[at - (at % 4) + 3] ?? 0;
          sums[at % 4] = (sums[at % 4] ?? 0) + (at % 4 === 3 ? alpha : (sprite[at] ?? 0) * alpha);
        }
        const mean = sums.slice(0, 3).map((sum) => sum / (sums[3] ?? 1));
        const seen = toLab(mean);
        const distance = (rgb: readonly number[]) =>
          Math.hypot(...toLab(rgb).map((v, i) => v - (seen[i] ?? 0)));
        const nearest = COLOURS.toSorted((a, b) => distance(a.rgb) - distance(b.rgb))[0];
        if (nearest?.name !== colour) confused.push(`${colour} ${name} looks ${nearest?.name}`);
      }
    }
    expect(confused).toEqual([]);
  });

  it("keep alpha and body colour when tinted", () => {
    const grey = Uint8Array.from({ length: 4 * 16 }, (_, at) => (at % 4 === 3 ? 200 : 90));
    expect([...tintSprite(grey, [229, 57, 53]).slice(0, 4)]).toEqual([229, 57, 53, 200]);
  });

  it("are refused when damaged", () => {
    const wrong = writeSafetensors(new Map(), { classes: "[]" });
    expect(() => openSprites(wrong, spec)).toThrow(expect.objectContaining({ code: "fileCorrupt" }));
    expect(() => openSprites(writeSafetensors(new Map()), spec)).toThrow(
      expect.objectContaining({ code: "fileCorrupt" }),
    );
  });
});
