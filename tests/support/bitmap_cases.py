"""Bitmaps and icons of all kinds, of pixels by chance: the same on every run."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.support.bitmaps import (
    BITFIELDS,
    RGB_MASKS,
    Header,
    IconImage,
    bmp,
    colored,
    dib,
    icon,
    pack,
    pack_indices,
    palette_of,
)

SIZES = [(1, 1), (7, 5), (33, 4), (64, 3)]
VERSIONS = [40, 52, 56, 108, 124]
MASKS: dict[int, list[tuple[int, ...]]] = {
    16: [
        (0xF800, 0x7E0, 0x1F),
        (0x7C00, 0x3E0, 0x1F, 0x8000),
        (0xF00, 0xF0, 0xF, 0xF000),
        (0xC000, 0x3800, 0x7E0),
        (0x7, 0x38, 0x1C0, 0xE00),
        (0x1, 0x2, 0xFFFC),
    ],
    32: [
        (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
        (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000),
        (0x7FF, 0x3FF800, 0xFFC00000),
        (0xFE000000, 0x1FC0000, 0x3F800, 0x7FF),
        (0xFFFF0000, 0xFF00, 0xFF),
        (0x1F, 0x7E0, 0xF800, 0x70000),
    ],
}
Case = tuple[str, str, bytes]
"""A name, a container, and the file."""


def _pixels(chance: random.Random, size: tuple[int, int]) -> list[list[tuple[int, ...]]]:
    return [
        [tuple(chance.randrange(256) for _ in range(4)) for _ in range(size[0])]
        for _ in range(size[1])
    ]


def _indices(chance: random.Random, size: tuple[int, int], most: int) -> list[list[int]]:
    return [[chance.randrange(most) for _ in range(size[0])] for _ in range(size[1])]


def bitmap_cases() -> Iterator[Case]:
    """Yield bitmaps that Chromium shows."""
    chance = random.Random(41)
    for length in VERSIONS:
        for bits, kinds in MASKS.items():
            for number, masks in enumerate(kinds):
                if len(masks) == 4 and length < 56:
                    masks = masks[:3]
                width, height = SIZES[number % len(SIZES)]
                header = Header(
                    size=(width, -height if number % 2 else height),
                    bits=bits,
                    length=length,
                    compression=BITFIELDS,
                    masks=masks,
                )
                data = colored(header, _pixels(chance, (width, height)))
                yield f"{length}: {bits} bits by masks {number}", "bmp", data
        for bits in (16, 24, 32):
            for size in SIZES:
                header = Header(size=size, bits=bits, length=length)
                data = colored(header, _pixels(chance, size), RGB_MASKS[bits])
                yield f"{length}: {bits} bits, {size[0]} px", "bmp", data
    yield from _palettes(chance)
    yield from _runs(chance)


def _palettes(chance: random.Random) -> Iterator[Case]:
    for length in (12, 40, 64, 124):
        for bits in (1, 2, 4, 8) if length > 12 else (1, 4, 8):
            for size in SIZES:
                entry = 3 if length == 12 else 4
                count = 1 << bits if length == 12 else chance.randint(1, 1 << bits)
                colors = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(count)]
                rows = pack_indices(_indices(chance, size, 1 << bits), bits)
                header = Header(size=size, bits=bits, length=length, colors=count)
                data = bmp(header, b"".join(rows[::-1]), palette=palette_of(colors, entry))
                yield f"{length}: {bits} bits, {count} colours, {size[0]} px", "bmp", data


def _runs(chance: random.Random) -> Iterator[Case]:
    for number in range(40):
        bits = (8, 4)[number % 2]
        width, height = size = (chance.randint(1, 20), chance.randint(1, 6))
        codes = b""
        for _ in range(height):
            x = 0
            while x < width and chance.random() < 0.9:
                count = chance.randint(1, 6)
                if chance.random() < 0.6 or count < 3:
                    codes += bytes((count, chance.randrange(256)))
                else:
                    stored = (count * bits + 7) // 8
                    codes += bytes((0, count)) + chance.randbytes(stored) + bytes(stored % 2)
                x += count
                if chance.random() < 0.1:
                    codes += bytes((0, 2, chance.randint(0, 2), 0))
            codes += b"\0\0"
        colors = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(1 << bits)]
        header = Header(size=size, bits=bits, compression=1 + number % 2, colors=1 << bits)
        yield f"runs {number}", "bmp", bmp(header, codes + b"\0\1", palette=palette_of(colors))


def icon_cases() -> Iterator[Case]:
    """Yield icons whose directory tells the size of what it has."""
    chance = random.Random(42)
    for bits in (1, 4, 8, 16, 24, 32):
        for size in SIZES:
            for kind in ("opaque", "masked", "clear"):
                content = _icon_image(chance, bits, size, kind)
                images = [IconImage(content=content, size=size, bits=bits)]
                if kind == "masked" and size[0] > 1:
                    smaller = _icon_image(chance, 24, (1, 1), "opaque")
                    images.insert(0, IconImage(content=smaller, size=(1, 1), bits=24))
                yield f"{kind}, {bits} bits, {size[0]} px", "ico", icon(*images)


def _icon_image(chance: random.Random, bits: int, size: tuple[int, int], kind: str) -> bytes:
    header = Header(size=(size[0], 2 * size[1]), bits=bits)
    mask = _indices(chance, size, 1 if kind == "opaque" else 2)
    if bits > 8:
        pixels = _pixels(chance, size)
        if kind == "clear":
            pixels = [[(*pixel[:3], 0) for pixel in row] for row in pixels]
        masks = (*RGB_MASKS[bits], 0xFF000000) if bits == 32 else RGB_MASKS[bits]
        return dib(header, pack(pixels, bits, masks), mask)
    colors = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(1 << bits)]
    rows = pack_indices(_indices(chance, size, 1 << bits), bits)
    head = bytes(header)
    return head + palette_of(colors) + dib(header, rows, mask)[len(head) :]
