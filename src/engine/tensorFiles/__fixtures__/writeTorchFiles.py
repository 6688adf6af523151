"""Writes the fixtures of torchSource.test.ts beside itself, with PyTorch 1.12.1: python writeTorchFiles.py"""

import collections
import os
import pathlib

import torch

HERE = pathlib.Path(__file__).parent


class Malicious:
    def __reduce__(self):
        return os.system, ("echo this must not run",)


def tensors() -> dict:
    counting = torch.arange(24, dtype=torch.float32)
    state = collections.OrderedDict()
    state["f32"] = counting.reshape(4, 6) / 8
    state["f16"] = torch.tensor([[1.5, -2.0], [65504.0, 2.0**-24]], dtype=torch.float16)
    state["bf16"] = torch.tensor([1.0, -2.5, 3e38], dtype=torch.bfloat16)
    state["f64"] = torch.tensor([0.1], dtype=torch.float64)
    state["i64"] = torch.tensor([[1, -2], [3, 2**40]])
    state["bool"] = torch.tensor([True, False])
    state["scalar"] = torch.tensor(7.0)
    state["empty"] = torch.zeros(0, 3)
    state["transposed"] = counting.reshape(4, 6).t()
    state["shared"] = counting[3:7]
    state["strided"] = counting.reshape(2, 3, 4)[:, 1:, ::2]
    state["repeated"] = torch.tensor([[5.0], [6.0]]).expand(2, 3)
    state["parameter"] = torch.nn.Parameter(torch.tensor([0.25, 0.5]))
    return state


def save(name: str, value: object) -> None:
    torch.save(value, HERE / name)


if __name__ == "__main__":
    save("state.bin", tensors())
    module = torch.nn.Linear(2, 3)
    with torch.no_grad():
        module.weight.copy_(torch.arange(6).reshape(3, 2))
        module.bias.copy_(torch.tensor([-1.0, 0.0, 1.0]))
    save("nested.pt", {"epoch": 3, "lr": 1e-4, "state_dict": module.state_dict(), "names": ["a", "b"], "note": None})
    save("malicious.pt", {"weight": torch.zeros(2), "x": Malicious()})
    save("module.pt", module)
    torch.save({"w": torch.ones(2)}, HERE / "old.pt", _use_new_zipfile_serialization=False)
    for name in ["state.bin", "nested.pt", "malicious.pt", "module.pt", "old.pt"]:
        print(name, (HERE / name).stat().st_size)
