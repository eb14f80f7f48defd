"""Photoshop documents of every kind of flattened picture, written by hand.

What is right is known by construction.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

BITMAP, GREY, INDEXED, RGB, CMYK, MULTICHANNEL, DUOTONE, LAB = 0, 1, 2, 3, 4, 7, 8, 9
RAW, RUN_LENGTHS, ZIP, ZIP_PREDICTED = range(4)
CHANNELS = {BITMAP: 1, GREY: 1, INDEXED: 1, RGB: 3, CMYK: 4, DUOTONE: 1, LAB: 3}
SIZE = (13, 12)
SHADES = [(37 * at % 256, 91 * at % 256, 255 - at) for at in range(256)]


@dataclass(frozen=True)
class Kind:
    """How a picture is written. `extras` channels follow its colours; `layers` is their count, None
    without a section; `deep` the key of the block behind the layers that tells the same."""

    model: int = RGB
    depth: int = 8
    extras: int = 0
    layers: int | None = None
    deep: bytes = b""
    packing: int = RAW
    resources: bytes = b""
    size: tuple[int, int] = SIZE

    @property
    def is_clear(self) -> bool:
        """Whether the first extra channel is a transparency."""
        return self.extras > 0 and ((self.layers or 0) < 0 or bool(self.deep))


def color_at(kind: Kind, x: int, y: int) -> tuple[int, ...]:
    """Return the colour of a pixel as it is to be seen: 0–255, inks as 255 for all of one."""
    if kind.model == BITMAP:
        return (255 * ((x + y) % 2),)
    if kind.model == LAB:
        return (17 * x % 256, 128, 128)
    ramps = (17 * x % 256, 255 - 17 * x % 256, 85 * (y // 3) % 256, 17 * (y % 4))
    return ramps[: CHANNELS[kind.model]]


def alpha_at(_kind: Kind, x: int, y: int) -> int:
    """Return the value of the first extra channel."""
    return (255, 170, 85, 0)[(x + y) % 4]


def stored_at(kind: Kind, x: int, y: int) -> list[float]:
    """Return the samples of a pixel, put on white where it is clear, as they are stored: 0–255."""
    color: list[float] = list(map(float, color_at(kind, x, y)))
    if kind.model in (CMYK, BITMAP):
        color = [255 - value for value in color]
    alpha = alpha_at(kind, x, y)
    if kind.is_clear:
        color = [value * alpha / 255 + 255 - alpha for value in color]
    return [*color, *(alpha for _ in range(kind.extras))]


def row_of(values: Sequence[float], depth: int) -> bytes:
    """Pack a row of one plane."""
    if depth == 32:
        return struct.pack(f">{len(values)}f", *(value / 255 for value in values))
    if depth == 1:
        text = "".join("1" if value else "0" for value in values)
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")
    white = 255 if depth == 8 else 65_535
    letter = "B" if depth == 8 else "H"
    return struct.pack(f">{len(values)}{letter}", *(round(v / 255 * white) for v in values))


def predict(row: bytes, depth: int) -> bytes:
    """Return the differences of a row."""
    if depth == 32:
        row = b"".join(row[place::4] for place in range(4))
    letter, mask = ("H", 65_535) if depth == 16 else ("B", 255)
    values = struct.unpack(f">{len(row) // struct.calcsize(letter)}{letter}", row)
    differences = (now - then & mask for now, then in zip(values, (0, *values), strict=False))
    return struct.pack(f">{len(values)}{letter}", *differences)


def packbits(row: bytes) -> bytes:
    """Pack runs of equal bytes, and what is between them."""
    packed, at = b"", 0
    while at < len(row):
        run = 1
        while run < 128 and row[at : at + 1] * (run + 1) == row[at : at + run + 1]:
            run += 1
        packed += bytes((257 - run & 255, row[at])) if run > 1 else bytes((0, row[at]))
        at += run
    return packed


def pack(rows: list[bytes], kind: Kind) -> bytes:
    """Pack the rows of all planes."""
    if kind.packing == RUN_LENGTHS:
        packed = [packbits(row) for row in rows]
        return struct.pack(f">{len(packed)}H", *map(len, packed)) + b"".join(packed)
    if kind.packing == ZIP_PREDICTED:
        rows = [predict(row, kind.depth) for row in rows]
    content = b"".join(rows)
    return zlib.compress(content) if kind.packing in (ZIP, ZIP_PREDICTED) else content


def resource(number: int, content: bytes) -> bytes:
    """Write an image resource without a name."""
    return (
        b"8BIM" + struct.pack(">HHI", number, 0, len(content)) + content + bytes(len(content) % 2)
    )


def layers(kind: Kind) -> bytes:
    """Write the section of layers and masks, its counts and no layer."""
    if kind.layers is None and not kind.deep:
        return struct.pack(">I", 0)
    info = struct.pack(">h", kind.layers) if kind.layers is not None else b""
    section = struct.pack(">I", len(info)) + info + struct.pack(">I", 0)
    if kind.deep:
        content = struct.pack(">h", -1) if kind.deep.startswith(b"Lr") else b""
        padding = -len(content) % 4
        section += b"8BIMPatt" + struct.pack(">I", 3) + bytes(4)
        section += bytes(-len(section) % 4)
        section += b"8BIM" + kind.deep + struct.pack(">I", len(content)) + content + bytes(padding)
    return struct.pack(">I", len(section)) + section


def write(kind: Kind) -> bytes:
    """Write the document of a kind."""
    width, height = kind.size
    count = CHANNELS[kind.model] + kind.extras
    pixels = [[stored_at(kind, x, y) for x in range(width)] for y in range(height)]
    rows = [
        row_of([p[plane] for p in line], kind.depth) for plane in range(count) for line in pixels
    ]
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, count, height, width, kind.depth, kind.model)
    palette = b""
    if kind.model == INDEXED:
        palette = bytes(shade[part] for part in range(3) for shade in SHADES)
    sections = struct.pack(">I", len(palette)) + palette
    sections += struct.pack(">I", len(kind.resources)) + kind.resources + layers(kind)
    return head + sections + struct.pack(">H", kind.packing) + pack(rows, kind)
