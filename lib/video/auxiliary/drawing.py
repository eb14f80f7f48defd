"""Draw peaks as a PNG of two colours, one of them transparent."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

COLOR = bytes.fromhex("7c8694")
"""A grey that is seen on a white page and on a black one."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE = 3
BIT_DEPTH = 8
NO_FILTER = b"\0"
"""PNG (ISO/IEC 15948), 5.2, 11.2.2 and 9.2. A byte a px deflates as well as a bit."""


def draw(peaks: Sequence[tuple[int, int]], size: tuple[int, int]) -> bytes:
    """Return a PNG of `size` px in which the loudest of the peaks (lowest, highest) fills a half.

    A quiet recording is seen as well as a loud one; where nothing sounds there is a line.
    """
    width, height = size
    spans = _spans(peaks, width, height)
    rows = (bytes(top <= y < bottom for top, bottom in spans) for y in range(height))
    pixels = b"".join(NO_FILTER + row for row in rows)
    header = struct.pack(">IIBBBBB", width, height, BIT_DEPTH, PALETTE, 0, 0, 0)
    return SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", COLOR + COLOR),
            _chunk(b"tRNS", b"\x00\xff"),
            _chunk(b"IDAT", zlib.compress(pixels, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _spans(peaks: Sequence[tuple[int, int]], width: int, height: int) -> list[tuple[int, int]]:
    """Return the first row of each column's bar, and the first one below it."""
    loudest = max(max(-low, high) for low, high in peaks) or 1
    middle = height / 2
    spans = []
    for column in range(width):
        first = column * len(peaks) // width
        window = peaks[first : max(first + 1, (column + 1) * len(peaks) // width)]
        above = max(high for _, high in window) / loudest
        below = min(low for low, _ in window) / loudest
        # One px each way: the line.
        top = min(round(middle * (1 - above)), height // 2 - 1)
        bottom = max(round(middle * (1 - below)), height // 2 + 1)
        spans.append((top, bottom))
    return spans


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
