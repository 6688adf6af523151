"""Scenes and checksums of what this side paints, for the TypeScript painter to agree with byte by byte.

    npx unirl world --classes nano --scenes 24 --seed 5 --split all --out ../data/paint-nano     # and the same with tiny
    python -m unirl_pretrain.painter_fixture --data ../data/paint-nano ../data/paint-tiny \
      --out ../src/engine/world/__fixtures__/painter.jsonl

Of every folder: all its scenes, then as many with sprites strewn anywhere, one over another and across the edges, in
every size and with every class and colour. To be made again when the sprites or a world change.
"""

import argparse
import hashlib
import json

import numpy as np

from .world import Painter, Scene, Scenes

OBJECTS = 4
KEPT = ("format", "side", "classes", "colours", "sizes", "backgrounds")


def strew(world: dict, count: int, rng: np.random.Generator) -> list[Scene]:
    """Scenes with a part of each object on the canvas; classes and colours take turns, so that none is missing."""
    side, kinds, colours = world["side"], len(world["classes"]), 1 + len(world["colours"])
    scenes = []
    for number in range(count):
        objects = []
        for at in range(number * OBJECTS, (number + 1) * OBJECTS):
            size = int(rng.choice(world["sizes"]))
            x, y = rng.integers(1 - size, side, 2).tolist()
            objects.append([at % kinds, at % colours, size, x, y])
        scenes.append(Scene(number % len(world["backgrounds"]), objects, "", "", []))
    return scenes


def paint_folder(folder: str) -> list[dict]:
    """-> the world, then of each scene its background, objects and the SHA-256 of its u8 RGB [side, side, 3]."""
    painter, stored = Painter(folder), Scenes(folder)
    scenes = [stored[i] for i in range(len(stored))]
    scenes += strew(painter.world, len(scenes), np.random.default_rng(0))
    rows = [
        {"b": scene.background, "o": scene.objects, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}
        for scene, image in zip(scenes, painter.paint(scenes))
    ]
    return [{key: painter.world[key] for key in KEPT}, *rows]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, nargs="+", help="folders of `unirl world`")
    p.add_argument("--out", required=True)
    args = p.parse_args()
    lines = [json.dumps(row) for folder in args.data for row in paint_folder(folder)]
    with open(args.out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(f"{len(lines) - len(args.data)} scenes of {len(args.data)} worlds: {args.out}")


if __name__ == "__main__":
    main()
