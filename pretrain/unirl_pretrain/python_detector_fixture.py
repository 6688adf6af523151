"""What an exported detector sees as PyTorch computes it, for the TypeScript side to agree with.

    python -m unirl_pretrain.python_detector_fixture --model ../public/models/judge-tiny --data DIR --tokenizer DIR --out fixture.safetensors

    pixels u8 [B,S,S,3], every other picture after a tokenizer's round trip   output f32 [B,S/4,S/4,outputs]
    found i32 [M,3]: image, class, colour   scores f32 [M]   boxes f32 [M,4]: all above 0.05 by image, class, row, column
"""

import argparse
import os

import numpy as np
import torch

from . import checkpoint, safetensors_io
from .detector import find_objects
from .detector_images import reconstruct
from .score_detector import MIN_SCORE
from .world import Painter, Scenes, to_model


@torch.no_grad()
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True)
    p.add_argument("--data", required=True, help="folder of scenes; the last ones are used")
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--scenes", type=int, default=6)
    args = p.parse_args()
    model, scenes = checkpoint.load_detector(args.model), Scenes(args.data)
    pixels = Painter(args.data).paint([scenes[i] for i in range(len(scenes) - args.scenes, len(scenes))])
    tripped = reconstruct(checkpoint.load_tokenizer(args.tokenizer)[0], torch.from_numpy(to_model(pixels)))
    pixels[1::2] = torch.round((tripped + 1) * 127.5).byte().permute(0, 2, 3, 1).numpy()[1::2]
    output = model(torch.from_numpy(to_model(pixels)))
    rows = [(image, one) for image, found in enumerate(find_objects(model.cfg, output, MIN_SCORE)) for one in found]
    safetensors_io.save(args.out, {
        "pixels": pixels, "output": output.permute(0, 2, 3, 1).contiguous().numpy(),
        "found": np.array([(image, one.kind, one.colour) for image, one in rows], np.int32),
        "scores": np.array([one.score for _, one in rows], np.float32),
        "boxes": np.array([one.box for _, one in rows], np.float32),
    })  # fmt: skip
    print(f"{os.path.getsize(args.out):,} bytes, {len(rows)} objects: {args.out}")


if __name__ == "__main__":
    main()
