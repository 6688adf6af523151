"""Sizes of the shipped models. Everything else follows from the world and from command-line options."""

from dataclasses import dataclass, field

from .magvit2 import CoderConfig


@dataclass
class Preset:
    side: int  # pixels; must equal the world's
    encoder: CoderConfig
    decoder: CoderConfig
    layers: int
    hidden: int
    heads: int
    mlp: int
    generation: dict = field(default_factory=lambda: {"timesteps": 12, "guidance_scale": 2.0, "temperature": 1.0})


def _coder(side: int, bits: int, mult: list[int], blocks: list[int]) -> CoderConfig:
    return CoderConfig(ch=32, ch_mult=mult, num_res_blocks=blocks, resolution=side, z_channels=bits)


PRESETS = {
    # 32 x 32 canvas, 4 x 4 tokens, 256 codes; as small as the format's 32 normalisation groups allow
    "nano": Preset(
        side=32,
        encoder=_coder(32, 8, [1, 1, 1, 1], [0, 0, 0, 0]),
        decoder=_coder(32, 8, [1, 1, 1, 1], [0, 0, 0, 0]),
        layers=2, hidden=64, heads=4, mlp=128,
        generation={"timesteps": 6, "guidance_scale": 2.0, "temperature": 1.0},
    ),
    # 64 x 64 canvas, 8 x 8 tokens, 2048 codes
    "tiny": Preset(
        side=64,
        encoder=_coder(64, 11, [1, 1, 2, 4], [0, 1, 1, 2]),
        decoder=_coder(64, 11, [1, 1, 2, 4], [0, 1, 2, 2]),
        layers=4, hidden=256, heads=8, mlp=1024,
    ),
}  # fmt: skip
