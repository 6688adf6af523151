"""Atomic checkpoints, model folders and progress lines, shared by both trainers."""

import hashlib
import inspect
import json
import os
import time
from dataclasses import fields

import numpy as np
import torch
import torch.nn as nn

from . import safetensors_io
from .detector import Detector, DetectorConfig
from .magvit2 import CoderConfig, MagvitV2


def save_atomic(path: str, state: dict) -> None:
    """A reader sees the old file or the new one, never half of one."""
    torch.save(state, path + ".tmp")
    os.replace(path + ".tmp", path)


def load(path: str) -> dict | None:
    if not os.path.exists(path):
        return None
    if "weights_only" in inspect.signature(torch.load).parameters:
        return torch.load(path, map_location="cpu", weights_only=False)
    return torch.load(path, map_location="cpu")


def write_json(path: str, value: object) -> None:
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    os.replace(path + ".tmp", path)


def read_json(path: str) -> dict:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save_tokenizer(folder: str, model: MagvitV2, encoder: CoderConfig, decoder: CoderConfig) -> None:
    """Writes vq.json (the two halves' sizes) and vq.safetensors (f32, Show-o's key names)."""
    write_json(os.path.join(folder, "vq.json"), {"encoder": encoder.to_dict(), "decoder": decoder.to_dict()})
    weights = {name: value.detach().cpu().contiguous().numpy() for name, value in model.state_dict().items()}
    safetensors_io.save(os.path.join(folder, "vq.safetensors"), weights)


def start_from(model: nn.Module, file: str) -> None:
    """Gives a fresh model the weights of a safetensors file, int8 rows expanded; names and shapes must agree."""
    weights = safetensors_io.load(file)
    model.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()})


def load_tokenizer(folder: str) -> tuple[MagvitV2, dict]:
    """-> frozen tokenizer and its two halves' sizes, of a folder written by save_tokenizer or of a shipped model folder."""
    own = os.path.join(folder, "vq.json")
    sizes = read_json(own) if os.path.exists(own) else read_json(os.path.join(folder, "config.json"))["magvitv2"]
    model = MagvitV2(CoderConfig(**sizes["encoder"]), CoderConfig(**sizes["decoder"]))
    start_from(model, os.path.join(folder, "vq.safetensors"))
    return model.eval().requires_grad_(False), sizes


def load_detector(folder: str) -> Detector:
    """The frozen detector of an exported folder."""
    config = read_json(os.path.join(folder, "config.json"))
    model = Detector(DetectorConfig(**{field.name: config[field.name] for field in fields(DetectorConfig)}))
    start_from(model, os.path.join(folder, "model.safetensors"))
    return model.eval().requires_grad_(False)


def fingerprint(path: str) -> str:
    """Short SHA-256 of a file, to notice that codes belong to another tokenizer."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


class Budget:
    """Training progress 0..1 from --steps or --minutes; minutes count training time over all resumed sessions."""

    def __init__(self, steps: int, minutes: float, used_seconds: float = 0.0):
        if not steps and not minutes:
            raise SystemExit("Give --minutes or --steps, so that the learning rate knows where the end is.")
        self.steps, self.seconds = steps, minutes * 60
        self.used, self.last = used_seconds, time.monotonic()

    def tick(self) -> None:
        now = time.monotonic()
        self.used, self.last = self.used + now - self.last, now

    def progress(self, step: int) -> float:
        by_steps = step / self.steps if self.steps else 0.0
        by_time = self.used / self.seconds if self.seconds else 0.0
        return min(1.0, max(by_steps, by_time))

    def eta(self, step: int) -> str:
        done = self.progress(step)
        left = self.used * (1 - done) / done if done > 0 else 0.0
        return f"{int(left // 3600)}:{int(left % 3600 // 60):02d}:{int(left % 60):02d}"


class Log:
    """Prints progress lines and appends the same numbers to <folder>/log.jsonl."""

    def __init__(self, folder: str):
        self.path = os.path.join(folder, "log.jsonl")

    def __call__(self, text: str, **numbers: object) -> None:
        print(text, flush=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(numbers) + "\n")


def choose_device(name: str, threads: int) -> tuple[torch.device, bool]:
    """-> device, and whether bf16 autocast is worth it there (CUDA, or a CPU with AVX-512/AMX)."""
    if threads:
        torch.set_num_threads(threads)
    device = torch.device(name if name != "auto" else "cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        return device, True
    capability = getattr(getattr(torch.backends, "cpu", None), "get_cpu_capability", lambda: "")()
    return device, "AVX512" in capability or "AMX" in capability
