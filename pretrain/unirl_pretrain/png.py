"""A PNG writer in a few lines, and contact sheets of model images."""

import struct
import zlib

import numpy as np


def write_png(path: str, image: np.ndarray) -> None:
    """Writes u8 [height, width, 3]."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + image[y].tobytes() for y in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))


def to_u8(pixels: np.ndarray) -> np.ndarray:
    """Model pixels f32 in [-1,1], [B,3,H,W] -> u8 [B,H,W,3], truncating as Show-o does."""
    scaled = np.clip((pixels + 1) / 2, 0, 1) * 255
    return np.ascontiguousarray(scaled.astype(np.uint8).transpose(0, 2, 3, 1))


def contact_sheet(rows: list[np.ndarray], gap: int = 2) -> np.ndarray:
    """Rows of images, each u8 [B,H,W,3] -> one u8 image with white gaps."""
    columns = max(len(row) for row in rows)
    height, width = rows[0].shape[1:3]
    sheet = np.full((len(rows) * (height + gap) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            y, x = gap + r * (height + gap), gap + c * (width + gap)
            sheet[y : y + height, x : x + width] = image
    return sheet


def paired_sheet(above: np.ndarray, below: np.ndarray, columns: int = 12) -> np.ndarray:
    """Two batches u8 [B,H,W,3]: each line of `above` directly over the same line of `below`."""
    rows = []
    for start in range(0, len(above), columns):
        rows += [above[start : start + columns], below[start : start + columns]]
    return contact_sheet(rows)
