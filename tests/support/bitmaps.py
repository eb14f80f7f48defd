"""Windows bitmaps, icons and cursors of every kind, of pixels that are known."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image

Value = TypeVar("Value")
Pixel = Sequence[int]
"""Samples as they are packed: the first mask's first."""

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 230, 230)
QUARTERS = (RED, GREEN, BLUE, WHITE)
"""Top left, top right, bottom left, bottom right."""

RGB_MASKS = {16: (0x7C00, 0x3E0, 0x1F), 24: (0xFF0000, 0xFF00, 0xFF), 32: (0xFF0000, 0xFF00, 0xFF)}
BITFIELDS = 3


def quarters(size: tuple[int, int], values: Sequence[Value]) -> list[list[Value]]:
    """Return rows from the top of a picture of four quarters."""
    width, height = size
    return [
        [values[2 * (2 * y >= height) + (2 * x >= width)] for x in range(width)]
        for y in range(height)
    ]


def fit(value: int, mask: int) -> int:
    """Return a sample of 8 bits as the bits of a mask, rounded."""
    most = mask // (mask & -mask) if mask else 0
    return (value * most + 127) // 255 * (mask & -mask)


def pack(rows: Sequence[Sequence[Pixel]], bits: int, masks: Sequence[int]) -> list[bytes]:
    """Return rows of pixels of 16, 24 or 32 bits, padded to four bytes."""
    packed = []
    for row in rows:
        numbers = (sum(map(fit, pixel, masks)) for pixel in row)
        line = b"".join(number.to_bytes(bits // 8, "little") for number in numbers)
        packed.append(line + bytes(-len(line) % 4))
    return packed


def pack_indices(rows: Sequence[Sequence[int]], bits: int) -> list[bytes]:
    """Return rows of entries of a palette in 1, 2, 4 or 8 bits, padded to four bytes."""
    packed = []
    for row in rows:
        line = "".join(f"{index:0{bits}b}" for index in row)
        line += "0" * (-len(line) % 32)
        packed.append(int(line, 2).to_bytes(len(line) // 8, "big"))
    return packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the header of a bitmap says: `length` 12 to 124 tells its version."""

    size: tuple[int, int]
    bits: int
    length: int = 40
    compression: int = 0
    colors: int = 0
    masks: Sequence[int] = ()
    color_space: bytes = b"sRGB"
    endpoints: bytes = bytes(48)
    """CIEXYZ of three primaries and three gammas, of BITMAPV4HEADER."""
    profile_bytes: int = 0
    profile_at: int = 0
    """From where this header begins."""

    def __bytes__(self) -> bytes:
        width, height = self.size
        if self.length == 12:
            return struct.pack("<IHHHH", 12, width, height, 1, self.bits)
        head = struct.pack("<IiiHHI", self.length, width, height, 1, self.bits, self.compression)
        head += struct.pack("<IiiII", 0, 2835, 2835, self.colors, 0)
        rest = b"".join(struct.pack("<I", mask) for mask in self.masks)
        if self.length == 40:
            return head + rest
        rest = rest.ljust(16, b"\0")
        rest += self.color_space[::-1] + self.endpoints
        rest += struct.pack("<4I", 4, self.profile_at, self.profile_bytes, 0)
        return (head + rest)[: self.length].ljust(self.length, b"\0")


def bmp(header: Header, pixels: bytes, *, palette: bytes = b"", behind: bytes = b"") -> bytes:
    """Put a file's header before a bitmap; `behind` follows the pixels, such as a profile."""
    head = bytes(header) + palette
    start = 14 + len(head)
    end = start + len(pixels) + len(behind)
    return struct.pack("<2sIII", b"BM", end, 0, start) + head + pixels + behind


def colored(
    header: Header, rows: Sequence[Sequence[Pixel]], masks: Sequence[int] | None = None
) -> bytes:
    """Write a bitmap of 16, 24 or 32 bits, its rows as the header's height says."""
    lines = pack(rows, header.bits, masks or header.masks or RGB_MASKS[header.bits])
    return bmp(header, b"".join(lines if header.size[1] < 0 else lines[::-1]))


def palette_of(colors: Sequence[Pixel], entry: int = 4) -> bytes:
    """Return a palette: blue, green, red, and a fourth byte that means nothing."""
    return b"".join(bytes((*color[::-1][:3], 0))[:entry] for color in colors)


@dataclass(frozen=True, slots=True, kw_only=True)
class IconImage:
    """One image of an icon: what the directory says of it, and its content."""

    content: bytes
    size: tuple[int, int]
    bits: int
    colors: int = 0


def icon(*images: IconImage, kind: int = 1) -> bytes:
    """Write an icon, or a cursor (kind 2), whose directory says what it is told to."""
    entries, start = b"", 6 + 16 * len(images)
    for image in images:
        sides = (side % 256 for side in image.size)
        entries += struct.pack("<BBBBHHII", *sides, image.colors, 0, 1, image.bits, 0, 0)[:8]
        entries += struct.pack("<II", len(image.content), start)
        start += len(image.content)
    contents = b"".join(image.content for image in images)
    return struct.pack("<HHH", 0, kind, len(images)) + entries + contents


def dib(header: Header, rows: Sequence[bytes], mask: Sequence[Sequence[int]] = ()) -> bytes:
    """Return an icon's bitmap: `header.size` with twice the height, its mask behind its pixels."""
    lines = [*reversed(rows), *reversed(pack_indices(mask, 1))]
    return bytes(header) + b"".join(lines)


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Return the pixels in the corners, in reading order."""
    right, bottom = image.width - 1, image.height - 1
    rgba = image.convert("RGBA")
    places = ((0, 0), (right, 0), (0, bottom), (right, bottom))
    return [tuple(rgba.crop((x, y, x + 1, y + 1)).tobytes()) for x, y in places]


def opaque(values: Sequence[Pixel] = QUARTERS) -> list[tuple[int, ...]]:
    """Return colours as `corners` does, where nothing is transparent."""
    return [(*value[:3], 255) for value in values]


def near(found: list[tuple[int, ...]], wanted: Sequence[Pixel], levels: int) -> bool:
    """Tell whether no sample is more than some levels from what it should be."""
    return all(
        abs(a - b) <= levels
        for x, y in zip(found, wanted, strict=True)
        for a, b in zip(x, y, strict=True)
    )
