"""Trains the Show-o transformer on scenes whose images are already encoded (encode_scenes).

    python -m unirl_pretrain.train_showo --data DIR --codes DIR --tokenizer DIR --out DIR --preset tiny --minutes 240
"""

import argparse
import os
import time
from dataclasses import replace

import numpy as np
import torch
import torch.nn as nn

from . import checkpoint
from .batches import Batch, Batches
from .encode_scenes import load_codes
from .maskgit import sample
from .muon import Ema, Muon, cosine, stable_then_decay
from .objective import exact_match, task_loss
from .png import contact_sheet, to_u8, write_png
from .presets import PRESETS
from .rows import t2i_text
from .showo import Showo, ShowoConfig
from .unseen import UnseenPairs
from .words import load_tokenizer
from .world import Scenes, prefetch


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="folder written by `unirl world`")
    p.add_argument("--codes", help="folder written by encode_scenes (default: the data folder)")
    p.add_argument("--tokenizer", required=True, help="folder of train_tokenizer")
    p.add_argument("--out", required=True, help="model folder; training resumes if it holds checkpoint.pt")
    p.add_argument("--init", help="model folder to start from (a fresh --out only), as shipped in public/models")
    p.add_argument("--new-codes", action="store_true", help="with --init: the codes are another tokenizer's, so their rows begin anew")
    p.add_argument("--tint-bits", type=int, default=0, help="of a tokenizer trained with --factored: 4")
    p.add_argument("--preset", default="tiny", choices=sorted(PRESETS))
    p.add_argument("--layers", type=int, default=0, help="other than the preset's")
    p.add_argument("--hidden", type=int, default=0, help="other than the preset's; the MLP is four times as wide")
    p.add_argument("--minutes", type=float, default=0, help="training time over all sessions; sets the schedule's end")
    p.add_argument("--steps", type=int, default=0)
    p.add_argument("--batch", type=int, default=48, help="images a step, both tasks together")
    p.add_argument("--t2i-share", type=float, default=0.6, help="of the batch's images")
    p.add_argument("--mmu-weight", type=float, default=1.0, help="of the understanding loss; the image loss has 1")
    p.add_argument("--dropout", type=float, default=0.1, help="share of prompts emptied, for guidance")
    p.add_argument("--veil", type=float, default=0, help="largest share of an image hidden from the questions about it")
    p.add_argument("--spare-unseen", action="store_true", help="pairs of class and colour that never occur are not learnt as impossible")
    p.add_argument("--lr", type=float, default=5e-3, help="Muon, hidden matrices")
    p.add_argument("--adam-lr", type=float, default=2e-3, help="embeddings, head, norms, biases")
    p.add_argument("--decay", type=float, default=0.01)
    p.add_argument("--warmup", type=float, default=0.01, help="share of the run")
    p.add_argument("--schedule", default="cosine", choices=["cosine", "wsd"], help="wsd: constant until --decay-from")
    p.add_argument("--decay-from", type=float, default=0.8, help="share of the run where wsd starts to fall")
    p.add_argument("--held-out", type=int, default=1024, help="last scenes of the folder, never trained on")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--device", default="auto")
    p.add_argument("--compile", action="store_true", help="fuse the transformer with torch.compile (needs a C++ compiler)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--log-every", type=int, default=50)
    p.add_argument("--eval-minutes", type=float, default=10)
    return p.parse_args()


def make_optimiser(model: Showo, args: argparse.Namespace) -> Muon:
    """Muon for the blocks' matrices; AdamW for embeddings, head, norms and biases."""
    hidden = {n for n, p in model.named_parameters() if p.ndim == 2 and ".layers." in n}
    return Muon(
        (p for n, p in model.named_parameters() if n in hidden),
        (p for n, p in model.named_parameters() if n not in hidden),
        args.lr, args.adam_lr, args.decay,
    )  # fmt: skip


@torch.no_grad()
def start_from(model: Showo, folder: str, new_codes: bool) -> None:
    """Weights of a model folder. Factors of codes are not in it and begin small, rows of new codes at nothing beside them."""
    plain = Showo(replace(model.cfg, tint_bits=0))
    checkpoint.start_from(plain, os.path.join(folder, "model.safetensors"))
    model.load_state_dict(plain.state_dict(), strict=False)
    if new_codes:
        codes = slice(model.cfg.first_code, model.cfg.mask_id)
        nn.init.normal_(model.showo.model.embed_tokens.weight[codes], std=0.002)
        nn.init.normal_(model.showo.lm_head.weight[codes], std=0.002)
        nn.init.zeros_(model.showo.lm_head.bias[codes])


