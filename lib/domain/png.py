"""Write a PNG of a few colours by hand: where no library for images is at hand (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, PALETTE, RGBA = 2, 3, 6
"""Colour types (11.2.2)."""

NO_FILTER = b"\0"

Chunk = tuple[bytes, bytes]


def write_png(
    size: tuple[int, int], lines: Iterable[bytes], color_type: int, *colors: Chunk
) -> bytes:
    """Return a PNG of `size` px, 8 bits a channel; `colors` are the chunks that a palette needs."""
    header = struct.pack(">IIBBBBB", *size, 8, color_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(NO_FILTER + line for line in lines), 9)
    chunks = ((b"IHDR", header), *colors, (b"IDAT", pixels), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
