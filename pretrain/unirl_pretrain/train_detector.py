"""Trains the outside judge's detector on painted scenes and on their reconstructions by an image tokenizer.

    python -m unirl_pretrain.train_detector --data DIR --tokenizer DIR --out DIR --minutes 20

Both kinds are blurred, dimmed and made noisy at random, and some codes of a reconstruction are exchanged for those of
another scene, so that smeared and patchy drawings are still read.
"""

import argparse
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from . import checkpoint
from .detector import Detector, DetectorConfig, decode, detection_loss, make_targets
from .muon import Ema, Muon, cosine
from .world import Order, Painter, Scenes, prefetch, to_model

THRESHOLD = 0.3


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="folder written by `unirl world`")
    p.add_argument("--tokenizer", required=True, help="tokenizer or shipped model folder that reconstructs")
    p.add_argument("--out", required=True, help="detector folder; training resumes if it holds checkpoint.pt")
    p.add_argument("--reconstructions", type=int, default=12000, help="scenes to reconstruct once, before training")
    p.add_argument("--exchange", type=float, default=0.15, help="largest share of exchanged codes")
    p.add_argument("--width", type=int, default=80)
    p.add_argument("--blocks", type=int, default=4)
    p.add_argument("--minutes", type=float, default=0)
    p.add_argument("--steps", type=int, default=0)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--lr", type=float, default=1e-2, help="Muon, the blocks")
    p.add_argument("--adam-lr", type=float, default=2e-3, help="first and last layers, biases")
    p.add_argument("--held-out", type=int, default=1024, help="last scenes of the folder, never trained on")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--device", default="auto")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--log-every", type=int, default=100)
    p.add_argument("--eval-minutes", type=float, default=3)
    return p.parse_args()