def main() -> None:
    args = parse_args()
    preset = PRESETS[args.preset]
    device, autocast = checkpoint.choose_device(args.device, args.threads)
    os.makedirs(args.out, exist_ok=True)
    torch.manual_seed(args.seed)
    vq, sizes = checkpoint.load_tokenizer(args.tokenizer)
    words, scenes = load_tokenizer(args.data), Scenes(args.data)
    codes = load_codes(args.codes or args.data, scenes.shards, args.tokenizer)
    cfg = ShowoConfig(
        text=len(words.vocab), codes=2 ** sizes["encoder"]["z_channels"], image_tokens=codes.shape[1],
        layers=args.layers or preset.layers, hidden=args.hidden or preset.hidden, heads=preset.heads,
        mlp=4 * args.hidden if args.hidden else preset.mlp, tint_bits=args.tint_bits,
    )  # fmt: skip
    model = Showo(cfg).to(device)
    if args.init:
        start_from(model, args.init, args.new_codes)
    optimiser, ema = make_optimiser(model, args), Ema(model)
    step, used, position, rng = 0, 0.0, 0, None
    path = os.path.join(args.out, "checkpoint.pt")
    if state := checkpoint.load(path):
        if state["config"] != cfg.__dict__:
            raise SystemExit(f"{path} is of another model ({state['config']}). Choose another --out.")
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        ema.load_state_dict(state["ema"])
        step, used, position, rng = state["step"], state["used"], state["position"], state["rng"]
    budget, log = checkpoint.Budget(args.steps, args.minutes, used), checkpoint.Log(args.out)
    t2i_count = max(1, min(args.batch - 1, round(args.batch * args.t2i_share)))
    train_count = len(scenes) - args.held_out
    world = checkpoint.read_json(os.path.join(args.data, "world.json"))
    unseen = UnseenPairs(scenes, words, world["classes"], world["colours"]) if args.spare_unseen else None
    batches = Batches(cfg, words, scenes, codes, train_count, (t2i_count, args.batch - t2i_count), args.dropout, args.seed, position, rng, args.veil, unseen)
    held = range(train_count, min(len(scenes), train_count + 512))
    held_scenes, held_codes = [scenes[i] for i in held], codes[train_count : train_count + 512]
    if args.compile:
        model.hidden = torch.compile(model.hidden, dynamic=True)
    count = sum(p.numel() for p in model.parameters())
    log(f"{count / 1e6:.2f} M parameters, {cfg}, {len(scenes)} scenes, {device}, bf16 {autocast}, start at step {step}", parameters=count)

    def save(batch: Batch) -> None:
        checkpoint.save_atomic(path, {
            "config": cfg.__dict__, "model": model.state_dict(), "optimiser": optimiser.state_dict(), "ema": ema.state_dict(),
            "step": step, "used": budget.used, "position": batch.position, "rng": batch.rng,
        })  # fmt: skip

    @torch.no_grad()
    def evaluate() -> None:
        """Scores the averaged weights, and paints one image for each of the first held-out prompts."""
        ema.swap(model)
        scores = exact_match(model, words, held_scenes, held_codes)
        prompts = [t2i_text(cfg, words.encode(scene.prompt)) for scene in held_scenes[:48]]
        generation = preset.generation
        images = sample(model, prompts, generation["timesteps"], generation["guidance_scale"], generation["temperature"])
        ema.swap(model)
        pixels = to_u8(vq.decode(images.clamp(0, cfg.codes - 1)).numpy())
        write_png(os.path.join(args.out, "sheet.png"), contact_sheet([pixels[i : i + 12] for i in range(0, 48, 12)]))
        text = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
        log(f"  held-out answers: {text}", step=step, seconds=budget.used, answers=scores)

    with open(os.path.join(args.out, "sheet.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(scene.prompt for scene in held_scenes[:48]) + "\n")
    schedule = (lambda x: cosine(x, args.warmup)) if args.schedule == "cosine" else (lambda x: stable_then_decay(x, args.warmup, args.decay_from))
    sums, last_eval, last_save, last_log = np.zeros(2), budget.used, budget.used, (step, time.monotonic())
    for batch in prefetch(batches.draw):
        optimiser.scale_lr(schedule(budget.progress(step)))
        optimiser.zero_grad()
        t2i = task_loss(model, batch.t2i, autocast)
        t2i.backward()
        mmu = task_loss(model, batch.mmu, autocast)
        (args.mmu_weight * mmu).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        ema.update(model)
        sums += t2i.item(), mmu.item()
        step += 1
        budget.tick()
        if step % args.log_every == 0:
            speed = (step - last_log[0]) * args.batch / (time.monotonic() - last_log[1])
            t2i_mean, mmu_mean = sums / (step - last_log[0])
            sums, last_log = np.zeros(2), (step, time.monotonic())
            log(
                f"step {step}  {speed:.1f} images/s  t2i {t2i_mean:.4f}  mmu {mmu_mean:.4f}  ETA {budget.eta(step)}",
                step=step, images=step * args.batch, seconds=budget.used, speed=speed, t2i=t2i_mean, mmu=mmu_mean,
            )  # fmt: skip
        done = budget.progress(step) >= 1
        if done or budget.used - last_eval > args.eval_minutes * 60:
            evaluate()
            budget.tick()
            last_eval = budget.used
        if done or budget.used - last_save > 120:
            save(batch)
            last_save = budget.used
        if done:
            return


if __name__ == "__main__":
    main()
