"""Agreement with the PyTorch reference's golden numbers (UNIRL_SHARED or ../shared next to the repository)."""

import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from unirl_pretrain import safetensors_io  # noqa: E402
from unirl_pretrain.magvit2 import CoderConfig, MagvitV2  # noqa: E402
from unirl_pretrain.maskgit import sample  # noqa: E402
from unirl_pretrain.rows import IGNORE, t2i_rows  # noqa: E402
from unirl_pretrain.showo import Showo, ShowoConfig  # noqa: E402

SHARED = os.environ.get("UNIRL_SHARED") or os.path.join(os.path.dirname(__file__), "../../../shared")
GOLDEN = os.path.join(SHARED, "golden/showo-a")


def golden(name: str) -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(value) for key, value in safetensors_io.load(os.path.join(GOLDEN, name)).items()}


def load() -> tuple[dict, Showo, dict[str, torch.Tensor]]:
    with open(os.path.join(GOLDEN, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    model = Showo(ShowoConfig.from_json(config))
    model.load_state_dict(golden("model.safetensors"))
    return config, model, golden("expected.safetensors")


def positions(ids: torch.Tensor) -> torch.Tensor:
    return torch.arange(ids.shape[1]).expand(ids.shape)


def attend(mask: torch.Tensor) -> torch.Tensor:
    return mask.bool() | torch.eye(mask.shape[1], dtype=torch.bool)


def test_config_round_trip() -> None:
    config, model, _ = load()
    written = model.cfg.to_json(config["showo"]["max_text_len"])
    assert all(written[key] == config[key] for key in written)


def test_logits() -> None:
    _, model, e = load()
    for task in ("t2i", "mmu"):
        ids = e[f"{task}.input_ids"].long()
        logits = model(ids, positions(ids), attend(e[f"{task}.may_attend"]))
        keep = e["t2i.valid_rows"].bool() if task == "t2i" else torch.ones_like(ids).bool()
        assert (logits - e[f"{task}.logits"])[keep].abs().max() < 2e-4


def test_our_t2i_rows_are_the_reference_rows() -> None:
    """Ids and mask built from the unpadded texts agree with the reference's padded rows."""
    _, model, e = load()
    cfg, ids = model.cfg, e["t2i.input_ids"].long().numpy()
    width = ids.shape[1] - cfg.image_tokens - 2
    texts = [[t for t in row[:width] if t != cfg.special("[PAD]")] for row in ids]
    ours = t2i_rows(cfg, texts, ids[:, width + 1 : -1], np.full((3, cfg.image_tokens), IGNORE))
    drop = width - max(map(len, texts))
    assert (ours.ids == ids[:, drop:]).all()
    valid = e["t2i.valid_rows"].bool().numpy()[:, drop:]
    reference = e["t2i.may_attend"].bool().numpy()[:, drop:, drop:]
    assert (ours.may_attend[valid] == reference[valid]).all()
    logits = model(*(torch.from_numpy(np.ascontiguousarray(a)) for a in (ours.ids, ours.positions, ours.may_attend)))
    assert (logits - e["t2i.logits"][:, drop:])[torch.from_numpy(valid)].abs().max() < 2e-4


def losses(model: Showo, e: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """-> t2i loss (no shift), mmu loss (shifted by one)."""
    n = model.cfg.image_tokens
    ids = e["t2i.input_ids"].long()
    logits = model(ids, positions(ids), attend(e["t2i.may_attend"]))
    t2i = F.cross_entropy(logits[:, -n - 1 : -1].flatten(0, 1), e["loss.t2i_labels"].long().flatten())
    ids = e["mmu.input_ids"].long()
    logits = model(ids, positions(ids), attend(e["mmu.may_attend"]))
    return t2i, F.cross_entropy(logits[:, :-1].flatten(0, 1), e["loss.mmu_labels"].long()[:, 1:].flatten())


def add_lora(model: Showo, e: dict[str, torch.Tensor]) -> None:
    with open(os.path.join(GOLDEN, "lora.json"), encoding="utf-8") as file:
        lora = json.load(file)
    scale = lora["lora_alpha"] / lora["r"]
    for name, module in model.showo.named_modules():
        if f"lora.{name}.lora_A.weight" in e:
            a, b = e[f"lora.{name}.lora_A.weight"], e[f"lora.{name}.lora_B.weight"]
            module.register_forward_hook(lambda _, args, out, a=a, b=b: out + scale * args[0] @ a.T @ b.T)


def test_losses_and_gradients() -> None:
    """grad.* of the golden file holds three backward passes: t2i, mmu, and t2i once more with the adapters on."""
    _, model, e = load()
    t2i, mmu = losses(model, e)
    assert abs(t2i.item() - e["loss.t2i"].item()) < 1e-4
    assert abs(mmu.item() - e["loss.mmu"].item()) < 1e-4
    (t2i + mmu).backward()
    add_lora(model, e)
    t2i = losses(model, e)[0]
    assert abs(t2i.item() - e["lora.loss_t2i"].item()) < 1e-4
    t2i.backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad - e[f"grad.{name}"]).abs().max() < 2e-4, name


@torch.no_grad()
def test_tokenizer() -> None:
    config, _, e = load()
    model = MagvitV2(CoderConfig(**config["magvitv2"]["encoder"]), CoderConfig(**config["magvitv2"]["decoder"]))
    model.load_state_dict(golden("vq.safetensors"))
    assert (model.encoder(e["vq.pixels_nchw"]) - e["vq.encoder_z_nchw"]).abs().max() < 2e-4
    assert (model.encode(e["vq.pixels_nchw"]) == e["vq.indices"]).all()
    assert (model.decode(e["vq.decode_codes"].long()) - e["vq.decoded_nchw"]).abs().max() < 2e-4


@torch.no_grad()
def test_sampler() -> None:
    """The whole MaskGIT trace, with the reference's noise."""
    _, model, e = load()
    with open(os.path.join(GOLDEN, "maskgit.json"), encoding="utf-8") as file:
        settings = json.load(file)
    pad = model.cfg.special("[PAD]")
    texts = [[t for t in row.tolist() if t != pad] for row in e["maskgit.text_ids"]]
    codes = sample(
        model, texts, settings["timesteps"], settings["guidance_scale"], settings["temperature"],
        noise=(e["maskgit.sample_gumbel"], e["maskgit.confidence_gumbel"]),
    )  # fmt: skip
    assert (codes == e["maskgit.final_codes"]).all()


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
