"""Token rows of both tasks, their position ids and attention masks.

t2i   pads (left) | t2i sot text eot | soi image eoi       text causal; soi..eoi see all text and all image
mmu   mmu soi codes eoi | sot "USER: \\n" question " ASSISTANT:" answer eot     prefix bidirectional, then causal
"""

from dataclasses import dataclass

import numpy as np

from .showo import ShowoConfig
from .words import WordTokenizer

IGNORE = -100


@dataclass
class Rows:
    """One batch. may_attend[b, i, j]: row i may look at column j. labels are already aligned with the row that
    predicts them (no shift left to do)."""

    ids: np.ndarray  # int64 (B,L)
    positions: np.ndarray  # int64 (B,L)
    may_attend: np.ndarray  # bool (B,L,L)
    labels: np.ndarray  # int64 (B,L), IGNORE where no loss
    excluded: np.ndarray | None = None  # bool (B,L,words): left out of the softmax of that row's label


def t2i_text(cfg: ShowoConfig, words: list[int]) -> list[int]:
    """Text prefix; no words give the unconditional one, `t2i sot eot`."""
    return [cfg.special("<|t2i|>"), cfg.end, *words, cfg.end]


def t2i_rows(cfg: ShowoConfig, texts: list[list[int]], images: np.ndarray, labels: np.ndarray) -> Rows:
    """texts: prefixes of t2i_text; images (B,N) vocabulary ids, mask_id where masked; labels (B,N)."""
    width = max(map(len, texts))
    n, batch = cfg.image_tokens, len(texts)
    length = width + n + 2
    ids = np.full((batch, length), cfg.special("[PAD]"), np.int64)
    all_labels = np.full((batch, length), IGNORE, np.int64)
    pads = np.array([width - len(text) for text in texts])
    for row, text in zip(ids, texts):
        row[width - len(text) : width] = text
    ids[:, width], ids[:, -1] = cfg.special("<|soi|>"), cfg.special("<|eoi|>")
    ids[:, width + 1 : -1] = images
    all_labels[:, width + 1 : -1] = labels
    row, column = np.arange(length)[:, None], np.arange(length)[None]
    open_rows = (column <= row) | (row >= width)
    may_attend = open_rows & (column >= pads[:, None, None])
    may_attend |= row == column  # pad rows see themselves, so that no softmax row is empty
    positions = np.tile(np.arange(length), (batch, 1))
    return Rows(ids, positions, may_attend, all_labels)


def mmu_block(cfg: ShowoConfig, words: WordTokenizer, question: str, answer: str) -> tuple[list[int], list[int]]:
    """-> ids `sot question answer` and labels aligned with them: the answer and its end are predicted, nothing else.

    The final eot is predicted but never fed: its label sits on the last answer token."""
    head = [cfg.end, *words.encode(f"USER: \n{question} ASSISTANT:")]
    tail = words.encode(answer)
    return head + tail, [IGNORE] * (len(head) - 1) + tail + [cfg.end]


def mmu_rows(cfg: ShowoConfig, codes: np.ndarray, blocks: list[list[tuple[list[int], list[int]]]]) -> Rows:
    """codes (B,N) image codes; blocks: per image, (ids, labels) of any number of questions.

    All questions about one image share one image prefix. Each block sees the prefix and itself causally, never another
    block, and its positions restart right after eoi: the same numbers as one row per question."""
    batch, n = codes.shape
    prefix = n + 3
    length = prefix + max(sum(len(ids) for ids, _ in row) for row in blocks)
    ids = np.full((batch, length), cfg.special("[PAD]"), np.int64)
    labels = np.full((batch, length), IGNORE, np.int64)
    positions = np.zeros((batch, length), np.int64)
    group = np.full((batch, length), -1, np.int64)  # 0 prefix, 1.. question blocks, -1 pads
    ids[:, 0], ids[:, 1], ids[:, prefix - 1] = cfg.special("<|mmu|>"), cfg.special("<|soi|>"), cfg.special("<|eoi|>")
    ids[:, 2 : prefix - 1] = codes.astype(np.int64) + cfg.first_code
    positions[:, :prefix], group[:, :prefix] = np.arange(prefix), 0
    for b, row in enumerate(blocks):
        at = prefix
        for k, (block, targets) in enumerate(row):
            end = at + len(block)
            ids[b, at:end], labels[b, at:end] = block, targets
            positions[b, at:end], group[b, at:end] = np.arange(prefix, prefix + len(block)), k + 1
            at = end
    row, column = np.arange(length)[:, None], np.arange(length)[None]
    same = group[:, :, None] == group[:, None, :]
    to_prefix = (group[:, None, :] == 0) & (group[:, :, None] >= 0)
    may_attend = to_prefix | (same & (column <= row))  # pads see earlier pads and themselves
    return Rows(ids, positions, may_attend, labels)


def masked_images(cfg: ShowoConfig, codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """codes (B,N) -> ids with a cosine-distributed share masked, and labels at the masked places."""
    batch, n = codes.shape
    share = np.cos(rng.random(batch) * np.pi / 2)
    count = np.maximum(1, np.rint(n * share)).astype(np.int64)  # rint: half to even, as torch.round
    masked = rng.random((batch, n)).argsort(1).argsort(1) < count[:, None]
    target = codes.astype(np.int64) + cfg.first_code
    return np.where(masked, cfg.mask_id, target), np.where(masked, target, IGNORE)


def veiled_codes(cfg: ShowoConfig, codes: np.ndarray, largest: float, rng: np.random.Generator) -> np.ndarray:
    """Hides up to `largest` of each image (a uniform share) from the questions: every visible patch has to speak for
    itself, so that a picture is read by its parts and not as a combination met before.

    codes (B,N) -> (B,N), cfg.codes (the mask token) where hidden."""
    batch, n = codes.shape
    share = rng.random((batch, 1)) * largest
    return np.where(rng.random((batch, n)) < share, cfg.codes, codes)
