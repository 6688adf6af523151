"""Trains the outside judge's detector on painted scenes and on what an image tokenizer makes of them.

    python -m unirl_pretrain.train_detector --data DIR --tokenizer DIR [DIR ...] --out DIR --minutes 20
"""

import argparse
import os
import time
from dataclasses import asdict

import numpy as np
import torch

from . import checkpoint
from .detector import Detector, DetectorConfig, find_objects, loss_terms, make_targets
from .detector_images import disturb, reconstruct, strew
from .detector_scores import count_matches, summarise
from .muon import Ema, Muon, cosine
from .world import Order, Painter, Scenes, prefetch, to_model


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="folder written by `unirl world`")
    p.add_argument("--tokenizer", required=True, nargs="+", help="tokenizer or model folders that reconstruct, in turn")
    p.add_argument("--out", required=True, help="detector folder; training resumes if it holds checkpoint.pt")
    p.add_argument("--minutes", type=float, default=0)
    p.add_argument("--steps", type=int, default=0)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--width", type=int, default=64)
    p.add_argument("--blocks", type=int, default=4)
    p.add_argument("--lr", type=float, default=1e-2, help="Muon")
    p.add_argument("--adam-lr", type=float, default=2e-3, help="biases, first and last layers")
    p.add_argument("--reconstructed", type=float, default=0.4, help="share of pictures that make a round trip through a tokenizer")
    p.add_argument("--strewn", type=float, default=0.25, help="share of scenes with objects anywhere, in any number")
    p.add_argument("--swap", type=float, default=0.1, help="a reconstruction has up to this share of another's codes")
    p.add_argument("--held-out", type=int, default=2048, help="last scenes of the folder, never trained on")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--device", default="auto")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--log-every", type=int, default=50)
    p.add_argument("--eval-minutes", type=float, default=3)
    return p.parse_args()


def make_optimiser(model: Detector, args: argparse.Namespace) -> Muon:
    hidden = {n for n, p in model.named_parameters() if p.ndim > 1 and n.startswith(("conv_down", "blocks"))}
    return Muon(
        (p for n, p in model.named_parameters() if n in hidden),
        (p for n, p in model.named_parameters() if n not in hidden),
        args.lr, args.adam_lr, 0.0,
    )  # fmt: skip


def main() -> None:
    args = parse_args()
    device, autocast = checkpoint.choose_device(args.device, args.threads)
    os.makedirs(args.out, exist_ok=True)
    torch.manual_seed(args.seed)
    painter, scenes = Painter(args.data), Scenes(args.data)
    world = painter.world
    tokenizers = [checkpoint.load_tokenizer(folder)[0].to(device) for folder in args.tokenizer]

    cfg = DetectorConfig(world["classes"], world["colours"], painter.side, args.width, args.blocks)
    model = Detector(cfg).to(device).to(memory_format=torch.channels_last)
    optimiser, ema = make_optimiser(model, args), Ema(model)
    step, used, position = 0, 0.0, 0
    path = os.path.join(args.out, "checkpoint.pt")
    if state := checkpoint.load(path):
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        ema.load_state_dict(state["ema"])
        torch.set_rng_state(state["rng"])
        step, used, position = state["step"], state["used"], state["position"]
    budget, log = checkpoint.Budget(args.steps, args.minutes, used), checkpoint.Log(args.out)
    order, rng = Order(len(scenes) - args.held_out, args.seed, position), np.random.default_rng([args.seed, step])

    def batch() -> tuple[np.ndarray, list, int]:
        """-> model pixels (B,3,H,W), the objects of each, the order's position after this batch."""
        strewn = round(args.batch * args.strewn)
        chosen = [scenes[i] for i in order.take(args.batch - strewn)] + strew(world, strewn, rng)
        chosen = [chosen[i] for i in rng.permutation(args.batch)]
        return to_model(painter.paint(chosen)), [scene.objects for scene in chosen], order.position

    def run(pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            return model(pixels.contiguous(memory_format=torch.channels_last)).float()

    def round_trip(pixels: torch.Tensor, swap: float) -> torch.Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            return reconstruct(tokenizers[step % len(tokenizers)], pixels, swap)

    held = [scenes[i] for i in range(len(scenes) - min(args.held_out, 512), len(scenes))]
    held_painted = torch.from_numpy(to_model(painter.paint(held))).to(device)
    held_reconstructed = torch.cat([round_trip(part, 0.0) for part in held_painted.split(64)])
    count = sum(p.numel() for p in model.parameters())
    log(f"{count / 1e6:.2f} M parameters, {len(scenes)} scenes, {device}, bf16 {autocast}, start at step {step}", parameters=count)

    @torch.no_grad()
    def evaluate_and_save() -> None:
        ema.swap(model)
        for source, images in (("painted", held_painted), ("reconstructed", held_reconstructed)):
            found = [objects for part in images.split(64) for objects in find_objects(cfg, run(part), 0.05)]
            numbers = summarise(count_matches(cfg, found, [scene.objects for scene in held]))
            log(f"  {source}: " + "  ".join(f"{k} {v:.4f}" for k, v in numbers.items()), step=step, seconds=budget.used, source=source, **numbers)
        ema.swap(model)
        checkpoint.save_atomic(path, {
            "config": asdict(cfg), "model": model.state_dict(), "optimiser": optimiser.state_dict(), "ema": ema.state_dict(),
            "rng": torch.get_rng_state(), "step": step, "used": budget.used, "position": position,
        })  # fmt: skip
        budget.tick()

    last_eval, last_log = budget.used, (step, time.monotonic())
    for pixels, objects, position in prefetch(batch):
        optimiser.scale_lr(cosine(budget.progress(step)))
        x = torch.from_numpy(pixels).to(device)
        tripped = round(args.batch * args.reconstructed)
        x[:tripped] = round_trip(x[:tripped], args.swap)
        terms = loss_terms(cfg, run(disturb(x)), make_targets(cfg, objects, device))
        optimiser.zero_grad()
        (terms["centre"] + 0.5 * terms["box"] + terms["colour"]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        ema.update(model)
        step += 1
        budget.tick()
        if step % args.log_every == 0:
            speed = (step - last_log[0]) * args.batch / (time.monotonic() - last_log[1])
            last_log = (step, time.monotonic())
            numbers = {name: value.item() for name, value in terms.items()}
            text = "  ".join(f"{name} {value:.4f}" for name, value in numbers.items())
            log(f"step {step}  {speed:.1f} img/s  {text}  ETA {budget.eta(step)}", step=step, images=step * args.batch, seconds=budget.used, speed=speed, **numbers)
        done = budget.progress(step) >= 1
        if done or budget.used - last_eval > args.eval_minutes * 60:
            evaluate_and_save()
            last_eval = budget.used
        if done:
            return


if __name__ == "__main__":
    main()
