"""How often the detector is right about scenes that are known: objects matched by class and place."""

from typing import NamedTuple

import numpy as np

from .detector import DetectorConfig, Found

MIN_SCORE = 0.3  # GenEval's, to believe an object
MIN_SCORE_COUNTING = 0.9  # GenEval's, to count it
MIN_OVERLAP = 0.5  # intersection over union of what is the same object


class Counts(NamedTuple):
    """Whole numbers; [classes] except the last three."""

    there: np.ndarray  # objects of the scenes
    seen: np.ndarray  # detections above 0.3
    hits: np.ndarray  # of these, on an object of that class that no better one took
    sure: np.ndarray  # hits above 0.9
    colours: np.ndarray  # [true, said] colours of hits on coloured objects
    exact: int  # pictures where what is above 0.9 is what is there, nothing missing or more
    pictures: int


def shared_area(a: tuple, b: tuple) -> float:
    """Intersection over union of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def count_matches(cfg: DetectorConfig, found: list[list[Found]], scenes: list[list[list[int]]]) -> Counts:
    """found and scenes: one list of objects a picture."""
    there, seen, hits, sure = (np.zeros(len(cfg.classes), int) for _ in range(4))
    colours, exact = np.zeros((len(cfg.colours),) * 2, int), 0
    for detections, objects in zip(found, scenes):
        left = [(kind, colour, (x, y, x + size, y + size)) for kind, colour, size, x, y in objects]
        np.add.at(there, [kind for kind, *_ in objects], 1)
        strays = 0
        sure_before = sure.sum()
        for one in sorted(detections, key=lambda d: -d.score):
            if one.score <= MIN_SCORE:
                continue
            seen[one.kind] += 1
            overlaps = [shared_area(box, one.box) if kind == one.kind else 0.0 for kind, _, box in left]
            best = int(np.argmax(overlaps)) if left else -1
            is_sure = one.score > MIN_SCORE_COUNTING
            if best < 0 or overlaps[best] < MIN_OVERLAP:
                strays += is_sure
                continue
            _, colour, _ = left.pop(best)
            hits[one.kind] += 1
            sure[one.kind] += is_sure
            if colour:
                colours[colour - 1, one.colour] += 1
        exact += strays == 0 and sure.sum() - sure_before == len(objects)
    return Counts(there, seen, hits, sure, colours, int(exact), len(scenes))


def summarise(counts: Counts) -> dict[str, float]:
    return {
        "precision": float(counts.hits.sum() / max(1, counts.seen.sum())),
        "recall": float(counts.hits.sum() / max(1, counts.there.sum())),
        "sure": float(counts.sure.sum() / max(1, counts.there.sum())),
        "exact": counts.exact / max(1, counts.pictures),
        "colour": float(np.trace(counts.colours) / max(1, counts.colours.sum())),
    }
