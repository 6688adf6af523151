"""Muon for hidden weight matrices, AdamW for everything else, learning-rate schedules, averaged weights."""

import math
from collections.abc import Iterable

import torch
import torch.nn as nn


def orthogonalise(g: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Newton-Schulz iteration (Jordan et al. 2024): (out,in) -> nearest matrix with singular values around 1.

    In bf16, as in the source: the iteration corrects its own rounding, and takes half the time."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (g / (g.norm() + 1e-7)).bfloat16()
    if tall := x.shape[0] > x.shape[1]:
        x = x.T
    for _ in range(steps):
        xx = x @ x.T
        x = a * x + (b * xx + c * xx @ xx) @ x
    return (x.T if tall else x).to(g.dtype)


class Muon(torch.optim.Optimizer):
    """Two kinds of parameter groups: muon=True (momentum, orthogonalised step) and muon=False (AdamW)."""

    def __init__(self, matrices: Iterable[nn.Parameter], others: Iterable[nn.Parameter], lr: float, adam_lr: float, decay: float):
        groups = [
            {"params": list(matrices), "muon": True, "lr": lr, "base_lr": lr, "decay": decay},
            {"params": list(others), "muon": False, "lr": adam_lr, "base_lr": adam_lr, "decay": 0.0},
        ]
        super().__init__([group for group in groups if group["params"]], {})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                p.mul_(1 - group["lr"] * group["decay"])
                (self._muon if group["muon"] else self._adam)(p, p.grad, state, group["lr"])

    @staticmethod
    def _muon(p: torch.Tensor, grad: torch.Tensor, state: dict, lr: float) -> None:
        if not state:
            state["momentum"] = torch.zeros_like(p)
        momentum = state["momentum"].lerp_(grad, 0.05)
        update = orthogonalise(grad.lerp(momentum, 0.95).flatten(1))  # Nesterov; kernels as (out, in*kh*kw)
        # this factor gives the step about AdamW's root-mean-square, so one learning rate fits all shapes
        p.add_(update.reshape(p.shape), alpha=-lr * 0.2 * math.sqrt(max(update.shape)))

    @staticmethod
    def _adam(p: torch.Tensor, grad: torch.Tensor, state: dict, lr: float) -> None:
        if not state:
            state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
        state["step"] += 1
        beta1, beta2 = 0.9, 0.99
        mean, square = state["mean"].lerp_(grad, 1 - beta1), state["square"].lerp_(grad * grad, 1 - beta2)
        scale = math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
        p.addcdiv_(mean, square.sqrt().add_(1e-8), value=-lr * scale)

    def scale_lr(self, factor: float) -> None:
        for group in self.param_groups:
            group["lr"] = group["base_lr"] * factor


def cosine(progress: float, warmup: float = 0.02, floor: float = 0.02) -> float:
    """Learning-rate factor at progress 0..1: linear warm-up, then half a cosine down to floor."""
    if progress < warmup:
        return max(progress, 1e-3) / warmup
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup))))


def stable_then_decay(progress: float, warmup: float, decay_from: float, floor: float = 0.02) -> float:
    """Learning-rate factor: linear warm-up, constant, then 1 - sqrt from decay_from on (Hägele et al. 2024)."""
    if progress < decay_from:
        return min(1.0, max(progress, 1e-3) / warmup)
    return floor + (1 - floor) * (1 - math.sqrt(min(1.0, (progress - decay_from) / max(1e-6, 1 - decay_from))))


class Ema:
    """Exponential average of a model's parameters; the average is what is evaluated and exported."""

    def __init__(self, model: nn.Module, decay: float = 0.999):
        self.decay, self.steps = decay, 0
        self.shadow = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        self.steps += 1
        rate = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, p in model.named_parameters():
            self.shadow[name].lerp_(p, rate)

    @torch.no_grad()
    def swap(self, model: nn.Module) -> None:
        """Exchanges model and average; call again to undo."""
        for name, p in model.named_parameters():
            kept = p.detach().clone()
            p.copy_(self.shadow[name])
            self.shadow[name].copy_(kept)

    def state_dict(self) -> dict:
        return {"steps": self.steps, "shadow": self.shadow}

    def load_state_dict(self, state: dict) -> None:
        self.steps = state["steps"]
        for name, value in state["shadow"].items():
            self.shadow[name].copy_(value)
