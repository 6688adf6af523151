"""The two training losses, and the cheap evaluation that runs inside training."""

import re
from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F

from .maskgit import to_device
from .rows import IGNORE, Rows, mmu_block, mmu_rows
from .showo import Showo
from .words import WordTokenizer
from .world import Scene


def task_loss(model: Showo, rows: Rows, autocast: bool = False) -> torch.Tensor:
    """Mean cross-entropy over the labelled rows; the head runs on those rows only."""
    device = model.showo.lm_head.weight.device
    keep = torch.from_numpy(np.flatnonzero(rows.labels != IGNORE)).to(device)
    labels = torch.from_numpy(rows.labels.reshape(-1)).to(device)[keep]
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
        hidden = model.hidden(*to_device(rows, device))
        logits = model.head(hidden.flatten(0, 1)[keep])
    if rows.excluded is not None:
        excluded = torch.from_numpy(rows.excluded).to(device).flatten(0, 1)[keep]
        logits = logits.float()
        logits[:, : excluded.shape[1]] = logits[:, : excluded.shape[1]].masked_fill(excluded, float("-inf"))
    return F.cross_entropy(logits, labels)


_INVERSE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


def accepted(answer: str) -> list[str]:
    """The answer, and the same statement told from the other object: the picture does not show the prompt's order."""
    if pair := re.fullmatch(r"There is (.+) and (.+)", answer):
        return [answer, f"There is {pair[2]} and {pair[1]}"]
    if pair := re.fullmatch(r"The (.+) and the (.+)", answer):
        return [answer, f"The {pair[2]} and the {pair[1]}"]
    if pair := re.fullmatch(r"The (.+) is (left of|right of|above|below) the (.+)", answer):
        return [answer, f"The {pair[3]} is {_INVERSE[pair[2]]} the {pair[1]}"]
    return [answer]


@torch.no_grad()
def exact_match(model: Showo, words: WordTokenizer, scenes: list[Scene], codes: np.ndarray, batch: int = 64) -> dict[str, float]:
    """Share of questions whose greedy answer is accepted: the template question by tag, and all others together.

    Needs no decoding loop: greedy decoding gives a certain answer exactly when, fed that answer, the model's arg-max is
    right at each of its tokens."""
    right, asked = defaultdict(int), defaultdict(int)
    device = model.showo.lm_head.weight.device
    for start in range(0, len(scenes), batch):
        part = scenes[start : start + batch]
        asks = [[(k, mmu_block(model.cfg, words, q, v)) for k, (q, a) in enumerate(scene.questions) for v in accepted(a)] for scene in part]
        rows = mmu_rows(model.cfg, codes[start : start + batch], [[block for _, block in row] for row in asks])
        labelled = rows.labels != IGNORE
        keep = torch.from_numpy(np.flatnonzero(labelled)).to(device)
        hidden = model.hidden(*to_device(rows, device)).flatten(0, 1)[keep]
        correct = np.ones(rows.labels.shape, bool)
        correct[labelled] = model.head(hidden).argmax(-1).cpu().numpy() == rows.labels[labelled]
        for b, (scene, row) in enumerate(zip(part, asks)):
            at, hit = model.cfg.image_tokens + 3, [False] * len(scene.questions)
            for k, (ids, _) in row:
                hit[k] |= bool(correct[b, at : at + len(ids)].all())
                at += len(ids)
            for k, was_right in enumerate(hit):
                name = scene.tag if k == 0 else "other"
                right[name] += was_right
                asked[name] += 1
    scores = {name: right[name] / asked[name] for name in sorted(asked)}
    return {**scores, "all": sum(right.values()) / sum(asked.values())}
