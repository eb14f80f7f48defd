"""Find the lowest quality whose output still looks like the picture: `quality = "auto"`."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, log10

from PIL import Image

from lib.domain.formats import OUTPUTS, Curve
from lib.imaging.decode import DECODERS
from lib.imaging.encode import encode, flatten
from lib.imaging.resize import resize
from lib.imaging.ssim import WINDOW, measure_ssim

SIDE = 512
"""Longest side in px of the picture that is tried. Larger ones come out alike or a little better:
they have less detail a pixel."""

TRIALS = 3

CLOSE_ENOUGH = 0.25
"""dB above what is wanted at which the search ends: 1 or 2 % of the bytes."""


def choose_quality(image: Image.Image, image_format: str, ssim: float, background: str) -> int:
    """Return the lowest quality, 20–95, at which a format's SSIM is at least `ssim`.

    Looks at a picture of at most 512 px, in at most three trial encodes. 95 where that is not
    enough; the typical quality for what is too small to be measured.
    """
    output = OUTPUTS[image_format]
    scale = min(1.0, SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    if min(size) < WINDOW:
        return output.quality
    proxy = flatten(resize(image, size), background)

    def try_quality(quality: int) -> float:
        content = encode(proxy, image_format, quality, background)
        return decibels(measure_ssim(proxy, DECODERS[image_format].open(io.BytesIO(content))))

    return search(try_quality, output.ssim_curve, decibels(ssim))


def decibels(ssim: float) -> float:
    """Return the distance to 1 in dB, in which SSIM rises evenly with quality."""
    return -10 * log10(max(1 - ssim, 1e-6))


def search(try_quality: Callable[[int], float], curve: Curve, wanted: float) -> int:
    """Return the lowest quality tried whose dB are `wanted`; the next guess where none had them.

    First what the curve says; then along the curve shifted to that result; then along the curve
    scaled to the two nearest results.
    """
    tried: dict[int, float] = {}
    guess = _quality_at(curve, wanted)
    while len(tried) < TRIALS and guess not in tried:
        tried[guess] = try_quality(guess)
        if 0 <= tried[guess] - wanted <= CLOSE_ENOUGH:
            return guess
        guess = _next_guess(tried, curve, wanted)
    return min((each for each, found in tried.items() if found >= wanted), default=guess)


def _next_guess(tried: dict[int, float], curve: Curve, wanted: float) -> int:
    nearest = sorted(tried, key=lambda quality: abs(tried[quality] - wanted))[:2]
    usual = [_interpolate(quality, curve) for quality in nearest]
    steepness = 1.0
    if len(nearest) == 2 and usual[0] != usual[1]:
        steepness = (tried[nearest[0]] - tried[nearest[1]]) / (usual[0] - usual[1])
    missing = wanted + CLOSE_ENOUGH / 2 - tried[nearest[0]]
    return _quality_at(curve, usual[0] + missing / max(steepness, 0.2))


def _quality_at(curve: Curve, decibel: float) -> int:
    return ceil(_interpolate(decibel, [(found, quality) for quality, found in curve]))


def _interpolate(at: float, points: Sequence[tuple[float, float]]) -> float:
    """Return the value at a place on straight lines between points; the ends' beyond them."""
    if at <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if at <= x1:
            return y0 + (at - x0) * (y1 - y0) / (x1 - x0)
    return points[-1][1]
