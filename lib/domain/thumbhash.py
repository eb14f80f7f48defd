"""Turn a ThumbHash back into a tiny picture that a page can carry inside it.

The format is described in `lib/imaging/thumbhash.py`. Standard library only: whoever has a
catalogue entry can do this, without the source.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from math import cos, pi

from lib.domain.png import RGB, RGBA, write_png

SIDE = 16
"""Longest side in px: 7 terms have 3 periods at most; browsers smooth what they enlarge."""

MOST_TERMS = 7

MOST_BYTES = 32
"""The longest has fewer; one that is cut short ends in zeros."""

SATURATION = 1.25
"""The format's own: it makes up for what four bits a term take from the colours."""

Channel = tuple[float, list[tuple[int, int, float]]]
"""Mean, and terms: frequency across, frequency down, weight."""


def data_uri(thumbhash: str) -> str:
    """Return a PNG of at most 16 px a side for a base64 ThumbHash, as a `data:` URI.

    Raises ValueError for what is not base64.
    """
    hashed = base64.b64decode(thumbhash).ljust(MOST_BYTES, b"\0")
    head = int.from_bytes(hashed[:5], "little")
    has_alpha, is_landscape = bool(head >> 23 & 1), bool(head >> 39)
    longer, shorter = 5 if has_alpha else MOST_TERMS, head >> 24 & 7
    size = SIDE, max(1, round(SIDE * shorter / longer))
    terms = longer, max(3, shorter)
    width, height = size if is_landscape else size[::-1]
    columns, rows = terms if is_landscape else terms[::-1]

    nibbles = (nibble for byte in hashed[5 + has_alpha :] for nibble in (byte & 15, byte >> 4))
    channels = [
        ((head & 63) / 63, _terms(nibbles, columns, rows, (head >> 18 & 31) / 31)),
        ((head >> 6 & 63) / 31.5 - 1, _terms(nibbles, 3, 3, (head >> 27 & 63) / 63 * SATURATION)),
        ((head >> 12 & 63) / 31.5 - 1, _terms(nibbles, 3, 3, (head >> 33 & 63) / 63 * SATURATION)),
    ]
    if has_alpha:
        channels.append(((hashed[5] & 15) / 15, _terms(nibbles, 5, 5, (hashed[5] >> 4) / 15)))
    lines = _lines(channels, width, height)
    png = write_png((width, height), lines, RGBA if has_alpha else RGB)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _terms(
    nibbles: Iterator[int], columns: int, rows: int, scale: float
) -> list[tuple[int, int, float]]:
    """Take the terms of one channel, which come row by row, without the mean."""
    return [
        (u, v, (next(nibbles) / 7.5 - 1) * scale * 2)
        for v in range(rows)
        for u in range(columns)
        if (u or v) and u * rows < columns * (rows - v)
    ]


def _lines(channels: Sequence[Channel], width: int, height: int) -> Iterator[bytes]:
    """Yield each line of pixels: red, green, blue, and alpha where there is one."""
    across, down = _waves(width), _waves(height)
    for vertical in down:
        line = bytearray()
        for horizontal in across:
            light, yellow_blue, red_green, *alpha = (
                mean + sum(weight * horizontal[u] * vertical[v] for u, v, weight in terms)
                for mean, terms in channels
            )
            blue = light - yellow_blue * 2 / 3
            red = (3 * light - blue + red_green) / 2
            line += bytes(map(_byte, (red, red - red_green, blue, *alpha)))
        yield bytes(line)


def _waves(length: int) -> list[list[float]]:
    return [
        [cos(pi / length * frequency * (position + 0.5)) for frequency in range(MOST_TERMS)]
        for position in range(length)
    ]


def _byte(value: float) -> int:
    return round(255 * min(1.0, max(0.0, value)))
