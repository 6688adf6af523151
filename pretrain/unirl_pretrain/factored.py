"""Image codes in two factors: what colour, and what shape.

A code's first four bits name the tint of its cell (the icon's own colours, one of the world's, or which background), the
rest its shape. Nobody names the shapes: the shape bits of a picture have to paint the same scene in other colours, so
whatever they say of colour is wrong half of the time, and they learn to leave it out. Then a class in a colour that it was
never seen in is a known shape code in a known tint. The format stays MAGVIT-v2's: signs of z, most significant bit first.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from .lfq import commitment, entropies, quantise
from .magvit2 import MagvitV2
from .world import Painter, Scene, Scenes, pixels_and_mask

TINT_BITS = 4
COUNTED = 60_000  # scenes searched for the colours that a class wears


class Views(NamedTuple):
    """Two paintings of the same scenes. Cells are row-major."""

    pixels: np.ndarray  # f32 (2,B,3,H,W)
    objects: np.ndarray  # f32 (B,1,H,W), 1 where a pixel differs from the background
    tints: np.ndarray  # int64 (2,B,h,w), index of a cell's tint
    plain: np.ndarray  # bool (B,h,w), cells without an object's pixel


class Wardrobe:
    """Colours that training shows each class in (0: its own), so that repainting shows no pair that is held out."""

    def __init__(self, scenes: Scenes):
        worn: dict[int, set[int]] = {}
        for index in range(min(len(scenes), COUNTED)):
            for kind, colour, *_ in scenes[index].objects:
                worn.setdefault(kind, set()).add(colour)
        self.colours = {kind: sorted(found) for kind, found in worn.items()}

    def dress(self, scene: Scene, backgrounds: int, rng: np.random.Generator) -> Scene:
        """The scene in other colours before another background. Its sentences no longer hold."""
        objects = [[kind, int(rng.choice(self.colours[kind])), *place] for kind, _, *place in scene.objects]
        return scene._replace(background=int(rng.integers(backgrounds)), objects=objects)


def cell_tints(scenes: list[Scene], plain: np.ndarray, cell: int) -> np.ndarray:
    """-> int64 (B,h,w): the background's index in plain cells, elsewhere the colour of the object painted last."""
    tints = np.zeros(plain.shape, np.int64)
    for image, scene in zip(tints, scenes):
        image[:] = scene.background
    for image, empty, scene in zip(tints, plain, scenes):
        for _, colour, size, x, y in scene.objects:
            box = np.s_[y // cell : -(-(y + size) // cell), x // cell : -(-(x + size) // cell)]
            image[box] = np.where(empty[box], image[box], colour)
    return tints


def draw_views(painter: Painter, wardrobe: Wardrobe, scenes: list[Scene], cell: int, rng: np.random.Generator) -> Views:
    others = [wardrobe.dress(scene, len(painter.backgrounds), rng) for scene in scenes]
    (first, objects), (second, _) = (pixels_and_mask(painter, view) for view in (scenes, others))
    batch, _, height, width = objects.shape
    plain = objects.reshape(batch, height // cell, cell, width // cell, cell).max((2, 4)) == 0
    tints = np.stack([cell_tints(view, plain, cell) for view in (scenes, others)])
    return Views(np.stack([first, second]), objects, tints, plain)


def tint_signs(tints: torch.Tensor) -> torch.Tensor:
    """int64 (B,h,w) -> f32 (B,TINT_BITS,h,w) of -1 and +1, most significant first."""
    shifts = torch.arange(TINT_BITS - 1, -1, -1)
    return ((tints[:, None] >> shifts[:, None, None]) & 1).float() * 2 - 1


def loss_terms(model: MagvitV2, views: Views, object_weight: float, autocast: bool) -> dict[str, torch.Tensor]:
    """Terms of one step; `reconstruct` paints each view from the other's shapes and its own tints."""
    pixels, objects, tints, plain = (torch.from_numpy(np.ascontiguousarray(array)) for array in views)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        z = model.encoder(pixels.flatten(0, 1)).float()
    wanted = tint_signs(tints.flatten(0, 1))
    empty = plain[:, None].float().repeat(2, 1, 1, 1)
    said, shape = z[:, :TINT_BITS], z[:, TINT_BITS:]
    crossed = torch.cat([wanted, quantise(shape).roll(len(plain), 0)], 1)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        painted = model.decoder(crossed).float()
    weight = (1 + (object_weight - 1) * objects).repeat(2, 1, 1, 1)
    error = painted - pixels.flatten(0, 1)
    cells = (empty[:, 0] == 0).flatten()
    flat = shape.permute(0, 2, 3, 1).flatten(0, 2)[cells]
    cell_entropy, mean_entropy = entropies(flat)
    other = shape.detach().roll(len(plain), 0).sign()
    taken = F.logsigmoid(-4 * shape).sum(1, keepdim=True).exp()  # how sure a cell is of the plain shape, all bits -1
    filled = 1 - empty
    return {
        "l1": (weight * error.abs()).mean(),
        "l2": (weight * error * error).mean(),
        "tint": F.softplus(-4 * wanted * said).mean(),
        "plain": (empty * F.softplus(4 * shape)).sum() / (empty.sum() * shape.shape[1]) + (filled * taken).sum() / filled.sum(),
        "agree": (filled * F.softplus(-4 * other * shape)).sum() / (filled.sum() * shape.shape[1]),
        "commit": commitment(z),
        "cell_entropy": cell_entropy,
        "mean_entropy": mean_entropy,
        "error": error.abs().mean().detach(),
        "tints_right": ((said > 0) == (wanted > 0)).all(1).float().mean().detach(),
        "shapes_agree": ((shape > 0) == (other > 0)).all(1).flatten()[cells].float().mean().detach(),
    }
