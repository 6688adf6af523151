"""Teaches a tokenizer's encoder to tell plain backgrounds apart, and to change nothing else.

    python -m unirl_pretrain.split_backgrounds --data DIR --tokenizer DIR --out DIR --plain 1598 --split 1838 1834 1598 1578 1850 1582

A tokenizer may give every plain background the same code, and its decoder then paints their average. Here cells that are
plain, and whose code is --plain, get the code of their background (--split, in the world's order); every other cell keeps
the code that the old encoder gives it. So a Show-o trained on the old codes has six tokens to learn, not two thousand
(`train_showo --copy-code`). The decoder is left as it is: train it afterwards with `train_tokenizer --freeze-encoder`.
"""

import argparse
import os

import torch
import torch.nn.functional as F

from . import checkpoint
from .magvit2 import CoderConfig, codes_to_signs, signs_to_codes
from .muon import Ema, Muon, cosine
from .train_tokenizer import pixels_and_mask
from .world import Order, Painter, Scene, Scenes, prefetch


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--tokenizer", required=True, help="tokenizer or model folder whose codes are kept")
    p.add_argument("--out", required=True)
    p.add_argument("--plain", type=int, required=True, help="the code that all plain backgrounds share")
    p.add_argument("--split", type=int, nargs="+", required=True, help="codes of the world's backgrounds, in its order")
    p.add_argument("--steps", type=int, default=600)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--lr", type=float, default=3e-3, help="Muon")
    p.add_argument("--adam-lr", type=float, default=5e-4, help="biases, norms, first and last layers")
    p.add_argument("--held-out", type=int, default=1024, help="last scenes of the folder, never trained on")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--seed", type=int, default=0)
    return p.parse_args()


def wanted_codes(old: torch.Tensor, objects: torch.Tensor, scenes: list[Scene], plain: int, split: list[int]) -> torch.Tensor:
    """old (B,N) codes; objects (B,1,H,W), 1 where a pixel differs from the background -> (B,N) codes to learn."""
    cell = objects.shape[-1] // int(old.shape[1] ** 0.5)
    is_plain = (F.max_pool2d(objects, cell).flatten(1) == 0) & (old == plain)
    own = torch.tensor([split[scene.background] for scene in scenes])
    return torch.where(is_plain, own[:, None], old)


def main() -> None:
    args = parse_args()
    _, autocast = checkpoint.choose_device("cpu", args.threads)
    os.makedirs(args.out, exist_ok=True)
    torch.manual_seed(args.seed)
    painter, stored = Painter(args.data), Scenes(args.data)
    if len(args.split) != len(painter.backgrounds):
        raise SystemExit(f"The world has {len(painter.backgrounds)} backgrounds, --split names {len(args.split)} codes.")
    teacher, sizes = checkpoint.load_tokenizer(args.tokenizer)
    model, _ = checkpoint.load_tokenizer(args.tokenizer)
    encoder = model.encoder.requires_grad_(True).train()
    edge = ("conv_in", "conv_out", "quant_conv")
    hidden = {name for name, p in encoder.named_parameters() if p.ndim > 1 and not name.startswith(edge)}
    optimiser = Muon(
        (p for name, p in encoder.named_parameters() if name in hidden),
        (p for name, p in encoder.named_parameters() if name not in hidden),
        args.lr, args.adam_lr, 0.0,
    )  # fmt: skip
    ema, log = Ema(encoder, decay=0.99), checkpoint.Log(args.out)
    order = Order(len(stored) - args.held_out, args.seed)

    def draw(scenes: list[Scene]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """-> pixels, codes to learn (B,N), codes until now (B,N)."""
        pixels, objects = (torch.from_numpy(array) for array in pixels_and_mask(painter, scenes))
        with torch.no_grad():
            old = torch.cat([teacher.encode(part) for part in pixels.split(64)])
        return pixels, wanted_codes(old, objects, scenes, args.plain, args.split), old

    for step, (pixels, wanted, _) in enumerate(prefetch(lambda: draw([stored[i] for i in order.take(args.batch)]))):
        if step == args.steps:
            break
        optimiser.scale_lr(cosine(step / args.steps))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            z = encoder(pixels).float().flatten(2)  # (B,bits,N)
        signs = codes_to_signs(wanted, model.bits)
        # logistic on each bit, and a pull to ±1 that keeps z where the quantiser expects it
        loss = F.softplus(-4 * signs * z).mean() + 0.05 * (z - signs).pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimiser.step()
        ema.update(encoder)
        if (step + 1) % 50 == 0:
            right = (signs_to_codes((z > 0).unflatten(2, (-1, int(z.shape[2] ** 0.5)))) == wanted).float().mean().item()
            log(f"step {step + 1}  loss {loss.item():.4f}  cells right {right:.4f}", step=step + 1, loss=loss.item(), right=right)

    ema.swap(encoder)
    encoder.eval()
    held = [stored[i] for i in range(len(stored) - min(args.held_out, 512), len(stored))]
    pixels, wanted, old = draw(held)
    with torch.no_grad():
        codes = torch.cat([model.encode(part) for part in pixels.split(64)])
    right, moved = codes == wanted, old == args.plain
    shares = {"all": right.float().mean().item(), "plain": right[moved].float().mean().item(), "others": right[~moved].float().mean().item()}
    log("held-out cells right: " + "  ".join(f"{name} {share:.4f}" for name, share in shares.items()), **shares)
    checkpoint.save_tokenizer(args.out, model, CoderConfig(**sizes["encoder"]), CoderConfig(**sizes["decoder"]))


if __name__ == "__main__":
    main()
