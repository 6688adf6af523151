"""Encodes every scene of a folder once: scenes-00000.jsonl -> <out>/scenes-00000.codes.npy, u16 [scenes, N].

    python -m unirl_pretrain.encode_scenes --data DIR --tokenizer DIR --out DIR
"""

import argparse
import os
import time

import numpy as np
import torch

from . import checkpoint
from .world import Painter, Scenes, prefetch, to_model


def codes_path(folder: str, shard: str) -> str:
    return os.path.join(folder, shard.replace(".jsonl", ".codes.npy"))


def load_codes(folder: str, shards: list[str], tokenizer: str) -> np.ndarray:
    """-> u16 [all scenes, N]; refuses codes of another tokenizer."""
    wanted = checkpoint.fingerprint(os.path.join(tokenizer, "vq.safetensors"))
    stamp = os.path.join(folder, "codes.json")
    if not os.path.exists(stamp) or checkpoint.read_json(stamp)["tokenizer"] != wanted:
        raise SystemExit(f"{folder} holds no codes of the tokenizer in {tokenizer}: run encode_scenes first.")
    return np.concatenate([np.load(codes_path(folder, shard)) for shard in shards])


@torch.no_grad()
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True)
    p.add_argument("--tokenizer", required=True, help="folder of train_tokenizer")
    p.add_argument("--out", required=True, help="may be the data folder; finished shards are skipped")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--device", default="auto")
    args = p.parse_args()
    device, autocast = checkpoint.choose_device(args.device, args.threads)
    model = checkpoint.load_tokenizer(args.tokenizer)[0].to(device).to(memory_format=torch.channels_last)
    painter, scenes = Painter(args.data), Scenes(args.data)
    os.makedirs(args.out, exist_ok=True)
    stamp, stamp_path = {"tokenizer": checkpoint.fingerprint(os.path.join(args.tokenizer, "vq.safetensors"))}, os.path.join(args.out, "codes.json")
    fresh = not os.path.exists(stamp_path) or checkpoint.read_json(stamp_path) != stamp
    checkpoint.write_json(stamp_path, stamp)
    if fresh:  # codes of another tokenizer must not be mistaken for ours
        for shard in scenes.shards:
            if os.path.exists(codes_path(args.out, shard)):
                os.remove(codes_path(args.out, shard))
    begin, encoded = time.monotonic(), 0
    for number, shard in enumerate(scenes.shards):
        path = codes_path(args.out, shard)
        if os.path.exists(path):
            continue
        starts = iter(range(int(scenes.first[number]), int(scenes.first[number + 1]), args.batch))
        last = int(scenes.first[number + 1])

        def paint() -> np.ndarray | None:
            start = next(starts, None)
            return None if start is None else painter.paint([scenes[i] for i in range(start, min(start + args.batch, last))])

        parts = []
        for pixels in prefetch(paint):
            if pixels is None:
                break
            x = torch.from_numpy(to_model(pixels)).to(device).contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast and device.type == "cuda"):
                parts.append(model.encode(x).cpu().numpy().astype(np.uint16))
            encoded += len(pixels)
        with open(path + ".tmp", "wb") as file:
            np.save(file, np.concatenate(parts))
        os.replace(path + ".tmp", path)
        speed = encoded / (time.monotonic() - begin)
        left = (len(scenes) - last) / speed
        print(f"{shard}: {last - int(scenes.first[number])} scenes, {speed:.0f} scenes/s, {left / 60:.1f} min left", flush=True)


if __name__ == "__main__":
    main()
