"""Hash what a picture looks like, so that near-duplicates can be found by their differing bits.

The perceptual hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash
Functions" (2010), 3.2.1: the 64 lowest terms of a discrete cosine transform that rise in both
directions, each one bit: whether it is above their median.
"""

from __future__ import annotations

from math import cos, pi
from operator import mul

from PIL import Image

from lib.imaging.transparency import flatten

SIDE = 32
"""px to which the picture is squeezed, whatever its shape."""

TERMS = 8

BACKGROUND = "#808080"
"""Behind transparency: neither black nor white drawings vanish on it."""

FAINT = 0.5
"""Grey levels: the amplitude below which the strongest term is no more than its codec's noise."""

WAVES = [
    [cos(pi / SIDE * frequency * (position + 0.5)) for position in range(SIDE)]
    for frequency in range(1, TERMS + 1)
]


def phash(image: Image.Image) -> str | None:
    """Return 16 hex digits, row by row from the lowest vertical frequency.

    Photos that were encoded again or scaled differ in up to 6 of the 64 bits, different ones in 20
    and more. None for a picture that hardly changes in both directions, like a flat colour or a
    gradient: it would pass for a copy of any other such.
    """
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2)
    pixels = flatten(small, BACKGROUND).convert("L").tobytes()
    lines = [pixels[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    across = [[sum(map(mul, line, wave)) for line in lines] for wave in WAVES]
    terms = [sum(map(mul, column, wave)) for wave in WAVES for column in across]
    # A cosine of amplitude 1 in both directions gives a quarter of the area.
    if max(map(abs, terms)) < FAINT * SIDE * SIDE / 4:
        return None
    middle = sorted(terms)[len(terms) // 2 - 1]
    bits = "".join("1" if term > middle else "0" for term in terms)
    return f"{int(bits, 2):016x}"
