"""Writes the finished model folder the app loads: Hugging-Face style, averaged weights, one tokenizer inside.

    python -m unirl_pretrain.export --data DIR --tokenizer DIR --model DIR --out ../public/models/<id> --name "..."
"""

import argparse
import json
import os

import numpy as np

from . import checkpoint, safetensors_io
from .presets import PRESETS
from .showo import ShowoConfig, fold_factors
from .words import END_OF_TEXT, UNKNOWN, read_tokenizer_file

CARD = """# {name}

A small Show-o (one transformer for image generation and visual question answering) and its MAGVIT-v2 image tokenizer,
trained from scratch for the UniRL Playground on scenes of flat icons; it knows nothing outside that world.

- Transformer: {layers} layers, width {hidden}, {parameters:,} parameters; tokenizer: {vq_parameters:,} parameters,
  {codes} codes, {tokens} tokens an image of {side} x {side} pixels.
- Trained for {steps:,} steps ({minutes:.0f} minutes of {device}). Held-out answers, greedy: {answers}.
- Weights are exponential averages, stored as {dtype} (vectors as f32).

## How it was made

```
{command}
```

## Licence

Weights and configuration: Apache-2.0, as the project. The icons the scenes are made of are Fluent Emoji (flat) by
Microsoft, MIT licence; no other image or text was used. Architecture and file layout follow showlab/Show-o (Apache-2.0).
"""


def pack(weights: dict[str, np.ndarray], dtype: str) -> dict[str, np.ndarray]:
    """Matrices and kernels as dtype (int8: with a scale per row); vectors (norms, biases) stay f32."""
    packed = {}
    for name, value in weights.items():
        if value.ndim > 1 and dtype == "int8":
            packed[name], packed[name + ".scale"] = safetensors_io.int8_rows(value)
        else:
            packed[name] = value.astype(np.float16 if value.ndim > 1 and dtype == "f16" else np.float32)
    return packed


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True)
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--preset", default="tiny", choices=sorted(PRESETS), help="gives the generation settings")
    p.add_argument("--name", required=True, help="title of the model card")
    p.add_argument("--command", required=True, help="the training commands, for the model card")
    p.add_argument("--trained-on", default="CPU", help="the device, in words, for the model card")
    p.add_argument("--max-text", type=int, default=64)
    p.add_argument("--dtype", default="f16", choices=["int8", "f16", "f32"])
    p.add_argument("--timesteps", type=int)
    p.add_argument("--guidance-scale", type=float)
    p.add_argument("--temperature", type=float)
    args = p.parse_args()
    state = checkpoint.load(os.path.join(args.model, "checkpoint.pt"))
    if state is None:
        raise SystemExit(f"{args.model} holds no checkpoint.pt: train it first.")
    cfg = ShowoConfig(**state["config"])
    vq = safetensors_io.load(os.path.join(args.tokenizer, "vq.safetensors"))
    sizes, world = checkpoint.read_json(os.path.join(args.tokenizer, "vq.json")), checkpoint.read_json(os.path.join(args.data, "world.json"))
    weights = {name: value.numpy() for name, value in fold_factors(cfg, state["ema"]["shadow"]).items()}
    generation = dict(PRESETS[args.preset].generation)
    generation.update({k: v for k in generation if (v := getattr(args, k)) is not None})

    os.makedirs(args.out, exist_ok=True)
    target = lambda name: os.path.join(args.out, name)  # noqa: E731
    checkpoint.write_json(
        target("config.json"),
        {"model_type": "showo", **cfg.to_json(args.max_text), "magvitv2": sizes, "generation": generation},
    )
    checkpoint.write_json(target("tokenizer.json"), read_tokenizer_file(args.data))
    checkpoint.write_json(
        target("tokenizer_config.json"),
        {
            "tokenizer_class": "PreTrainedTokenizerFast", "unk_token": UNKNOWN, "bos_token": END_OF_TEXT,
            "eos_token": END_OF_TEXT, "clean_up_tokenization_spaces": False,
        },
    )  # fmt: skip
    shown = ("format", "version", "side", "classes", "colours", "sizes", "backgrounds", "words")
    checkpoint.write_json(target("world.json"), {key: world[key] for key in shown})
    safetensors_io.save(target("model.safetensors"), pack(weights, args.dtype), {"format": "pt"})
    safetensors_io.save(target("vq.safetensors"), pack(vq, args.dtype), {"format": "pt"})
    with open(target("README.md"), "w", encoding="utf-8") as file:
        file.write(CARD.format(
            name=args.name, layers=cfg.layers, hidden=cfg.hidden, codes=cfg.codes, tokens=cfg.image_tokens, side=world["side"],
            parameters=sum(v.size for v in weights.values()), vq_parameters=sum(v.size for v in vq.values()),
            steps=state["step"], minutes=state["used"] / 60, device=args.trained_on, dtype=args.dtype,
            command=args.command, answers=last_answers(args.model),
        ))  # fmt: skip
    for name in sorted(os.listdir(args.out)):
        print(f"{os.path.getsize(target(name)):>10,} {name}")


def last_answers(folder: str) -> str:
    """The last evaluation in log.jsonl, in words."""
    with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
        answers = [row["answers"] for row in map(json.loads, file) if "answers" in row]
    return ", ".join(f"{name} {value:.2f}" for name, value in answers[-1].items()) if answers else "not evaluated"


if __name__ == "__main__":
    main()
