"""Map HDR to SDR: one curve for stills and films. Pure.

SMPTE ST 2094-50, Reference White Tone Mapping Operator, for a display that shows nothing above
reference white: what Chromium and Skia do. Light is relative to reference white, 203 cd/m² (ITU-R
BT.2408); a picture of 1000 cd/m² has its white at half of the display's light, and what is
brighter has the other half. The gain for the largest of red, green and blue holds for all three,
in BT.2020, so that hues stay.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from lib.imaging.color.matrices import Matrix, Vector, inverse, product, rgb_to_xyz

WHITE_NITS = 203.0
USUAL_PEAK_NITS = 1000.0
"""Of a picture that does not say how bright its brightest light is."""

BRIGHTEST_NITS = 10_000.0
"""What PQ can say."""

MIDDLE = 0.65
"""How far the middle control point of the curve lies from the knee to the corner."""

POINTS = 8
"""In which the standard passes the curve on: a cubic between each two for the gain's logarithm."""

D65 = (0.3127, 0.3290)
BT_709 = (*D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
BT_2020 = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)

SYSTEM_GAMMA = 1.2
"""Of HLG on a display of 1000 cd/m² (ITU-R BT.2100, table 5)."""

Curve = Callable[[float], float]
Conversion = Callable[[float, float, float], Vector]


@dataclass(frozen=True, slots=True)
class Hdr:
    """What the numbers of an HDR picture mean: `transfer` is `pq` or `hlg`."""

    transfer: str
    primaries: tuple[float, ...] = BT_2020
    """x and y of white, red, green and blue."""
    peak_nits: float = USUAL_PEAK_NITS
    space: str = "BT.2020"
    """The name of the primaries."""


def make_gain(peak_nits: float) -> Curve:
    """Return by what light is multiplied; light and product relative to reference white.

    Of a picture that says it is no brighter than SDR, all that is stays as it is.
    """
    peak = min(peak_nits, BRIGHTEST_NITS) / WHITE_NITS
    if peak <= 1:
        return lambda light: 1 / max(1.0, light)
    white = 1 - 0.5 * min(1.0, math.log2(peak) / math.log2(USUAL_PEAK_NITS / WHITE_NITS))
    lights, gains, slopes = _control_points(white, peak)

    def gain(light: float) -> float:
        if light <= 1:
            return white
        if light >= peak:
            return 1 / light
        at = bisect_right(lights, light) - 1
        width = lights[at + 1] - lights[at]
        t = (light - lights[at]) / width
        return math.exp2(
            gains[at]
            + (3 - 2 * t) * t * t * (gains[at + 1] - gains[at])
            + (1 - t) * (1 - t) * t * width * slopes[at]
            - (1 - t) * t * t * width * slopes[at + 1]
        )

    return gain


def _control_points(white: float, peak: float) -> tuple[list[float], list[float], list[float]]:
    """Return lights from reference white to the peak, the logarithms of their gains, and slopes.

    They lie on a Bézier curve of three points.
    """
    middle_x, middle_y = 1 - MIDDLE + MIDDLE / white, (1 - MIDDLE) * white + MIDDLE
    lights, gains, slopes = [], [], []
    for number in range(POINTS):
        t = number / (POINTS - 1)
        u = 1 - t
        x = u * u + 2 * u * t * middle_x + t * t * peak
        y = u * u * white + 2 * u * t * middle_y + t * t
        dx = 2 * u * (middle_x - 1) + 2 * t * (peak - middle_x)
        dy = 2 * u * (middle_y - white) + 2 * t * (1 - middle_y)
        lights.append(x)
        gains.append(math.log2(y / x))
        slopes.append((x * dy - y * dx) / (math.log(2) * x * y * dx))
    return lights, gains, slopes


def map_signals(hdr: Hdr) -> Conversion:
    """Return what makes sRGB signals of the three of a picture.

    What is below 0 or above 1, a display does not have.
    """
    gain, show = make_gain(hdr.peak_nits), show_signals(hdr)
    to_709 = between(BT_2020, BT_709)

    def convert(red: float, green: float, blue: float) -> Vector:
        light = show(red, green, blue)
        factor = gain(max(light))
        x, y, z = apply(to_709, *light)
        return encode_srgb(x * factor), encode_srgb(y * factor), encode_srgb(z * factor)

    return convert


def show_signals(hdr: Hdr) -> Conversion:
    """Return what makes a display's light of three signals: BT.2020, relative to white."""
    to_2020 = between(hdr.primaries, BT_2020)
    if hdr.transfer == "pq":
        pq = lru_cache(maxsize=256)(decode_pq)
        return lambda red, green, blue: apply(to_2020, pq(red), pq(green), pq(blue))
    hlg = lru_cache(maxsize=256)(_decode_hlg)
    red_part, green_part, blue_part = rgb_to_xyz(hdr.primaries)[1]
    brightest = USUAL_PEAK_NITS / WHITE_NITS

    def show(red: float, green: float, blue: float) -> Vector:
        red, green, blue = hlg(red), hlg(green), hlg(blue)
        luminance = red_part * red + green_part * green + blue_part * blue
        factor = brightest * math.pow(luminance, SYSTEM_GAMMA - 1)
        return apply(to_2020, red * factor, green * factor, blue * factor)

    return show


def decode_pq(signal: float) -> float:
    """Return light, relative to reference white (SMPTE ST 2084)."""
    root = math.pow(signal, 32 / 2523)
    linear = max(0.0, root - 0.8359375) / (18.8515625 - 18.6875 * root)
    return BRIGHTEST_NITS / WHITE_NITS * math.pow(linear, 8192 / 1305)


def encode_pq(light: float) -> float:
    """Return the signal of light, relative to reference white."""
    root = math.pow(max(0.0, light) * WHITE_NITS / BRIGHTEST_NITS, 1305 / 8192)
    return math.pow((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root), 2523 / 32)


def _decode_hlg(signal: float) -> float:
    """Return light of the scene, 0–1 (ARIB STD-B67)."""
    if signal <= 0.5:
        return signal * signal / 3
    return (math.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12


def encode_srgb(light: float) -> float:
    """Return the signal of light (IEC 61966-2-1); beyond 0–1 too, so that nothing bends there."""
    if light < 0:
        return -encode_srgb(-light)
    return 12.92 * light if light <= 0.0031308 else 1.055 * math.pow(light, 1 / 2.4) - 0.055


def decode_srgb(signal: float) -> float:
    """Return the light of a signal of 0–1."""
    return signal / 12.92 if signal <= 0.04045 else math.pow((signal + 0.055) / 1.055, 2.4)


def between(source: tuple[float, ...], target: tuple[float, ...]) -> Matrix:
    """Return what makes linear RGB of some primaries of that of others."""
    return product(inverse(rgb_to_xyz(target)), rgb_to_xyz(source))


def apply(matrix: Matrix, x: float, y: float, z: float) -> Vector:
    """Return a matrix times a vector, in less time than `matrices.times`."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z
