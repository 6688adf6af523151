"""The outside judge's eyes: a small detector of coloured icons, sharing nothing with the models it judges.

Boxes by their centres (CenterNet, Zhou et al. 2019): every cell of a quarter-resolution grid says which classes have
their centre in it, where in the cell, how large the object is and which colour it wears. Differs: a centre is one cell
and its neighbours are left alone, instead of a Gaussian bump, so that the score of a seen object goes to 1 and GenEval's
threshold of 0.9 for counting means something.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

STRIDE = 4


class DetectorConfig(NamedTuple):
    """colours: names plus one, the last, for icons in their own colours."""

    classes: int
    colours: int
    width: int = 80
    blocks: int = 4


class Block(nn.Module):
    """x + conv(relu(conv(relu(x)))), the second convolution starting at zero."""

    def __init__(self, width: int):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv2(F.relu(self.conv1(F.relu(x))))


class Detector(nn.Module):
    """(B,3,H,W) in [-1,1] -> (B, classes + 4 + colours, H/4, W/4): class logits, offset (x,y) of the centre in its cell,
    size (w,h) in cells, colour logits."""

    def __init__(self, cfg: DetectorConfig):
        super().__init__()
        self.cfg = cfg
        self.conv_in = nn.Conv2d(3, cfg.width // 2, 3, stride=2, padding=1)
        self.conv_down = nn.Conv2d(cfg.width // 2, cfg.width, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(cfg.width) for _ in range(cfg.blocks))
        self.head = nn.Conv2d(cfg.width, cfg.classes + 4 + cfg.colours, 1)
        nn.init.constant_(self.head.bias[: cfg.classes], -5.0)  # few cells hold a centre

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = self.conv_down(F.relu(self.conv_in(pixels)))
        for block in self.blocks:
            x = block(x)
        return self.head(F.relu(x))


class Targets(NamedTuple):
    centre: np.ndarray  # f32 (B,classes,h,w), 1 at centres
    counted: np.ndarray  # f32 (B,classes,h,w), 0 next to centres of the same class
    cells: np.ndarray  # int64 (M,3): image, row, column of every object
    boxes: np.ndarray  # f32 (M,4): offset x, offset y, width, height in cells
    colours: np.ndarray  # int64 (M,)


def make_targets(cfg: DetectorConfig, objects: list[list[list[int]]], side: int) -> Targets:
    """objects: per image, (class, colour, size, x, y) as in Scene; colour 0 is the icon's own."""
    n, grid = len(objects), side // STRIDE
    centre = np.zeros((n, cfg.classes, grid, grid), np.float32)
    counted = np.ones_like(centre)
    cells, boxes, colours = [], [], []
    for image, listed in enumerate(objects):
        for kind, colour, size, x, y in listed:
            cx, cy = (x + size / 2) / STRIDE, (y + size / 2) / STRIDE
            column, row = min(max(int(cx), 0), grid - 1), min(max(int(cy), 0), grid - 1)
            around = np.s_[image, kind, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            counted[around] = 0
            centre[image, kind, row, column] = 1
            cells.append((image, row, column))
            boxes.append((cx - column, cy - row, size / STRIDE, size / STRIDE))
            colours.append((colour - 1) % cfg.colours)  # own colour: the last
    counted[centre == 1] = 1
    return Targets(centre, counted, np.array(cells, np.int64).reshape(-1, 3), np.array(boxes, np.float32).reshape(-1, 4), np.array(colours, np.int64))


def detection_loss(cfg: DetectorConfig, output: torch.Tensor, targets: Targets) -> dict[str, torch.Tensor]:
    """Terms per object: cross-entropy of the centres, L1 of the boxes (cells), cross-entropy of the colours."""
    to = lambda array: torch.from_numpy(array).to(output.device)  # noqa: E731
    objects = max(1, len(targets.cells))
    heat = output[:, : cfg.classes]
    centre = F.binary_cross_entropy_with_logits(heat, to(targets.centre), to(targets.counted), reduction="sum")
    at = to(targets.cells)
    seen = output[at[:, 0], cfg.classes :, at[:, 1], at[:, 2]]
    box = (seen[:, :4] - to(targets.boxes)).abs().sum()
    colour = F.cross_entropy(seen[:, 4:], to(targets.colours), reduction="sum")
    return {"centre": centre / objects, "box": box / objects, "colour": colour / objects}


class Detection(NamedTuple):
    kind: int
    score: float
    box: tuple[float, float, float, float]  # x1, y1, x2, y2 in pixels
    colour: int


@torch.no_grad()
def decode(cfg: DetectorConfig, output: torch.Tensor, threshold: float) -> list[list[Detection]]:
    """Peaks of the class maps: cells at least as high as their eight neighbours. Ordered by class, row, column."""
    heat = output[:, : cfg.classes].sigmoid()
    peaks = (heat == F.max_pool2d(heat, 3, 1, 1)) & (heat > threshold)
    found: list[list[Detection]] = [[] for _ in output]
    for image, kind, row, column in peaks.nonzero().tolist():
        dx, dy, w, h = output[image, cfg.classes : cfg.classes + 4, row, column].tolist()
        cx, cy = (column + dx) * STRIDE, (row + dy) * STRIDE
        box = (cx - w * STRIDE / 2, cy - h * STRIDE / 2, cx + w * STRIDE / 2, cy + h * STRIDE / 2)
        colour = int(output[image, cfg.classes + 4 :, row, column].argmax())
        found[image].append(Detection(kind, float(heat[image, kind, row, column]), box, colour))
    return found
