"""The Show-o transformer: Phi decoder with q/k LayerNorm, partial rotary embedding and parallel blocks."""

from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

SPECIALS = ["[PAD]", "<|soi|>", "<|eoi|>", "<|sov|>", "<|eov|>", "<|t2i|>", "<|mmu|>", "<|t2v|>", "<|v2v|>", "<|lvg|>"]


@dataclass
class ShowoConfig:
    """Vocabulary: text 0..text-1 (the last is end-of-text = sot = eot), 10 specials, image codes, the mask token."""

    text: int
    codes: int
    image_tokens: int
    layers: int = 4
    hidden: int = 256
    heads: int = 8
    mlp: int = 1024
    rotary: float = 0.5
    theta: float = 10000.0
    eps: float = 1e-5
    tint_bits: int = 0  # first bits of a code that name its tint (factored.py); 0: codes are not factored

    @property
    def vocab(self) -> int:
        return self.text + len(SPECIALS) + self.codes + 1

    @property
    def first_code(self) -> int:
        return self.text + len(SPECIALS)

    @property
    def mask_id(self) -> int:
        return self.vocab - 1

    @property
    def end(self) -> int:
        """<|endoftext|>, which is also <|sot|> and <|eot|>."""
        return self.text - 1

    def special(self, name: str) -> int:
        return self.text + SPECIALS.index(name)

    def to_json(self, max_text: int) -> dict:
        """`showo`, `phi` and `special_tokens` of the model folder's config.json."""
        ids = {name: self.special(name) for name in SPECIALS}
        return {
            "showo": {
                "w_clip_vit": False,
                "vocab_size": self.vocab,
                "llm_vocab_size": self.text,
                "codebook_size": self.codes,
                "num_vq_tokens": self.image_tokens,
                "num_new_special_tokens": len(SPECIALS),
                "max_text_len": max_text,
            },
            "phi": {
                "vocab_size": self.vocab,
                "hidden_size": self.hidden,
                "intermediate_size": self.mlp,
                "num_hidden_layers": self.layers,
                "num_attention_heads": self.heads,
                "hidden_act": "gelu_new",
                "layer_norm_eps": self.eps,
                "rope_theta": self.theta,
                "partial_rotary_factor": self.rotary,
                "qk_layernorm": True,
                "max_position_embeddings": 2048,
            },
            "special_tokens": {**ids, "<|sot|>": self.end, "<|eot|>": self.end},
        }

    @staticmethod
    def from_json(config: dict) -> "ShowoConfig":
        showo, phi = config["showo"], config["phi"]
        return ShowoConfig(
            text=showo["llm_vocab_size"], codes=showo["codebook_size"], image_tokens=showo["num_vq_tokens"],
            layers=phi["num_hidden_layers"], hidden=phi["hidden_size"], heads=phi["num_attention_heads"],
            mlp=phi["intermediate_size"], rotary=phi["partial_rotary_factor"], theta=phi["rope_theta"], eps=phi["layer_norm_eps"],
        )  # fmt: skip


class Attention(nn.Module):
    def __init__(self, cfg: ShowoConfig):
        super().__init__()
        self.heads, self.head_dim = cfg.heads, cfg.hidden // cfg.heads
        self.q_proj, self.k_proj, self.v_proj, self.dense = (nn.Linear(cfg.hidden, cfg.hidden) for _ in range(4))
        self.q_layernorm = nn.LayerNorm(self.head_dim, cfg.eps)  # shared by all heads of the layer
        self.k_layernorm = nn.LayerNorm(self.head_dim, cfg.eps)

    def forward(self, x: torch.Tensor, rope: tuple[torch.Tensor, torch.Tensor], bias: torch.Tensor) -> torch.Tensor:
        """x (B,L,C); rope: cos, sin (B,1,L,r/2); bias (B,1,L,L), 0 or -inf."""
        b, length, channels = x.shape
        shape = (b, length, self.heads, self.head_dim)
        q = rotate(self.q_layernorm(self.q_proj(x).view(shape)).transpose(1, 2), rope)  # (B,H,L,D)
        k = rotate(self.k_layernorm(self.k_proj(x).view(shape)).transpose(1, 2), rope)
        v = self.v_proj(x).view(shape).transpose(1, 2)
        # spelt out: on CPU the backward of scaled_dot_product_attention takes a third of a whole training step
        scores = (q * self.head_dim**-0.5) @ k.transpose(2, 3) + bias.to(q.dtype)
        out = torch.softmax(scores, dim=-1).to(v.dtype) @ v
        return self.dense(out.transpose(1, 2).reshape(b, length, channels))


