"""MAGVIT-v2 with look-up-free quantisation, the layers and parameter names of Show-o's tokenizer."""

from dataclasses import asdict, dataclass, field

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class CoderConfig:
    """One half of the tokenizer. Level i has ch * ch_mult[i] channels and num_res_blocks[i] residual blocks."""

    ch: int = 32
    ch_mult: list[int] = field(default_factory=lambda: [1, 1, 2, 4])
    num_res_blocks: list[int] = field(default_factory=lambda: [1, 1, 1, 1])
    resolution: int = 64
    z_channels: int = 11
    norm_group_size: int = 0  # channels of a normalisation group; 0: always 32 groups, as in Show-o

    def to_dict(self) -> dict:
        """Without norm_group_size where it is Show-o's own."""
        return {name: value for name, value in asdict(self).items() if name != "norm_group_size" or value}


def norm(channels: int, group_size: int) -> nn.GroupNorm:
    """32 groups of 32 channels forget how bright a picture is, since each channel loses its mean; groups of four keep it."""
    return nn.GroupNorm(channels // group_size if group_size else 32, channels, eps=1e-6)


class ResBlock(nn.Module):
    def __init__(self, cin: int, cout: int, group_size: int):
        super().__init__()
        self.norm1, self.conv1 = norm(cin, group_size), nn.Conv2d(cin, cout, 3, padding=1)
        self.norm2, self.conv2 = norm(cout, group_size), nn.Conv2d(cout, cout, 3, padding=1)
        if cin != cout:
            self.nin_shortcut = nn.Conv2d(cin, cout, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttnBlock(nn.Module):
    def __init__(self, channels: int, group_size: int):
        super().__init__()
        self.norm = norm(channels, group_size)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, height, width = x.shape
        h = self.norm(x)
        q, k, v = (conv(h).reshape(b, c, height * width) for conv in (self.q, self.k, self.v))
        weights = torch.softmax(q.transpose(1, 2) @ k * c**-0.5, dim=-1)  # (B, HW query, HW key)
        return x + self.proj_out((v @ weights.transpose(1, 2)).reshape(b, c, height, width))


class Mid(nn.Module):
    def __init__(self, channels: int, group_size: int):
        super().__init__()
        self.block_1, self.block_2 = (ResBlock(channels, channels, group_size) for _ in range(2))
        self.attn_1 = AttnBlock(channels, group_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Resample(nn.Module):
    """Holds the one convolution of a down- or upsampling step, named `conv` as in the checkpoint."""

    def __init__(self, channels: int, down: bool):
        super().__init__()
        self.down = down
        self.conv = nn.Conv2d(channels, channels, 3, stride=2 if down else 1, padding=0 if down else 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.down:
            return self.conv(F.pad(x, (0, 1, 0, 1)))  # zeros on the right and the bottom only
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    def __init__(self, cin: int, cout: int, blocks: int, group_size: int):
        super().__init__()
        self.block = nn.ModuleList(ResBlock(cin if i == 0 else cout, cout, group_size) for i in range(blocks))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.block:
            x = block(x)
        for resample in ("downsample", "upsample"):
            if hasattr(self, resample):
                x = getattr(self, resample)(x)
        return x


class Encoder(nn.Module):
    def __init__(self, cfg: CoderConfig):
        super().__init__()
        self.conv_in = nn.Conv2d(3, cfg.ch, 3, padding=1)
        self.down = nn.ModuleList()
        channels = cfg.ch
        for i, (mult, blocks) in enumerate(zip(cfg.ch_mult, cfg.num_res_blocks)):
            level = Level(channels, cfg.ch * mult, blocks, cfg.norm_group_size)
            channels = cfg.ch * mult if blocks else channels
            if i < len(cfg.ch_mult) - 1:
                level.downsample = Resample(channels, down=True)
            self.down.append(level)
        self.mid = Mid(channels, cfg.norm_group_size)
        self.norm_out, self.conv_out = norm(channels, cfg.norm_group_size), nn.Conv2d(channels, cfg.z_channels, 3, padding=1)
        self.quant_conv = nn.Conv2d(cfg.z_channels, cfg.z_channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels (B,3,H,W) in [-1,1] -> z (B,bits,H/f,W/f)."""
        h = self.conv_in(x)
        for level in self.down:
            h = level(h)
        return self.quant_conv(self.conv_out(F.silu(self.norm_out(self.mid(h)))))


class Decoder(nn.Module):
    def __init__(self, cfg: CoderConfig):
        super().__init__()
        channels = cfg.ch * cfg.ch_mult[-1]
        self.post_quant_conv = nn.Conv2d(cfg.z_channels, cfg.z_channels, 1)
        self.conv_in = nn.Conv2d(cfg.z_channels, channels, 3, padding=1)
        self.mid = Mid(channels, cfg.norm_group_size)
        levels = []
        for i in reversed(range(len(cfg.ch_mult))):  # up.N runs first; up is indexed by level
            level = Level(channels, cfg.ch * cfg.ch_mult[i], cfg.num_res_blocks[i], cfg.norm_group_size)
            channels = cfg.ch * cfg.ch_mult[i] if cfg.num_res_blocks[i] else channels
            if i > 0:
                level.upsample = Resample(channels, down=False)
            levels.insert(0, level)
        self.up = nn.ModuleList(levels)
        self.norm_out, self.conv_out = norm(channels, cfg.norm_group_size), nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, q: torch.Tensor) -> torch.Tensor:
        """Signs (B,bits,h,w) -> pixels (B,3,H,W), unbounded around [-1,1]."""
        h = self.mid(self.conv_in(self.post_quant_conv(q)))
        for level in reversed(self.up):
            h = level(h)
        return self.conv_out(F.silu(self.norm_out(h)))


class MagvitV2(nn.Module):
    def __init__(self, encoder: CoderConfig, decoder: CoderConfig):
        super().__init__()
        self.encoder, self.decoder = Encoder(encoder), Decoder(decoder)
        self.bits = encoder.z_channels

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (B,3,H,W) -> codes (B,h*w) int64, row-major."""
        return signs_to_codes(self.encoder(pixels) > 0)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (B,N) of a square grid -> pixels (B,3,H,W)."""
        side = int(codes.shape[1] ** 0.5)
        return self.decoder(codes_to_signs(codes, self.bits).reshape(len(codes), self.bits, side, side))


def signs_to_codes(positive: torch.Tensor) -> torch.Tensor:
    """bool (B,bits,h,w) -> int64 (B,h*w); channel 0 is the most significant bit."""
    bits = positive.shape[1]
    weights = 2 ** torch.arange(bits - 1, -1, -1, device=positive.device)
    return (positive.long() * weights[:, None, None]).sum(1).flatten(1)


def codes_to_signs(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """int64 (B,N) -> f32 (B,bits,N) of -1 and +1."""
    shifts = torch.arange(bits - 1, -1, -1, device=codes.device)
    return ((codes[:, None] >> shifts[:, None]) & 1).float() * 2 - 1
