"""Reader and writer of the safetensors format: u64 header length, JSON header, raw little-endian data."""

import json
import os

import numpy as np

_DTYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32,
    "I16": np.int16, "U16": np.uint16, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}


def load(path: str) -> dict[str, np.ndarray]:
    """All tensors of a file as arrays (copies, so the file may be replaced afterwards)."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__":
            begin, end = info["data_offsets"]
            flat = np.frombuffer(data[begin:end], dtype=_DTYPES[info["dtype"]])
            tensors[name] = flat.reshape(info["shape"]).copy()
    return expand_int8_rows(tensors)


def int8_rows(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[rows, ...] -> int8 of the same shape and f32 scales [rows]; value is about int8 * scale."""
    rows = value.reshape(len(value), -1)
    scale = np.maximum(np.abs(rows).max(1), 1e-12).astype(np.float32) / 127
    return np.rint(rows / scale[:, None]).astype(np.int8).reshape(value.shape), scale


def expand_int8_rows(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Replaces every int8 tensor x by x * x.scale in f32; other tensors pass through."""
    small = [name for name, value in tensors.items() if value.dtype == np.int8]
    for name in small:
        scale = tensors.pop(name + ".scale")
        tensors[name] = tensors[name].astype(np.float32) * scale.reshape(-1, *[1] * (tensors[name].ndim - 1))
    return tensors


def save(path: str, tensors: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> None:
    """Writes tensors in name order, atomically; the header is padded so that data starts on 8 bytes."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    chunks, offset = [], 0
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name]).reshape(np.shape(tensors[name]))
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        chunks.append(array.tobytes())
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".tmp", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(chunks))
    os.replace(path + ".tmp", path)
