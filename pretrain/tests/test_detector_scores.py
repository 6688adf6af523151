"""What the detector's scores count, on pictures whose answers are known by hand.

python tests/test_detector_scores.py
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from unirl_pretrain.detector import DetectorConfig, Found  # noqa: E402
from unirl_pretrain.detector_scores import Counts, confusions, count_matches, shared_area, summarise  # noqa: E402
from unirl_pretrain.score_detector import describe_confusions  # noqa: E402

DOG, CAT, CAR = range(3)
CFG = DetectorConfig(classes=["dog", "cat", "car"], colours=["red", "blue"])
LEFT, RIGHT, AWAY = (0, 0, 16, 16), (32, 0, 48, 16), (0, 40, 16, 56)


def count() -> Counts:
    """A red dog and a cat in its own colours, twice; then an empty picture."""
    scene = [[DOG, 1, 16, 0, 0], [CAT, 0, 16, 32, 0]]
    first = [
        Found(DOG, 0.95, LEFT, 1),  # found, in the wrong colour
        Found(CAR, 0.5, (2, 0, 18, 16), 0),  # on the dog, of which it shares 14/18
        Found(CAR, 0.4, (9, 0, 25, 16), 0),  # shares 7/25 with the dog: on nothing
        Found(DOG, 0.6, RIGHT, 0),  # the cat as a dog
        Found(DOG, 0.35, LEFT, 0),  # the dog once more
        Found(CAT, 0.3, RIGHT, 0),  # too faint
    ]
    second = [Found(DOG, 0.99, LEFT, 0), Found(CAT, 0.92, RIGHT, 0), Found(CAR, 0.31, RIGHT, 0)]
    return count_matches(CFG, [first, second, [Found(CAT, 0.97, AWAY, 0)]], [scene, scene, []])


def test_what_is_said_where() -> None:
    counts = count()
    #                              dog cat car
    assert counts.said.tolist() == [
        [2, 0, 1],  # where a dog stands
        [1, 1, 1],  # a cat
        [0, 0, 0],  # a car
        [1, 1, 1],  # nothing, or what was found already
    ]
    assert counts.there.tolist() == [2, 2, 0]
    assert counts.seen.tolist() == [4, 2, 3] and counts.hits.tolist() == [2, 1, 0]
    assert counts.sure.tolist() == [2, 1, 0]
    assert counts.colours.tolist() == [[1, 1], [0, 0]]
    assert (counts.exact, counts.pictures) == (1, 3)


def test_shares_of_the_counts() -> None:
    assert summarise(count()) == {"precision": 3 / 9, "recall": 3 / 4, "sure": 3 / 4, "exact": 1 / 3, "colour": 1 / 2}
    assert shared_area((0, 0, 16, 16), (8, 0, 24, 16)) == 1 / 3


def test_confusions_come_by_frequency() -> None:
    said = count().said
    assert confusions(said) == [(DOG, CAR), (CAT, DOG), (CAT, CAR)]
    said[CAT, CAR] = 5
    assert confusions(said) == [(CAT, CAR), (DOG, CAR), (CAT, DOG)]


def test_the_card_tells_confusions_of_both_kinds() -> None:
    one = count()
    clean = one._replace(said=one.said * [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
    lines = describe_confusions(CFG, {"painted": clean, "reconstructed": one})
    assert "(3 pairs;" in lines[0]
    assert lines[4:] == [
        "| of the class that stands there | 3 | 3 |",
        "| of another class, on an object | 0 | 3 |",
        "| on nothing, or on an object of that class once more | 0 | 3 |",
        "| dog, seen as car | 0 | 1 |",
        "| cat, seen as dog | 0 | 1 |",
        "| cat, seen as car | 0 | 1 |",
    ]
    assert "(no pair;" in describe_confusions(CFG, {"painted": clean})[0]


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
