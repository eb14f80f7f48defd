"""Find the lowest quality whose output still looks like the picture: `quality = "auto"`.

What looks alike is measured by the structural similarity of luminance: Z. Wang, A. Bovik, H.
Sheikh, E. Simoncelli, "Image quality assessment: from error visibility to structural similarity",
IEEE Trans. Image Processing 13(4), 2004, with the constants given there (K1 = 0.01, K2 = 0.03, L =
255), over windows of 8 × 8 px of equal weight at every fourth pixel, as in x264 and in ffmpeg's
filter `ssim`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, log10

from PIL import Image, ImageMath

from lib.domain.formats import OUTPUTS, Curve
from lib.imaging.decode import DECODERS
from lib.imaging.encode import encode
from lib.imaging.resize import resize
from lib.imaging.transparency import flatten

SIDE = 512
"""Longest side in px of the picture that is tried. Larger ones come out alike or a little better:
they have less detail a pixel."""

TRIALS = 3

CLOSE_ENOUGH = 0.25
"""dB above what is wanted at which the search ends: 1 or 2 % of the bytes."""

BLOCK = 4
"""px: half a window, and the step from one to the next."""

WINDOW = 2 * BLOCK
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


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


def measure_ssim(one: Image.Image, other: Image.Image) -> float:
    """Return the mean SSIM of two images of equal size, at least 8 × 8 px; 1 where they are equal.

    Both are taken as luminance (ITU-R BT.601). What is left over at the right and the bottom beyond
    a multiple of 4 px has no part in it.
    """
    width, height = (side // BLOCK * BLOCK for side in one.size)
    x, y = (image.convert("L").crop((0, 0, width, height)).convert("F") for image in (one, other))
    squares = ImageMath.lambda_eval(lambda v: v["x"] * v["x"] + v["y"] * v["y"], x=x, y=y)
    product = ImageMath.lambda_eval(lambda v: v["x"] * v["y"], x=x, y=y)
    similarity = ImageMath.lambda_eval(
        lambda v: (
            (2 * v["x"] * v["y"] + C1)
            * (2 * (v["xy"] - v["x"] * v["y"]) + C2)
            / (v["x"] * v["x"] + v["y"] * v["y"] + C1)
            / (v["xx_yy"] - v["x"] * v["x"] - v["y"] * v["y"] + C2)
        ),
        x=_windows(x),
        y=_windows(y),
        xy=_windows(product),
        xx_yy=_windows(squares),
    )
    mean = similarity.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(mean, float)
    return mean


def _windows(values: Image.Image) -> Image.Image:
    """Return the mean of each window."""
    blocks = values.reduce(BLOCK)
    right, bottom = blocks.width - 1, blocks.height - 1
    corners = {
        f"{left}{top}": blocks.crop((left, top, right + left, bottom + top))
        for left in (0, 1)
        for top in (0, 1)
    }
    mean: Image.Image = ImageMath.lambda_eval(
        lambda v: (v["00"] + v["01"] + v["10"] + v["11"]) * 0.25, **corners
    )
    return mean
