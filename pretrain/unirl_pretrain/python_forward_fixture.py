"""Numbers of an exported model folder as PyTorch computes them, for the TypeScript side to agree with.

    python -m unirl_pretrain.python_forward_fixture --model ../public/models/<id> --data DIR --out fixture.safetensors

    t2i.input_ids i32 [B,L]  (no image known, pads left)   t2i.may_attend u8 [B,L,L]   t2i.logits f32 [B,N,V] image rows
    mmu.input_ids i32 [B,L'] (pads right)                  mmu.may_attend u8 [B,L',L'] mmu.logits f32 [B,V] of the last
    mmu.last i32 [B], the row that predicts the first answer token                     row of each question
    vq.pixels_u8 [B,S,S,3] painted scenes   vq.z f32 [B,bits,h,w]   vq.indices i32 [B,N]   vq.decoded f32 [B,3,S,S]
"""

import argparse
import os

import numpy as np
import torch

from . import checkpoint, safetensors_io
from .magvit2 import CoderConfig, MagvitV2
from .maskgit import to_device
from .rows import IGNORE, Rows, mmu_rows, t2i_rows, t2i_text
from .showo import Showo, ShowoConfig
from .words import load_tokenizer
from .world import Painter, Scenes, to_model


def load_folder(folder: str) -> tuple[Showo, MagvitV2]:
    """-> both models of an exported folder, f32."""
    config = checkpoint.read_json(os.path.join(folder, "config.json"))
    model = Showo(ShowoConfig.from_json(config))
    halves = [CoderConfig(**config["magvitv2"][half]) for half in ("encoder", "decoder")]
    vq = MagvitV2(*halves)
    for module, name in ((model, "model"), (vq, "vq")):
        weights = safetensors_io.load(os.path.join(folder, f"{name}.safetensors"))
        module.load_state_dict({key: torch.from_numpy(value.astype(np.float32)) for key, value in weights.items()})
    return model.eval(), vq.eval()


def inputs(task: str, rows: Rows) -> dict[str, np.ndarray]:
    return {f"{task}.input_ids": rows.ids.astype(np.int32), f"{task}.may_attend": rows.may_attend.astype(np.uint8)}


@torch.no_grad()
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True)
    p.add_argument("--data", required=True, help="folder of scenes; the last ones are used")
    p.add_argument("--out", required=True)
    p.add_argument("--scenes", type=int, default=3)
    args = p.parse_args()
    model, vq = load_folder(args.model)
    cfg, cpu = model.cfg, torch.device("cpu")
    words, scenes = load_tokenizer(args.model), Scenes(args.data)
    chosen = [scenes[i] for i in range(len(scenes) - args.scenes, len(scenes))]
    pixels = Painter(args.data).paint(chosen)
    z = vq.encoder(torch.from_numpy(to_model(pixels)))
    codes = vq.encode(torch.from_numpy(to_model(pixels)))

    blank = np.full((len(chosen), cfg.image_tokens), cfg.mask_id)
    t2i = t2i_rows(cfg, [t2i_text(cfg, words.encode(scene.prompt)) for scene in chosen], blank, np.full_like(blank, IGNORE))
    asked = [[cfg.end, *words.encode(f"USER: \n{scene.questions[0][0]} ASSISTANT:")] for scene in chosen]
    mmu = mmu_rows(cfg, codes.numpy(), [[(ids, [IGNORE] * len(ids))] for ids in asked])
    last = torch.tensor([cfg.image_tokens + 2 + len(ids) for ids in asked])
    safetensors_io.save(args.out, {
        **inputs("t2i", t2i), "t2i.logits": model(*to_device(t2i, cpu))[:, -cfg.image_tokens - 1 : -1].numpy(),
        **inputs("mmu", mmu), "mmu.logits": model(*to_device(mmu, cpu))[torch.arange(len(last)), last].numpy(),
        "mmu.last": last.int().numpy(),
        "vq.pixels_u8": pixels, "vq.z": z.numpy(), "vq.indices": codes.int().numpy(), "vq.decoded": vq.decode(codes).numpy(),
    })  # fmt: skip
    print(f"{os.path.getsize(args.out):,} bytes: {args.out}")


if __name__ == "__main__":
    main()
