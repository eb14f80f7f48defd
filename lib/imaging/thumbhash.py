"""Make what a page shows before a rendition arrives: ThumbHash and average colour.

The format is Evan Wallace's ThumbHash (https://evanw.github.io/thumbhash/): the lowest terms of a
discrete cosine transform, up to 7 × 7 of luminance, 3 × 3 of each of two colour differences and
5 × 5 of alpha, four bits a term, 20 to 30 bytes in all.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi
from operator import mul

from PIL import Image

from lib.domain.renditions import Placeholder
from lib.imaging.resize import resize

SIDE = 32
"""Longest side in px that is looked at: the format allows 100, and 7 terms need far fewer."""

FLAT = 1e-9
"""Below this a channel's terms are the noise of its arithmetic."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One transformed channel: its mean, its other terms scaled to 0–1, and their scale."""

    mean: float
    terms: tuple[float, ...]
    scale: float


def make_placeholder(image: Image.Image) -> Placeholder:
    """Return the ThumbHash (base64) and the average colour (`#rrggbb`) of a picture.

    What is transparent has no part in the average; black where everything is.
    """
    scale = min(1.0, SIDE / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = resize(image, (width, height)).convert("RGBA")
    red, green, blue, alpha = (
        [value / 255 for value in small.getchannel(band).tobytes()] for band in "RGBA"
    )
    opacity = sum(alpha)
    average = [
        sum(map(mul, band, alpha)) / opacity if opacity else 0.0 for band in (red, green, blue)
    ]
    on_average = (
        [mean + (value - mean) * cover for value, cover in zip(band, alpha, strict=True)]
        for band, mean in zip((red, green, blue), average, strict=True)
    )
    hashed = _hash(width, height, *on_average, alpha=alpha)
    color = "#" + bytes(round(value * 255) for value in average).hex()
    return Placeholder(base64.b64encode(hashed).decode(), color)


def _hash(width: int, height: int, *colors: Sequence[float], alpha: Sequence[float]) -> bytes:
    """Return the ThumbHash of red, green, blue and alpha, each 0–1, row by row."""
    has_alpha = sum(alpha) < width * height
    most = 5 if has_alpha else 7
    columns, rows = (max(1, _round(most * side / max(width, height))) for side in (width, height))
    is_landscape = width > height

    pixels = list(zip(*colors, strict=True))
    luminance = [(r + g + b) / 3 for r, g, b in pixels]
    yellow_blue = [(r + g) / 2 - b for r, g, b in pixels]
    red_green = [r - g for r, g, _ in pixels]
    light = _transform(luminance, width, height, max(3, columns), max(3, rows))
    yellow = _transform(yellow_blue, width, height, 3, 3)
    red = _transform(red_green, width, height, 3, 3)
    head = (
        _round(63 * light.mean)
        | _round(31.5 + 31.5 * yellow.mean) << 6
        | _round(31.5 + 31.5 * red.mean) << 12
        | _round(31 * light.scale) << 18
        | has_alpha << 23
        | (rows if is_landscape else columns) << 24
        | _round(63 * yellow.scale) << 27
        | _round(63 * red.scale) << 33
        | is_landscape << 39
    )
    hashed = head.to_bytes(5, "little")
    terms = [*light.terms, *yellow.terms, *red.terms]
    if has_alpha:
        cover = _transform(alpha, width, height, 5, 5)
        hashed += bytes([_round(15 * cover.mean) | _round(15 * cover.scale) << 4])
        terms += cover.terms
    nibbles = [_round(15 * term) for term in terms] + [0] * (len(terms) % 2)
    return hashed + bytes(
        low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True)
    )


def _transform(band: Sequence[float], width: int, height: int, columns: int, rows: int) -> Channel:
    """Return the triangle of low frequencies: rows first, then columns, as a DCT may be split."""
    across = [_cosines(width, frequency) for frequency in range(columns)]
    down = [_cosines(height, frequency) for frequency in range(rows)]
    lines = [band[start : start + width] for start in range(0, width * height, width)]
    partial = [[sum(map(mul, line, wave)) for line in lines] for wave in across]
    mean, *terms = (
        sum(map(mul, partial[x], down[y])) / (width * height)
        for y in range(rows)
        for x in range(columns)
        if x * rows < columns * (rows - y)
    )
    scale = max(map(abs, terms))
    if scale < FLAT:
        return Channel(mean, (0.0,) * len(terms), 0.0)
    return Channel(mean, tuple(0.5 + 0.5 * term / scale for term in terms), scale)


def _cosines(length: int, frequency: int) -> list[float]:
    return [cos(pi / length * frequency * (position + 0.5)) for position in range(length)]


def _round(value: float) -> int:
    """Round halves up, as the format's reference does."""
    return int(value + 0.5)
