"""Scene files written by `unirl world`: read, shuffle, paint. TypeScript is the author; here they are only used."""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np

from . import safetensors_io

T = TypeVar("T")


class Scene(NamedTuple):
    """One scene. objects: (class, colour, size, x, y), painted in order."""

    background: int
    objects: list[list[int]]
    tag: str
    prompt: str
    questions: list[list[str]]


class Painter:
    """Paints scenes from the sprite atlas. Exactly the integer formula of the TypeScript painter."""

    def __init__(self, folder: str):
        with open(os.path.join(folder, "world.json"), encoding="utf-8") as file:
            self.world = json.load(file)
        self.side: int = self.world["side"]
        self.backgrounds = np.array(self.world["backgrounds"], np.uint16)
        self.sprites = {}
        for name, sprites in safetensors_io.load(os.path.join(folder, "sprites.safetensors")).items():
            rgba = sprites.astype(np.uint16)  # [classes, 1 + colours, s, s, 4]
            alpha = rgba[..., 3:]
            # a*src + 127 and 255 - a once per sprite: a*src + (255-a)*dst + 127 <= 65152 fits u16
            self.sprites[int(name.split(".")[1])] = (rgba[..., :3] * alpha + np.uint16(127), np.uint16(255) - alpha)

    def paint(self, scenes: list[Scene]) -> np.ndarray:
        """-> u8 [B, side, side, 3]."""
        side = self.side
        canvas = np.empty((len(scenes), side, side, 3), np.uint16)
        canvas[:] = self.backgrounds[[scene.background for scene in scenes]][:, None, None]
        for image, scene in zip(canvas, scenes):
            for kind, colour, size, x, y in scene.objects:
                source, rest = self.sprites[size]
                x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + size, side), min(y + size, side)
                crop = np.s_[kind, colour, y0 - y : y1 - y, x0 - x : x1 - x]
                target = image[y0:y1, x0:x1]
                target *= rest[crop]
                target += source[crop]
                target //= np.uint16(255)
        return canvas.astype(np.uint8)

    def background_pixels(self, scenes: list[Scene]) -> np.ndarray:
        """-> u8 [B, 1, 1, 3], the background colour of each scene."""
        return self.backgrounds[[scene.background for scene in scenes]].astype(np.uint8)[:, None, None]


class Scenes:
    """All scenes of a folder, kept as raw lines (about 400 bytes each) and parsed on demand."""

    def __init__(self, folder: str):
        with open(os.path.join(folder, "world.json"), encoding="utf-8") as file:
            self.shards: list[str] = json.load(file)["shards"]
        self.folder = folder
        self._bytes, self._starts, lengths = [], [], []
        for shard in self.shards:
            with open(os.path.join(folder, shard), "rb") as file:
                data = file.read()
            ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
            self._bytes.append(data)
            self._starts.append(np.concatenate([[0], ends]))
            lengths.append(len(ends))
        self.first = np.concatenate([[0], np.cumsum(lengths)])  # index of each shard's first scene

    def __len__(self) -> int:
        return int(self.first[-1])

    def __getitem__(self, index: int) -> Scene:
        shard = int(np.searchsorted(self.first, index, side="right")) - 1
        line = int(index - self.first[shard])
        begin, end = self._starts[shard][line : line + 2]
        row = json.loads(self._bytes[shard][begin:end])
        return Scene(row["b"], row["o"], row["t"], row["p"], row["q"])


class Order:
    """An endless order of scene indices: each pass is a new permutation; the position is all one needs to resume."""

    def __init__(self, count: int, seed: int, position: int = 0):
        if count < 1:
            raise ValueError("No training scenes: the folder has fewer scenes than are held out. Write more scenes.")
        self.count, self.seed, self.position = count, seed, position
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def take(self, n: int) -> list[int]:
        """The next n indices."""
        taken: list[int] = []
        while len(taken) < n:
            epoch, offset = divmod(self.position, self.count)
            if epoch != self._epoch:
                if epoch > 0:
                    print(f"warning: all {self.count} scenes used, pass {epoch + 1} begins", file=sys.stderr)
                self._epoch = epoch
                self._permutation = np.random.default_rng([self.seed, epoch]).permutation(self.count)
            part = self._permutation[offset : offset + n - len(taken)].tolist()
            taken += part
            self.position += len(part)
        return taken


def prefetch(make: Callable[[], T], depth: int = 2) -> Iterator[T]:
    """Calls make() for ever in a background thread, `depth` results ahead. An error in it ends the iteration."""
    ready: queue.Queue = queue.Queue(maxsize=depth)

    def work() -> None:
        try:
            while True:
                ready.put((make(), None))
        except BaseException as error:  # handed to the consumer, which raises it
            ready.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    while True:
        value, error = ready.get()
        if error is not None:
            raise error
        yield value


def to_model(pixels: np.ndarray) -> np.ndarray:
    """u8 [B,H,W,3] -> f32 [B,3,H,W] in [-1,1]."""
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)).astype(np.float32) / 127.5 - 1


def pixels_and_mask(painter: Painter, scenes: list) -> tuple[np.ndarray, np.ndarray]:
    """-> f32 model pixels (B,3,H,W) and f32 mask (B,1,H,W) of pixels that differ from the background."""
    pixels = painter.paint(scenes)
    objects = (pixels != painter.background_pixels(scenes)).any(3)
    return to_model(pixels), objects[:, None].astype(np.float32)
