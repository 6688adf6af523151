/** Both painters give the same bytes, so that a model sees here the images it was trained on. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openSprites, renderScene } from "./render.ts";
import type { Scene } from "./scenes.ts";
import { parseWorldSpec, type WorldSpec } from "./worldSpec.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const sprites = new Uint8Array(readFileSync(join(HERE, "../../../public/world/sprites.safetensors")));

/** As a scene shard has it: background and objects [class, colour (0 natural), size, x, y]. */
interface PaintedScene {
  readonly b: number;
  readonly o: readonly (readonly [number, number, number, number, number])[];
  readonly sha256: string;
}

interface PaintedWorld {
  readonly spec: WorldSpec;
  readonly scenes: PaintedScene[];
}

/** Made by pretrain/unirl_pretrain/painter_fixture.py, whose header has the command: a world, then its scenes. */
function readPaintedWorlds(): PaintedWorld[] {
  const worlds: PaintedWorld[] = [];
  const lines = readFileSync(join(HERE, "__fixtures__/painter.jsonl"), "utf8").trim().split("\n");
  for (const line of lines) {
    const row = JSON.parse(line);
    if ("format" in row) worlds.push({ spec: parseWorldSpec(row), scenes: [] });
    else worlds.at(-1)?.scenes.push(row);
  }
  return worlds;
}

function toScene(spec: WorldSpec, { b, o }: PaintedScene): Scene {
  const objects = o.map(([kind, colour, size, x, y]) => ({
    class: spec.classes[kind] ?? "",
    colour: colour === 0 ? null : (spec.colours[colour - 1] ?? ""),
    size,
    x,
    y,
  }));
  return { background: b, objects };
}

describe("renderScene and the Python painter", () => {
  it.each(readPaintedWorlds())("give the same bytes, $spec.side pixels wide", ({ spec, scenes }) => {
    const opened = openSprites(sprites, spec);
    expect(scenes).toHaveLength(48);
    const different = scenes.filter((scene) => {
      const image = renderScene(opened, toScene(spec, scene));
      return createHash("sha256").update(image).digest("hex") !== scene.sha256;
    });
    expect(different).toEqual([]);
  });
});
