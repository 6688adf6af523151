"""Writes a trained detector as the folder that the app's judge loads: config.json, model.safetensors, a model card.

    python -m unirl_pretrain.export_detector --detector DIR --out ../public/models/judge-tiny --name "..." --command "..."

`score_detector` adds to the card what the folder is worth.
"""

import argparse
import os

from . import checkpoint, safetensors_io
from .detector import STRIDE, DetectorConfig
from .export import pack

CARD = """# {name}

A detector that finds the icons of the UniRL Playground's world in {side} x {side} pictures: class, colour, box and score of each. It
shares no weights with the models it judges; in training it saw what an image tokenizer makes of scenes. It knows nothing outside
that world.

- {parameters:,} parameters: two convolutions of stride 2, {blocks} residual blocks of width {width}, one 1 x 1 convolution; no normalisation.
- Outputs of each of the {grid} x {grid} cells: {classes} class logits, centre and size of the box, {colours} colour logits.
- An object in its icon's own colours gets the most similar of the {colours} names, as GenEval's classifier would give it one.
- Trained for {steps:,} steps ({minutes:.0f} minutes of {device}). Weights are exponential averages, stored as {dtype} (vectors as f32).

## How it was made

```
{command}
```

## Licence

Weights and configuration: Apache-2.0, as the project. The icons the scenes are made of are Fluent Emoji (flat) by
Microsoft, MIT licence; no other image was used.
"""


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--detector", required=True, help="folder of train_detector")
    p.add_argument("--out", required=True)
    p.add_argument("--name", required=True, help="title of the model card")
    p.add_argument("--command", required=True, help="the training command, for the model card")
    p.add_argument("--trained-on", default="CPU", help="the device, in words, for the model card")
    p.add_argument("--dtype", default="int8", choices=["int8", "f16", "f32"])
    args = p.parse_args()
    state = checkpoint.load(os.path.join(args.detector, "checkpoint.pt"))
    if state is None:
        raise SystemExit(f"{args.detector} holds no checkpoint.pt: train it first.")
    cfg = DetectorConfig(**state["config"])
    weights = {name: value.numpy() for name, value in state["ema"]["shadow"].items()}
    os.makedirs(args.out, exist_ok=True)
    target = lambda name: os.path.join(args.out, name)  # noqa: E731
    checkpoint.write_json(target("config.json"), cfg.to_json())
    safetensors_io.save(target("model.safetensors"), pack(weights, args.dtype), {"format": "pt"})
    with open(target("README.md"), "w", encoding="utf-8") as file:
        file.write(CARD.format(
            name=args.name, side=cfg.side, grid=cfg.side // STRIDE, parameters=sum(v.size for v in weights.values()),
            blocks=cfg.blocks, width=cfg.width, classes=len(cfg.classes), colours=len(cfg.colours), steps=state["step"],
            minutes=state["used"] / 60, device=args.trained_on, dtype=args.dtype, command=args.command,
        ))  # fmt: skip
    for name in sorted(os.listdir(args.out)):
        print(f"{os.path.getsize(target(name)):>10,} {name}")


if __name__ == "__main__":
    main()
