"""The outside judge's eyes: a small network that finds icons, and shares nothing with the models whose pictures it reads.

Objects as points (Zhou, Wang, Krähenbühl, "Objects as points", 2019): each cell of a grid, 4 pixels apart, says how
sure it is that an object of each class has its centre there, and where and how large and of which colour that object
would be. Differs: the target is one cell and no bump around it. The eight cells around a centre may say what they like,
since only the strongest of neighbours counts; so a score is a plain probability, and a seen object comes close to 1.
"""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

STRIDE = 4
BOX = 4  # outputs: centre x, centre y as seen from the cell, width, height; all in cells
TYPICAL_SIZE = 8.0  # cells


@dataclass
class DetectorConfig:
    """Names in the order of the outputs. Pixels enter as value / 127.5 - 1."""

    classes: list[str]
    colours: list[str]
    side: int = 64
    width: int = 64
    blocks: int = 4

    def to_json(self) -> dict:
        return {"model_type": "detector", **asdict(self), "stride": STRIDE, "pixel_mean": 127.5, "pixel_scale": 127.5}

    @property
    def outputs(self) -> int:
        return len(self.classes) + BOX + len(self.colours)


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        nn.init.zeros_(self.conv2.weight)  # no normalisation: blocks begin as identities instead

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


class Detector(nn.Module):
    def __init__(self, cfg: DetectorConfig):
        super().__init__()
        self.cfg = cfg
        self.conv_in = nn.Conv2d(3, cfg.width // 2, 3, stride=2, padding=1)
        self.conv_down = nn.Conv2d(cfg.width // 2, cfg.width, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(cfg.width) for _ in range(cfg.blocks))
        self.head = nn.Conv2d(cfg.width, cfg.outputs, 1)
        with torch.no_grad():  # hardly any cell is the centre of anything, and sizes are no guess
            self.head.bias[: len(cfg.classes)] = -6.0
            self.head.bias[len(cfg.classes) + 2 : len(cfg.classes) + BOX] = TYPICAL_SIZE

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B,3,H,W) in [-1,1] -> (B, classes + 4 + colours, H/4, W/4): class logits, box, colour logits."""
        x = F.relu(self.conv_down(F.relu(self.conv_in(pixels))))
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Targets(NamedTuple):
    centres: torch.Tensor  # f32 (B,classes,h,w), 1 where an object's centre is
    weight: torch.Tensor  # f32 like centres, 0 around a centre of the same class
    cells: torch.Tensor  # i64 (M,3): image, row, column of each centre and its neighbours
    boxes: torch.Tensor  # f32 (M,4)
    colours: torch.Tensor  # i64 (M,), -100 for an object in its own colours


def make_targets(cfg: DetectorConfig, scenes: list[list[list[int]]], device: torch.device) -> Targets:
    """scenes: of each image the objects (class, colour, size, x, y); colour 0 is the icon's own."""
    grid = cfg.side // STRIDE
    centres = np.zeros((len(scenes), len(cfg.classes), grid, grid), np.float32)
    weight = np.ones_like(centres)
    cells, boxes, colours = [], [], []
    for image, objects in enumerate(scenes):
        for kind, colour, size, x, y in objects:
            cx, cy = (x + size / 2) / STRIDE, (y + size / 2) / STRIDE
            column, row = nearest_cell(cx, grid), nearest_cell(cy, grid)
            centres[image, kind, row, column] = 1
            for r in range(max(row - 1, 0), min(row + 2, grid)):
                for c in range(max(column - 1, 0), min(column + 2, grid)):
                    weight[image, kind, r, c] = 0
                    cells.append((image, r, c))
                    boxes.append((cx - c, cy - r, size / STRIDE, size / STRIDE))
                    colours.append(colour - 1 if colour else -100)
    weight[centres == 1] = 1
    to = lambda array, dtype, *shape: torch.from_numpy(np.array(array, dtype).reshape(shape)).to(device)  # noqa: E731
    return Targets(
        to(centres, np.float32, *centres.shape), to(weight, np.float32, *weight.shape),
        to(cells, np.int64, -1, 3), to(boxes, np.float32, -1, BOX), to(colours, np.int64, -1),
    )  # fmt: skip


def nearest_cell(position: float, grid: int) -> int:
    """Cell k looks at 4k pixels: what stands on the world's grid is in the middle of a cell, not between two."""
    return min(max(int(position + 0.5), 0), grid - 1)


def loss_terms(cfg: DetectorConfig, output: torch.Tensor, targets: Targets) -> dict[str, torch.Tensor]:
    """Per object: cross-entropy of the class map, distance of the box in cells, cross-entropy of the colour."""
    kinds = len(cfg.classes)
    centre = F.binary_cross_entropy_with_logits(output[:, :kinds], targets.centres, targets.weight, reduction="sum")
    image, row, column = targets.cells.unbind(1)
    there = output[image, kinds:, row, column]  # (M, 4 + colours)
    coloured = (targets.colours >= 0).sum().clamp(min=1)
    return {
        "centre": centre / targets.centres.sum().clamp(min=1),
        "box": (there[:, :BOX] - targets.boxes).abs().sum() / max(1, len(there)),
        "colour": F.cross_entropy(there[:, BOX:], targets.colours, reduction="sum") / coloured,
    }


class Found(NamedTuple):
    kind: int
    score: float
    box: tuple[float, float, float, float]  # x1, y1, x2, y2 in pixels
    colour: int


def find_objects(cfg: DetectorConfig, output: torch.Tensor, min_score: float) -> list[list[Found]]:
    """(B, outputs, h, w) -> of each image the peaks above min_score, by class, row and column.

    A peak is the highest of its 3 x 3 cells; of equal ones the first. Logits are compared: they do not saturate.
    """
    kinds = len(cfg.classes)
    logits = output[:, :kinds]
    around = F.max_pool2d(logits, 3, stride=1, padding=1)
    scores = logits.sigmoid()
    found: list[list[Found]] = [[] for _ in output]
    taken: set[tuple[int, int, int, int]] = set()
    for image, kind, row, column in ((logits == around) & (scores > min_score)).nonzero().tolist():
        if any((image, kind, row + r, column + c) in taken for r, c in ((-1, -1), (-1, 0), (-1, 1), (0, -1))):
            continue
        taken.add((image, kind, row, column))
        dx, dy, width, height = output[image, kinds : kinds + BOX, row, column].tolist()
        x, y = (column + dx) * STRIDE, (row + dy) * STRIDE
        w, h = max(width, 0.0) * STRIDE / 2, max(height, 0.0) * STRIDE / 2
        colour = int(output[image, kinds + BOX :, row, column].argmax())
        found[image].append(Found(kind, scores[image, kind, row, column].item(), (x - w, y - h, x + w, y + h), colour))
    return found
