"""How often the detector is right about scenes that are known: objects matched by class and place."""

from typing import NamedTuple

import numpy as np

from .detector import DetectorConfig, Found

MIN_SCORE = 0.3  # GenEval's, to believe an object
MIN_SCORE_COUNTING = 0.9  # GenEval's, to count it
MIN_OVERLAP = 0.5  # intersection over union of what is the same object


class Counts(NamedTuple):
    """Whole numbers; [classes] except the last four."""

    there: np.ndarray  # objects of the scenes
    sure: np.ndarray  # hits above 0.9
    said: np.ndarray  # [classes + 1, classes] what stands where a class is seen above 0.3; the diagonal are hits, the last row nothing
    colours: np.ndarray  # [true, said] colours of hits on coloured objects
    exact: int  # pictures where what is above 0.9 is what is there, nothing missing or more
    pictures: int

    @property
    def seen(self) -> np.ndarray:
        """Detections above 0.3, [classes]."""
        return self.said.sum(0)

    @property
    def hits(self) -> np.ndarray:
        """Of these, on an object of that class that no better one took."""
        return self.said.diagonal()


def shared_area(a: tuple, b: tuple) -> float:
    """Intersection over union of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def where(box: tuple, objects: list[tuple]) -> int:
    """Which of the objects (kind, colour, box) shares most with the box, and at least half of their union; -1: none."""
    overlaps = [shared_area(other, box) for _, _, other in objects]
    best = int(np.argmax(overlaps)) if objects else -1
    return best if best >= 0 and overlaps[best] >= MIN_OVERLAP else -1


def count_matches(cfg: DetectorConfig, found: list[list[Found]], scenes: list[list[list[int]]]) -> Counts:
    """found and scenes: one list of objects a picture."""
    kinds = len(cfg.classes)
    there, sure, said = np.zeros(kinds, int), np.zeros(kinds, int), np.zeros((kinds + 1, kinds), int)
    colours, exact = np.zeros((len(cfg.colours),) * 2, int), 0
    for detections, objects in zip(found, scenes):
        left = [(kind, colour, (x, y, x + size, y + size)) for kind, colour, size, x, y in objects]
        all_objects, strays, sure_before = list(left), 0, sure.sum()
        np.add.at(there, [kind for kind, *_ in objects], 1)
        for one in sorted(detections, key=lambda d: -d.score):
            if one.score <= MIN_SCORE:
                continue
            own = [item for item in left if item[0] == one.kind]
            best, is_sure = where(one.box, own), one.score > MIN_SCORE_COUNTING
            if best < 0:
                others = [item for item in all_objects if item[0] != one.kind]
                under = where(one.box, others)
                said[others[under][0] if under >= 0 else kinds, one.kind] += 1
                strays += is_sure
                continue
            left.remove(own[best])
            said[one.kind, one.kind] += 1
            sure[one.kind] += is_sure
            if colour := own[best][1]:
                colours[colour - 1, one.colour] += 1
        exact += strays == 0 and sure.sum() - sure_before == len(objects)
    return Counts(there, sure, said, colours, int(exact), len(scenes))


def confusions(said: np.ndarray) -> list[tuple[int, int]]:
    """(true, said) classes that are seen where another stands, the most frequent first; ties in the classes' order."""
    mixed = [(int(i), int(j)) for i, j in np.argwhere(said[:-1] > 0) if i != j]
    return sorted(mixed, key=lambda pair: -said[pair])


def summarise(counts: Counts) -> dict[str, float]:
    return {
        "precision": float(counts.hits.sum() / max(1, counts.seen.sum())),
        "recall": float(counts.hits.sum() / max(1, counts.there.sum())),
        "sure": float(counts.sure.sum() / max(1, counts.there.sum())),
        "exact": counts.exact / max(1, counts.pictures),
        "colour": float(np.trace(counts.colours) / max(1, counts.colours.sum())),
    }
