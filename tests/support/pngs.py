"""PNGs written chunk by chunk, so that any of them can be wrong."""

from __future__ import annotations

import random
import struct
import zlib

from lib.domain.png import SIGNATURE
from lib.imaging.decoders.png_stream import PASSES

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind: bytes, content: bytes, *, wrong: bool = False) -> bytes:
    """Return a chunk; `wrong` spoils its checksum."""
    crc = zlib.crc32(kind + content) ^ wrong
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def ihdr(size: tuple[int, int], depth: int, model: int, interlaced: bool = False) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, model, 0, 0, interlaced))


def png(
    size: tuple[int, int],
    depth: int,
    model: int,
    raw: bytes,
    *,
    before: bytes = b"",
    after: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """Return a PNG of filtered rows; `before` and `after` are chunks around its pixels."""
    head = SIGNATURE + ihdr(size, depth, model, interlaced) + before
    return head + chunk(b"IDAT", zlib.compress(raw)) + after + chunk(b"IEND", b"")


def noise(
    size: tuple[int, int], depth: int, model: int, *, interlaced: bool = False, seed: int = 1
) -> bytes:
    """Return filtered rows of noise, each with a filter of its own."""
    width, height = size
    numbers = random.Random(seed)
    steps = PASSES if interlaced else ((0, 0, 1, 1),)
    raw = bytearray()
    for x, y, across, down in steps:
        wide, high = len(range(x, width, across)), len(range(y, height, down))
        length = (wide * depth * CHANNELS[model] + 7) // 8
        for _ in range(high if wide else 0):
            raw.append(numbers.randrange(5))
            raw += numbers.randbytes(length)
    return bytes(raw)


def palette(count: int = 256) -> bytes:
    return chunk(b"PLTE", bytes(value * 7 % 256 for value in range(3 * count)))
