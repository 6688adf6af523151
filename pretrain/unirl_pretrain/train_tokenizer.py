"""Trains the image tokenizer on freshly painted scenes.

    python -m unirl_pretrain.train_tokenizer --data DIR --out DIR --preset tiny --minutes 30
"""

import argparse
import os
import time

import numpy as np
import torch

from . import checkpoint
from .factored import Views, Wardrobe, draw_views
from .factored import loss_terms as factored_terms
from .lfq import commitment, entropies, quantise
from .magvit2 import MagvitV2
from .muon import Ema, Muon, cosine
from .png import paired_sheet, to_u8, write_png
from .presets import PRESETS
from .world import Order, Painter, Scenes, pixels_and_mask, prefetch


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="folder written by `unirl world`")
    p.add_argument("--out", required=True, help="tokenizer folder; training resumes if it holds checkpoint.pt")
    p.add_argument("--init", help="tokenizer or model folder to start from (a fresh --out only)")
    p.add_argument("--freeze-encoder", action="store_true", help="the codes keep their meaning, so a Show-o trained on them stays valid")
    p.add_argument("--preset", default="tiny", choices=sorted(PRESETS))
    p.add_argument("--factored", action="store_true", help="four bits of a code for the tint, the others for the shape (factored.py)")
    p.add_argument("--decoder-group-size", type=int, default=0, help="channels of the decoder's normalisation groups; 0: 32 groups")
    p.add_argument("--minutes", type=float, default=0)
    p.add_argument("--steps", type=int, default=0)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--lr", type=float, default=1e-2, help="Muon")
    p.add_argument("--adam-lr", type=float, default=2e-3, help="biases, norms, first and last layers")
    p.add_argument("--decay", type=float, default=0.0)
    p.add_argument("--l1", type=float, default=1.0)
    p.add_argument("--l2", type=float, default=1.0)
    p.add_argument("--commit", type=float, default=0.25)
    p.add_argument("--entropy", type=float, default=0.02, help="weight of H(cell) - H(mean over cells)")
    p.add_argument("--tint", type=float, default=0.5, help="--factored: weight of the tint bits")
    p.add_argument("--plain", type=float, default=0.2, help="--factored: weight of the plain shape, for cells without object and no others")
    p.add_argument("--agree", type=float, default=0.2, help="--factored: weight of both views giving a cell the same shape")
    p.add_argument("--object-weight", type=float, default=3.0, help="weight of pixels that differ from the background")
    p.add_argument("--held-out", type=int, default=1024, help="last scenes of the folder, never trained on")
    p.add_argument("--bits", type=int, default=0, help="other than the preset's")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--device", default="auto")
    p.add_argument("--channels-last", type=int, default=1)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--log-every", type=int, default=50)
    p.add_argument("--eval-minutes", type=float, default=3)
    return p.parse_args()


def make_optimiser(model: MagvitV2, args: argparse.Namespace) -> Muon:
    """Muon for hidden kernels; AdamW for 1-D parameters and the layers that face pixels or bits."""
    edge = ("encoder.conv_in", "encoder.conv_out", "encoder.quant_conv", "decoder.post_quant_conv", "decoder.conv_in", "decoder.conv_out")
    hidden = {n for n, p in model.named_parameters() if p.ndim > 1 and not n.startswith(edge)}
    return Muon(
        (p for n, p in model.named_parameters() if n in hidden),
        (p for n, p in model.named_parameters() if n not in hidden),
        args.lr, args.adam_lr, args.decay,
    )  # fmt: skip