class Mlp(nn.Module):
    def __init__(self, cfg: ShowoConfig):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(cfg.hidden, cfg.mlp), nn.Linear(cfg.mlp, cfg.hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, cfg: ShowoConfig):
        super().__init__()
        self.self_attn, self.mlp, self.input_layernorm = Attention(cfg), Mlp(cfg), nn.LayerNorm(cfg.hidden, cfg.eps)

    def forward(self, h: torch.Tensor, rope: tuple[torch.Tensor, torch.Tensor], bias: torch.Tensor) -> torch.Tensor:
        x = self.input_layernorm(h)  # one norm feeds both branches
        return h + self.self_attn(x, rope, bias) + self.mlp(x)


class Phi(nn.Module):
    def __init__(self, cfg: ShowoConfig):
        super().__init__()
        self.embed_tokens = nn.Embedding(cfg.vocab, cfg.hidden)
        self.layers = nn.ModuleList(Block(cfg) for _ in range(cfg.layers))
        self.final_layernorm = nn.LayerNorm(cfg.hidden, cfg.eps)


class Causal(nn.Module):
    """Only gives the parameters their checkpoint names, showo.model.* and showo.lm_head.*."""

    def __init__(self, cfg: ShowoConfig):
        super().__init__()
        self.model, self.lm_head = Phi(cfg), nn.Linear(cfg.hidden, cfg.vocab)


class CodeFactors(nn.Module):
    """What codes of one tint share, and codes of one shape: added to the codes' own rows while training, so that a shape
    learnt in one colour is known in all."""

    def __init__(self, cfg: ShowoConfig):
        super().__init__()
        tints = 2**cfg.tint_bits
        self.tint = nn.Parameter(torch.randn(tints, cfg.hidden) * 0.02)
        self.shape = nn.Parameter(torch.randn(cfg.codes // tints, cfg.hidden) * 0.02)
        self.around = (cfg.first_code, cfg.vocab - cfg.first_code - cfg.codes)  # rows before and after the codes'

    def table(self) -> torch.Tensor:
        """-> (V,C), zero outside the image codes."""
        rows = (self.tint[:, None] + self.shape[None]).flatten(0, 1)
        return F.pad(rows, (0, 0, *self.around))


class Showo(nn.Module):
    def __init__(self, cfg: ShowoConfig):
        super().__init__()
        self.cfg = cfg
        self.showo = Causal(cfg)
        if cfg.tint_bits:
            self.read_factors, self.write_factors = CodeFactors(cfg), CodeFactors(cfg)
        rotated = int(cfg.rotary * (cfg.hidden // cfg.heads))
        inverse = cfg.theta ** (-torch.arange(0, rotated, 2).float() / rotated)
        self.register_buffer("inverse_frequencies", inverse, persistent=False)
        self.apply(self._init)

    def _init(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def hidden(self, ids: torch.Tensor, positions: torch.Tensor, may_attend: torch.Tensor) -> torch.Tensor:
        """ids, positions int64 (B,L); may_attend bool (B,L,L), true where row may look at column -> (B,L,C)."""
        angles = (positions[..., None].float() * self.inverse_frequencies)[:, None]  # (B,1,L,r/2)
        rope = (angles.cos(), angles.sin())
        bias = torch.zeros(may_attend.shape, device=ids.device).masked_fill_(~may_attend, float("-inf"))[:, None]
        model = self.showo.model
        h = model.embed_tokens(ids)
        if self.cfg.tint_bits:
            h = h + F.embedding(ids, self.read_factors.table())
        for layer in model.layers:
            h = layer(h, rope, bias)
        return model.final_layernorm(h)

    def head(self, h: torch.Tensor) -> torch.Tensor:
        """(...,C) -> f32 logits (...,V). Call it on the rows that need logits only."""
        head = self.showo.lm_head
        weight = head.weight + self.write_factors.table() if self.cfg.tint_bits else head.weight
        return F.linear(h, weight, head.bias).float()

    def forward(self, ids: torch.Tensor, positions: torch.Tensor, may_attend: torch.Tensor) -> torch.Tensor:
        return self.head(self.hidden(ids, positions, may_attend))


@torch.no_grad()
def fold_factors(cfg: ShowoConfig, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights by name, averaged or not -> those of a plain Show-o that computes the same."""
    if not cfg.tint_bits:
        return weights
    folded = {name: value for name, value in weights.items() if "_factors." not in name}
    for part, row in (("read_factors", "showo.model.embed_tokens.weight"), ("write_factors", "showo.lm_head.weight")):
        factors = CodeFactors(cfg)
        factors.load_state_dict({name: weights[f"{part}.{name}"] for name in ("tint", "shape")})
        folded[row] = folded[row] + factors.table()
    return folded


def rotate(x: torch.Tensor, rope: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Rotates the first r of D dims of x (B,H,L,D), pairing i with i + r/2; the rest passes."""
    cos, sin = rope
    half = cos.shape[-1]
    a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return torch.cat([a * cos - b * sin, b * cos + a * sin, rest], dim=-1).to(x.dtype)
