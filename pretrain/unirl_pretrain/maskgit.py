"""MaskGIT sampling of images, and greedy answers. Used to watch training; the browser has its own."""

import math

import numpy as np
import torch

from .rows import IGNORE, Rows, t2i_rows, t2i_text
from .showo import Showo


def to_device(rows: Rows, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """-> ids, positions, may_attend."""
    arrays = (rows.ids, rows.positions, rows.may_attend)
    return tuple(torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in arrays)


def gumbel(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    uniform = torch.rand(shape, generator=generator).clamp_min(1e-20)
    return -(-uniform.log()).clamp_min(1e-20).log()


@torch.no_grad()
def sample(
    model: Showo, texts: list[list[int]], steps: int, guidance: float, temperature: float,
    noise: tuple[torch.Tensor, torch.Tensor] | None = None, seed: int = 0,
) -> torch.Tensor:  # fmt: skip
    """texts: prefixes of t2i_text -> codes int64 (B,N).

    noise: Gumbel numbers for tokens (T,B,N,K) and for confidence (T,B,N); drawn from the seed when absent."""
    cfg, device = model.cfg, model.showo.lm_head.weight.device
    batch, n, k = len(texts), cfg.image_tokens, cfg.codes
    generator = torch.Generator().manual_seed(seed)
    all_texts = texts + [t2i_text(cfg, [])] * batch if guidance > 0 else texts
    copies = len(all_texts) // batch
    rows = t2i_rows(cfg, all_texts, np.full((batch * copies, n), cfg.mask_id), np.full((batch * copies, n), IGNORE))
    ids, positions, may_attend = to_device(rows, device)
    for step in range(steps):
        hidden = model.hidden(ids, positions, may_attend)[:, -n - 1 : -1]
        logits = model.head(hidden)[..., cfg.first_code : cfg.mask_id]
        if copies == 2:
            logits = (1 + guidance) * logits[:batch] - guidance * logits[batch:]
        log_p = torch.log_softmax(logits, dim=-1).cpu()  # (B,N,K)
        token_noise = noise[0][step] if noise else gumbel((batch, n, k), generator)
        drawn = (log_p + token_noise).argmax(-1)
        image = ids[:batch, -n - 1 : -1].cpu()
        unknown = image == cfg.mask_id
        codes = torch.where(unknown, drawn, image - cfg.first_code)
        ratio = (step + 1) / steps
        temperature *= 1 - ratio  # Show-o anneals cumulatively
        confidence = log_p.gather(2, codes[..., None])[..., 0].clamp_min(math.log(1e-20))
        confidence = torch.where(unknown, confidence, torch.full_like(confidence, math.log(torch.finfo(torch.float32).max)))
        score = confidence + temperature * (noise[1][step] if noise else gumbel((batch, n), generator))
        planned = int(torch.floor(n * torch.cos(torch.tensor(ratio * math.pi / 2))))  # f32 matters: cos(pi/3) < 0.5
        keep_masked = (unknown.sum(1) - 1).clamp_max(planned).clamp_min(1)
        cut = score.sort(1).values.gather(1, keep_masked[:, None])
        image = torch.where(score < cut, torch.full_like(codes, cfg.mask_id), codes + cfg.first_code)
        ids[:, -n - 1 : -1] = image.repeat(copies, 1).to(device)
    return codes
