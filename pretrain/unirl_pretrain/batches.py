"""Training data of the transformer: scenes and their codes -> rows of both tasks."""

from typing import NamedTuple

import numpy as np

from .rows import IGNORE, Rows, masked_images, mmu_block, mmu_rows, t2i_rows, t2i_text, veiled_codes
from .showo import ShowoConfig
from .unseen import UnseenPairs
from .words import WordTokenizer
from .world import Order, Scenes


class Batch(NamedTuple):
    t2i: Rows
    mmu: Rows
    position: int  # of the scene order after this batch
    rng: dict  # state of the masking generator after this batch


class Batches:
    """Draws both tasks' sub-batches from one endless order of scenes; resumable from (position, rng state)."""

    def __init__(
        self, cfg: ShowoConfig, words: WordTokenizer, scenes: Scenes, codes: np.ndarray, train: int,
        sizes: tuple[int, int], dropout: float, seed: int, position: int = 0, rng_state: dict | None = None, veil: float = 0,
        unseen: UnseenPairs | None = None,
    ):  # fmt: skip
        self.cfg, self.words, self.scenes, self.codes = cfg, words, scenes, codes
        self.sizes, self.dropout, self.veil, self.unseen = sizes, dropout, veil, unseen
        self.order = Order(train, seed, position)
        self.rng = np.random.default_rng(seed)
        if rng_state:
            self.rng.bit_generator.state = rng_state

    def draw(self) -> Batch:
        t2i, mmu = self._t2i(self.order.take(self.sizes[0])), self._mmu(self.order.take(self.sizes[1]))
        return Batch(t2i, mmu, self.order.position, self.rng.bit_generator.state)

    def _t2i(self, chosen: list[int]) -> Rows:
        dropped = self.rng.random(len(chosen)) < self.dropout
        texts = [
            t2i_text(self.cfg, [] if drop else self.words.encode(self.scenes[i].prompt)) for i, drop in zip(chosen, dropped)
        ]
        images, labels = masked_images(self.cfg, self.codes[chosen], self.rng)
        return t2i_rows(self.cfg, texts, images, labels)

    def _mmu(self, chosen: list[int]) -> Rows:
        blocks = [[mmu_block(self.cfg, self.words, q, a) for q, a in self.scenes[i].questions] for i in chosen]
        codes = veiled_codes(self.cfg, self.codes[chosen], self.veil, self.rng) if self.veil else self.codes[chosen]
        rows = mmu_rows(self.cfg, codes, blocks)
        if self.unseen:
            rows.excluded = np.zeros((*rows.labels.shape, self.cfg.text), bool)
            for b, i in enumerate(chosen):
                for at in np.flatnonzero(rows.labels[b] != IGNORE):
                    rows.excluded[b, at, list(self.unseen.excluded(self.scenes[i], rows.labels[b, at]))] = True
        return rows
