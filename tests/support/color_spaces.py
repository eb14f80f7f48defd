"""From sRGB to what other files store: formulas and constants as their standards publish them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tests.support.ciede2000 import D50, TO_XYZ

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

# Chromaticities, x and y of red, green and blue, under D65 (ITU-T H.273, table 2).
XY_709 = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
XY_P3 = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
XY_2020 = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
D65 = (0.3127, 0.3290)

PAPER = 203.0
"""White of an SDR picture in an HDR one, in cd/m² (ITU-R BT.2408)."""


def light(value: float) -> float:
    """Return the light of an sRGB signal, both 0–1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)


def srgb(value: float) -> float:
    """Return the sRGB signal of light."""
    return 12.92 * value if value <= 0.0031308 else 1.055 * math.pow(value, 1 / 2.4) - 0.055


def power(exponent: float) -> Callable[[float], float]:
    """Return what makes a signal of light by a power."""
    return lambda value: math.pow(max(0.0, value), 1 / exponent)


def pq(value: float) -> float:
    """Return the signal of light where 1 is paper (SMPTE ST 2084, 5.3)."""
    root = math.pow(max(0.0, value) * PAPER / 10_000, 0.1593017578125)
    return math.pow((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root), 78.84375)


def hlg(value: float) -> float:
    """Return the signal of light where 1 is paper, of signal 0.75 (ITU-R BT.2100, table 5)."""
    paper = (math.exp((0.75 - 0.55991073) / 0.17883277) + 0.28466892) / 12
    scene = max(0.0, value) * paper
    if scene <= 1 / 12:
        return math.sqrt(3 * scene)
    return 0.17883277 * math.log(12 * scene - 0.28466892) + 0.55991073


def convert(
    color: Sequence[int], primaries: Matrix, signal: Callable[[float], float]
) -> tuple[float, ...]:
    """Return an sRGB colour (0–255) as signals (0–1) of a space of these primaries under D50."""
    return tuple(signal(each) for each in _solve(primaries, to_xyz(color)))


def convert_under_d65(
    color: Sequence[int], chromaticities: Sequence[float], signal: Callable[[float], float]
) -> tuple[float, ...]:
    """Return the same by chromaticities; all of it under D65, so that nothing is adapted."""
    linear = [light(value / 255) for value in color]
    ours = primaries_under_d65(XY_709)
    xyz = [sum(ours[n][axis] * linear[n] for n in range(3)) for axis in range(3)]
    return tuple(
        signal(each) for each in _solve(primaries_under_d65(chromaticities), (xyz[0], *xyz[1:]))
    )


def primaries_under_d65(chromaticities: Sequence[float]) -> Matrix:
    """Return primaries as XYZ: together they are D65."""
    pairs = [*zip(chromaticities[::2], chromaticities[1::2], strict=True), D65]
    red, green, blue, white = ((x / y, 1.0, (1 - x - y) / y) for x, y in pairs)
    r, g, b = _solve((red, green, blue), white)
    return _scaled(red, r), _scaled(green, g), _scaled(blue, b)


def to_xyz(color: Sequence[int]) -> Vector:
    """Return an sRGB colour as XYZ under D50, white's Y being 1."""
    linear = [light(value / 255) for value in color]
    x, y, z = (sum(m * v for m, v in zip(row, linear, strict=True)) for row in TO_XYZ)
    return x, y, z


def xyz_to_lab(xyz: Sequence[float]) -> Vector:
    """Return XYZ under D50 as CIE Lab (ISO/CIE 11664-4)."""

    def root(ratio: float) -> float:
        return ratio ** (1 / 3) if ratio > 216 / 24389 else (24389 / 27 * ratio + 16) / 116

    x, y, z = (root(value / white) for value, white in zip(xyz, D50, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _scaled(vector: Vector, factor: float) -> Vector:
    x, y, z = (value * factor for value in vector)
    return x, y, z


def _solve(columns: Matrix, wanted: Sequence[float]) -> Vector:
    """Return how much of each column makes what is wanted (Cramer's rule)."""
    a, b, c = columns
    whole = _determinant(a, b, c)
    w = (wanted[0], wanted[1], wanted[2])
    return (
        _determinant(w, b, c) / whole,
        _determinant(a, w, c) / whole,
        _determinant(a, b, w) / whole,
    )


def _determinant(a: Vector, b: Vector, c: Vector) -> float:
    return (
        a[0] * (b[1] * c[2] - c[1] * b[2])
        - b[0] * (a[1] * c[2] - c[1] * a[2])
        + c[0] * (a[1] * b[2] - b[1] * a[2])
    )
