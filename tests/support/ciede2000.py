"""How different two colours look: CIEDE2000 (ISO/CIE 11664-6), written from the formula."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

Lab = tuple[float, float, float]

D50 = (0.9642, 1.0, 0.8249)
# Linear sRGB to XYZ under D50 (Bradford): http://www.brucelindbloom.com
TO_XYZ = (
    (0.4360747, 0.3850649, 0.1430804),
    (0.2225045, 0.7168786, 0.0606169),
    (0.0139322, 0.0971045, 0.7141733),
)


def srgb_to_lab(color: Sequence[float]) -> Lab:
    """CIE Lab under D50 of an sRGB colour, 0–255 a channel."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in color)
    ]
    x, y, z = (
        _root(sum(m * v for m, v in zip(row, linear, strict=True)) / white)
        for row, white in zip(TO_XYZ, D50, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(ratio: float) -> float:
    return ratio ** (1 / 3) if ratio > 216 / 24389 else (24389 / 27 * ratio + 16) / 116


def difference(one: Lab, other: Lab) -> float:
    """ΔE00; about 1 is what a trained eye just sees."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (hypot(a1, b1) + hypot(a2, b2)) / 2
    g = 0.5 * (1 - sqrt(chroma**7 / (chroma**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = hypot(a1, b1), hypot(a2, b2)
    h1, h2 = degrees(atan2(b1, a1)) % 360, degrees(atan2(b2, a2)) % 360

    turn = 0.0
    mean_h = h1 + h2
    if c1 * c2:
        turn = (h2 - h1 + 180) % 360 - 180
        if abs(h1 - h2) <= 180:
            mean_h = (h1 + h2) / 2
        else:
            mean_h = (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * sqrt(c1 * c2) * sin(radians(turn / 2))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2

    t = (
        1
        - 0.17 * cos(radians(mean_h - 30))
        + 0.24 * cos(radians(2 * mean_h))
        + 0.32 * cos(radians(3 * mean_h + 6))
        - 0.20 * cos(radians(4 * mean_h - 63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / sqrt(20 + (mean_l - 50) ** 2)
    s_c = 1 + 0.045 * mean_c
    s_h = 1 + 0.015 * mean_c * t
    r_c = 2 * sqrt(mean_c**7 / (mean_c**7 + 25**7))
    r_t = -sin(radians(60 * exp(-(((mean_h - 275) / 25) ** 2)))) * r_c
    l, c, h = d_l / s_l, d_c / s_c, d_h / s_h  # noqa: E741
    return sqrt(l * l + c * c + h * h + r_t * c * h)
