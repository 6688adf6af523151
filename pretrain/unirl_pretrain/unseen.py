"""Class-colour pairs that training never shows, and how not to learn that they are impossible.

Some pairs are held out on purpose. Cross-entropy would take their absence for knowledge: a yellow thing is never an
umbrella. As the counts of such pairs are an accident of the data and not of the world, their words leave the softmax
wherever the pair is at stake (logit adjustment, Menon et al. 2021, for a prior of zero): nothing pushes them down, and
what shape and colour say on their own decides.
"""

import numpy as np

from .words import WordTokenizer
from .world import Scene, Scenes

COUNTED = 60_000


class UnseenPairs:
    """never[class, colour]: no object of that class wears that colour in the training scenes."""

    def __init__(self, scenes: Scenes, words: WordTokenizer, classes: list[str], colours: list[str]):
        seen = np.zeros((len(classes), len(colours)), bool)
        for index in range(min(len(scenes), COUNTED)):
            for kind, colour, *_ in scenes[index].objects:
                if colour:
                    seen[kind, colour - 1] = True
        self.never = ~seen
        self.class_words = [words.encode(name)[0] for name in classes]
        self.colour_words = [words.encode(name)[0] for name in colours]

    def excluded(self, scene: Scene, word: int) -> set[int]:
        """Words that may not count against `word` in an answer about the scene."""
        out: set[int] = set()
        for kind, colour, *_ in scene.objects:
            if not colour:
                continue
            if word == self.colour_words[colour - 1]:
                out.update(self.colour_words[other] for other in np.flatnonzero(self.never[kind]))
            if word == self.class_words[kind]:
                out.update(self.class_words[other] for other in np.flatnonzero(self.never[:, colour - 1]))
        return out - {word}
