"""Pictures to train the detector on: scenes strewn at random, tokenizer round trips, and worse light."""

import numpy as np
import torch
import torch.nn.functional as F

from .magvit2 import MagvitV2
from .world import Scene

MOST_OBJECTS = 5
MOST_OVERLAP = 0.15  # of the smaller box


def strew(world: dict, count: int, rng: np.random.Generator) -> list[Scene]:
    """Scenes of none to five objects anywhere, half of them of one class: what a model draws keeps to no layout."""
    kinds, colours = len(world["classes"]), 1 + len(world["colours"])
    scenes = []
    for _ in range(count):
        objects: list[list[int]] = []
        only = int(rng.integers(kinds)) if rng.random() < 0.5 else None
        for _ in range(rng.integers(MOST_OBJECTS + 1)):
            size = int(rng.choice(world["sizes"]))
            x, y = rng.integers(0, world["side"] - size + 1, 2).tolist()
            if all(overlap(size, x, y, *other[2:]) <= MOST_OVERLAP for other in objects):
                kind = int(rng.integers(kinds)) if only is None else only
                objects.append([kind, int(rng.integers(colours)), size, x, y])
        scenes.append(Scene(int(rng.integers(len(world["backgrounds"]))), objects, "", "", []))
    return scenes


def overlap(size: int, x: int, y: int, other_size: int, other_x: int, other_y: int) -> float:
    """Shared area of two squares, as a share of the smaller."""
    width = min(x + size, other_x + other_size) - max(x, other_x)
    height = min(y + size, other_y + other_size) - max(y, other_y)
    return max(width, 0) * max(height, 0) / min(size, other_size) ** 2


@torch.no_grad()
def reconstruct(tokenizer: MagvitV2, pixels: torch.Tensor, most_swapped: float = 0.0) -> torch.Tensor:
    """Pixels (B,3,H,W) after a round trip; up to a share of each picture's codes are another's of the same place."""
    codes = tokenizer.encode(pixels)
    share = most_swapped * torch.rand(len(codes), 1, device=codes.device)
    swapped = torch.rand(codes.shape, device=codes.device) < share
    return tokenizer.decode(torch.where(swapped, codes.flip(0), codes)).float().clamp(-1, 1)


def disturb(pixels: torch.Tensor) -> torch.Tensor:
    """Each picture a little blurred, brighter or darker, tinted and noisy, by its own chance. (B,3,H,W) -> same."""
    draw = lambda low, high, *shape: torch.empty(len(pixels), *(shape or (1, 1, 1)), device=pixels.device).uniform_(low, high)  # noqa: E731
    line = torch.tensor([0.25, 0.5, 0.25], device=pixels.device)
    kernel = (line[:, None] * line).expand(3, 1, 3, 3)
    blurred = F.conv2d(F.pad(pixels, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    pixels = pixels.lerp(blurred, draw(-1, 1.3).clamp(0, 1))
    pixels = pixels * draw(0.85, 1.1) + draw(-0.1, 0.1) + draw(-0.03, 0.03, 3, 1, 1)
    return (pixels + draw(-0.08, 0.12).clamp(min=0) * torch.randn_like(pixels)).clamp(-1, 1)