@torch.no_grad()
def reconstruct(folder: str, painter: Painter, scenes: list, exchange: float, rng: np.random.Generator) -> np.ndarray:
    """-> u8 (B,side,side,3) after a tokenizer round trip, up to `exchange` of each image's codes taken from the next one."""
    vq, _ = checkpoint.load_tokenizer(folder)
    images = []
    for start in range(0, len(scenes), 64):
        pixels = torch.from_numpy(to_model(painter.paint(scenes[start : start + 64])))
        codes = vq.encode(pixels)
        share = rng.random((len(codes), 1)) * exchange
        taken = torch.from_numpy(rng.random(codes.shape) < share)
        decoded = vq.decode(torch.where(taken, codes.roll(1, 0), codes))
        images.append(((decoded.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return np.concatenate(images)


def disturb(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Blur in a third of the images, contrast and brightness by a tenth, noise of up to 0.1. (B,3,H,W) -> same."""
    batch = len(pixels)
    draw = lambda: torch.rand((batch, 1, 1, 1), generator=generator)  # noqa: E731
    kernel = torch.tensor([1.0, 2.0, 1.0])
    kernel = (kernel[:, None] * kernel / 16).expand(3, 1, 3, 3)
    blurred = F.conv2d(F.pad(pixels, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    pixels = torch.where(draw() < 0.33, blurred, pixels)
    pixels = pixels * (0.9 + 0.2 * draw()) + 0.1 * (2 * draw() - 1)
    noise = torch.randn(pixels.shape, generator=generator)
    return (pixels + 0.1 * draw() * noise).clamp(-1, 1)


def overlap(a: tuple, b: tuple) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])  # noqa: E731
    return width * height / (area(a) + area(b) - width * height)


def match(cfg: DetectorConfig, found: list, objects: list) -> dict[str, np.ndarray]:
    """Counts per class at an overlap of one half: true objects, detections, hits; and the colours of hits, true by seen."""
    truth, detected, hits = (np.zeros(cfg.classes, int) for _ in range(3))
    colours = np.zeros((cfg.colours, cfg.colours), int)
    for detections, listed in zip(found, objects):
        free = [(kind, (colour - 1) % cfg.colours, (x, y, x + size, y + size)) for kind, colour, size, x, y in listed]
        for kind, _, _ in free:
            truth[kind] += 1
        for detection in sorted(detections, key=lambda d: -d.score):
            detected[detection.kind] += 1
            best = max((f for f in free if f[0] == detection.kind), key=lambda f: overlap(f[2], detection.box), default=None)
            if best and overlap(best[2], detection.box) > 0.5:
                free.remove(best)
                hits[detection.kind] += 1
                colours[best[1], detection.colour] += 1
    return {"truth": truth, "detected": detected, "hits": hits, "colours": colours}


def summarise(counts: dict[str, np.ndarray]) -> dict[str, float]:
    hits = counts["hits"].sum()
    return {
        "recall": float(hits / max(1, counts["truth"].sum())),
        "precision": float(hits / max(1, counts["detected"].sum())),
        "colour": float(np.trace(counts["colours"]) / max(1, hits)),
    }


def main() -> None:
    args = parse_args()
    device, autocast = checkpoint.choose_device(args.device, args.threads)
    os.makedirs(args.out, exist_ok=True)
    torch.manual_seed(args.seed)
    painter, scenes = Painter(args.data), Scenes(args.data)
    cfg = DetectorConfig(len(painter.world["classes"]), len(painter.world["colours"]) + 1, args.width, args.blocks)
    model = Detector(cfg).to(device).to(memory_format=torch.channels_last)
    hidden = {n for n, p in model.named_parameters() if p.ndim > 1 and n.startswith(("blocks", "conv_down"))}
    optimiser = Muon(
        (p for n, p in model.named_parameters() if n in hidden),
        (p for n, p in model.named_parameters() if n not in hidden),
        args.lr, args.adam_lr, 0.0,
    )  # fmt: skip
    ema, log = Ema(model), checkpoint.Log(args.out)
    step, used, position = 0, 0.0, 0
    path = os.path.join(args.out, "checkpoint.pt")
    if state := checkpoint.load(path):
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        ema.load_state_dict(state["ema"])
        step, used, position = state["step"], state["used"], state["position"]
    train_count = len(scenes) - args.held_out
    rng = np.random.default_rng([args.seed, 1])
    kept_order = Order(train_count, args.seed + 1)
    kept = [scenes[i] for i in kept_order.take(min(args.reconstructions, train_count))]
    store = os.path.join(args.out, "reconstructions.npy")
    if not os.path.exists(store):
        np.save(store, reconstruct(args.tokenizer, painter, kept, args.exchange, rng))
    reconstructed = np.load(store)
    held = [scenes[i] for i in range(train_count, len(scenes))]
    held_images = {
        "painted": painter.paint(held),
        "reconstructed": reconstruct(args.tokenizer, painter, held, 0.0, rng),
    }
    order = Order(train_count, args.seed, position)
    budget = checkpoint.Budget(args.steps, args.minutes, used)
    count = sum(p.numel() for p in model.parameters())
    log(f"{count / 1e3:.0f} k parameters, {cfg}, {len(kept)} reconstructions, {device}, bf16 {autocast}, start at step {step}", parameters=count)

    def draw() -> tuple[np.ndarray, list, int]:
        """Half painted afresh, half reconstructed."""
        fresh = [scenes[i] for i in order.take(args.batch // 2)]
        again = rng.integers(len(kept), size=args.batch - len(fresh))
        images = np.concatenate([painter.paint(fresh), reconstructed[again]])
        return to_model(images), [s.objects for s in fresh] + [kept[i].objects for i in again], order.position

    def run(pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            return model(pixels.to(device).contiguous(memory_format=torch.channels_last)).float()

    def evaluate(position: int) -> None:
        ema.swap(model)
        with torch.no_grad():
            for name, images in held_images.items():
                found = [d for start in range(0, len(images), 64) for d in decode(cfg, run(torch.from_numpy(to_model(images[start : start + 64]))), THRESHOLD)]
                scores = summarise(match(cfg, found, [scene.objects for scene in held]))
                log(f"  held-out, {name}: " + "  ".join(f"{k} {v:.4f}" for k, v in scores.items()), step=step, source=name, **scores)
        ema.swap(model)
        checkpoint.save_atomic(path, {
            "config": cfg._asdict(), "model": model.state_dict(), "optimiser": optimiser.state_dict(), "ema": ema.state_dict(),
            "step": step, "used": budget.used, "position": position,
        })  # fmt: skip

    generator = torch.Generator().manual_seed(args.seed + step)
    last_eval, last_log = budget.used, (step, time.monotonic())
    for images, objects, position in prefetch(draw):
        optimiser.scale_lr(cosine(budget.progress(step)))
        terms = detection_loss(cfg, run(disturb(torch.from_numpy(images), generator)), make_targets(cfg, objects, painter.side))
        optimiser.zero_grad()
        (terms["centre"] + terms["box"] + terms["colour"]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        ema.update(model)
        step += 1
        budget.tick()
        if step % args.log_every == 0:
            speed = (step - last_log[0]) * args.batch / (time.monotonic() - last_log[1])
            last_log = (step, time.monotonic())
            numbers = {name: value.item() for name, value in terms.items()}
            text = "  ".join(f"{name} {value:.4f}" for name, value in numbers.items())
            log(f"step {step}  {speed:.1f} img/s  {text}  ETA {budget.eta(step)}", step=step, seconds=budget.used, speed=speed, **numbers)
        done = budget.progress(step) >= 1
        if done or budget.used - last_eval > args.eval_minutes * 60:
            evaluate(position)
            budget.tick()
            last_eval = budget.used
        if done:
            return


if __name__ == "__main__":
    main()
