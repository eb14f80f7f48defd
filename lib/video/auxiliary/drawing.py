"""Draw peaks as a PNG of two colours, one of them transparent."""

from __future__ import annotations

from collections.abc import Sequence

from lib.domain.png import PALETTE, write_png

COLOR = bytes.fromhex("7c8694")
"""A grey that is seen on a white page and on a black one."""

CLEAR, OPAQUE = b"\x00", b"\xff"


def draw(peaks: Sequence[tuple[int, int]], size: tuple[int, int]) -> bytes:
    """Return a PNG of `size` px in which the loudest of the peaks (lowest, highest) fills a half.

    A quiet recording is seen as well as a loud one; where nothing sounds there is a line.
    """
    width, height = size
    spans = _spans(peaks, width, height)
    # A byte a px deflates as well as a bit.
    rows = (bytes(top <= y < bottom for top, bottom in spans) for y in range(height))
    colors = ((b"PLTE", COLOR + COLOR), (b"tRNS", CLEAR + OPAQUE))
    return write_png(size, rows, PALETTE, *colors)


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
