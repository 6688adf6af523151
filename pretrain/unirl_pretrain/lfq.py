"""Loss terms of the look-up-free quantiser (MAGVIT-v2, Yu et al. 2023): bits are the signs of z."""

import torch
import torch.nn.functional as F


def quantise(z: torch.Tensor) -> torch.Tensor:
    """z (B,bits,h,w) -> signs of the same shape; the gradient passes straight through (0 -> -1)."""
    signs = torch.where(z > 0, torch.ones_like(z), -torch.ones_like(z))
    return z + (signs - z).detach()


def commitment(z: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of z to its signs."""
    return (z - torch.where(z > 0, torch.ones_like(z), -torch.ones_like(z))).pow(2).mean()


def entropies(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """z (P,bits) of P grid cells -> (mean entropy of a cell's code, entropy of the mean code distribution), nats.

    With codes at +-1 the distribution softmax(-|z - code|^2) is a product over bits of sigmoid(4 z), so a cell's entropy
    is a sum over bits. The mean distribution is not a product: it is computed over all 2^bits codes (bits <= 12).
    """
    logits = 4 * z
    p = torch.sigmoid(logits)
    per_cell = (p * F.softplus(-logits) + (1 - p) * F.softplus(logits)).sum(1).mean()
    # product of two halves of the bits: (P, 2^a) and (P, 2^b); their averaged outer product is one matrix product
    half = p.shape[1] // 2
    joint = _products(p[:, :half]).T @ _products(p[:, half:]) / len(p)  # (2^a, 2^b), sums to 1
    return per_cell, -(joint * (joint + 1e-9).log()).sum()


def _products(p: torch.Tensor) -> torch.Tensor:
    """(P,bits) of P(bit = 1) -> (P, 2^bits) probabilities of every bit pattern."""
    out = torch.ones_like(p[:, :1])
    for bit in p.unbind(1):
        out = torch.stack([out * (1 - bit[:, None]), out * bit[:, None]], dim=2).flatten(1)
    return out