def loss_terms(model: MagvitV2, pixels: torch.Tensor, weight: torch.Tensor, autocast: bool) -> dict[str, torch.Tensor]:
    """pixels (B,3,H,W); weight (B,1,H,W) of each pixel in the reconstruction terms."""
    with torch.autocast(pixels.device.type, dtype=torch.bfloat16, enabled=autocast):
        z = model.encoder(pixels).float()
        output = model.decoder(quantise(z))
    error = output.float() - pixels
    # entropy only over cells with some object pixel: plain background needs few codes, not many
    cells = torch.nn.functional.max_pool2d(weight, weight.shape[-1] // z.shape[-1]).flatten() > 1
    flat = z.permute(0, 2, 3, 1).flatten(0, 2)
    cell_entropy, mean_entropy = entropies(flat[cells] if cells.any() else flat)
    return {
        "l1": (weight * error.abs()).mean(),
        "l2": (weight * error * error).mean(),
        "commit": commitment(z),
        "cell_entropy": cell_entropy,
        "mean_entropy": mean_entropy,
        "error": error.abs().mean().detach(),
    }


@torch.no_grad()
def validate(model: MagvitV2, pixels: torch.Tensor, objects: torch.Tensor) -> tuple[dict[str, float], torch.Tensor]:
    """-> mean |error| (all and object pixels) and codes in use, and the reconstructions (V,3,H,W)."""
    codes = torch.cat([model.encode(part) for part in pixels.split(64)])
    images = torch.cat([model.decode(part) for part in codes.split(64)])
    error = (images.clamp(-1, 1) - pixels).abs()
    share = torch.bincount(codes.flatten(), minlength=2**model.bits).float() / codes.numel()
    return {
        "val_error": error.mean().item(),
        "val_object_error": (error * objects).sum().item() / (3 * objects.sum().item()),
        "val_codes_used": int((share > 0).sum()),
        "val_code_entropy": -(share * (share + 1e-12).log()).sum().item(),
    }, images


def main() -> None:
    args = parse_args()
    preset = PRESETS[args.preset]
    if args.bits:
        preset.encoder.z_channels = preset.decoder.z_channels = args.bits
    preset.decoder.norm_group_size = args.decoder_group_size
    device, autocast = checkpoint.choose_device(args.device, args.threads)
    os.makedirs(args.out, exist_ok=True)
    torch.manual_seed(args.seed)
    painter, scenes = Painter(args.data), Scenes(args.data)
    if painter.side != preset.side:
        raise SystemExit(f"The world is {painter.side} px wide, preset {args.preset} wants {preset.side}: write scenes of that size.")

    model = MagvitV2(preset.encoder, preset.decoder).to(device)
    if args.init:
        checkpoint.start_from(model, os.path.join(args.init, "vq.safetensors"))
    if args.freeze_encoder:
        model.encoder.requires_grad_(False)
    if args.channels_last:
        model = model.to(memory_format=torch.channels_last)
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
    order = Order(len(scenes) - args.held_out, args.seed, position)

    wardrobe = Wardrobe(scenes) if args.factored else None
    repainting, cell = np.random.default_rng([args.seed, position]), preset.side // 2 ** (len(preset.encoder.ch_mult) - 1)

    def batch() -> tuple[Views | tuple[np.ndarray, np.ndarray], int]:
        """-> two views of the scenes, or model pixels (B,3,H,W) and object mask (B,1,H,W); the order's position after this batch."""
        chosen = [scenes[i] for i in order.take(args.batch)]
        drawn = draw_views(painter, wardrobe, chosen, cell, repainting) if wardrobe else pixels_and_mask(painter, chosen)
        return drawn, order.position

    held = [scenes[i] for i in range(len(scenes) - min(args.held_out, 256), len(scenes))]
    held_pixels, held_objects = (torch.from_numpy(a).to(device) for a in pixels_and_mask(painter, held))
    count = sum(p.numel() for p in model.parameters())
    log(f"{count / 1e6:.2f} M parameters, {len(scenes)} scenes, {device}, bf16 {autocast}, start at step {step}", parameters=count)

    def evaluate_and_save() -> None:
        ema.swap(model)
        numbers, images = validate(model, held_pixels, held_objects)
        checkpoint.save_tokenizer(args.out, model, preset.encoder, preset.decoder)
        ema.swap(model)
        write_png(os.path.join(args.out, "sheet.png"), paired_sheet(to_u8(held_pixels[:36].cpu().numpy()), to_u8(images[:36].cpu().numpy())))
        checkpoint.save_atomic(path, {
            "model": model.state_dict(), "optimiser": optimiser.state_dict(), "ema": ema.state_dict(),
            "rng": torch.get_rng_state(), "step": step, "used": budget.used, "position": position,
        })  # fmt: skip
        log("  held-out " + "  ".join(f"{k[4:]} {v:.4g}" for k, v in numbers.items()), step=step, seconds=budget.used, **numbers)
        budget.tick()

    last_eval, last_log = budget.used, (step, time.monotonic())
    for drawn, position in prefetch(batch):
        optimiser.scale_lr(cosine(budget.progress(step)))
        if isinstance(drawn, Views):
            terms = factored_terms(model, drawn, args.object_weight, autocast)
            loss = args.tint * terms["tint"] + args.plain * terms["plain"] + args.agree * terms["agree"]
        else:
            x = torch.from_numpy(drawn[0]).to(device)
            if args.channels_last:
                x = x.contiguous(memory_format=torch.channels_last)
            weight = 1 + (args.object_weight - 1) * torch.from_numpy(drawn[1]).to(device)
            terms, loss = loss_terms(model, x, weight, autocast), 0.0
        loss = loss + args.l1 * terms["l1"] + args.l2 * terms["l2"] + args.commit * terms["commit"]
        loss = loss + args.entropy * (terms["cell_entropy"] - terms["mean_entropy"])
        optimiser.zero_grad()
        loss.backward()
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
            log(f"step {step}  {speed:.1f} img/s  {text}  ETA {budget.eta(step)}", step=step, images=step * args.batch, seconds=budget.used, speed=speed, **numbers)
        done = budget.progress(step) >= 1
        if done or budget.used - last_eval > args.eval_minutes * 60:
            evaluate_and_save()
            last_eval = budget.used
        if done:
            return


if __name__ == "__main__":
    main()
