"""Measure how alike two images look: the structural similarity of their luminance.

Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment: from error visibility to
structural similarity", IEEE Trans. Image Processing 13(4), 2004, with the constants given there
(K1 = 0.01, K2 = 0.03, L = 255), over windows of 8 × 8 px of equal weight at every fourth pixel, as
in x264 and in ffmpeg's filter `ssim`.
"""

from __future__ import annotations

from PIL import Image, ImageMath

BLOCK = 4
"""px: half a window, and the step from one to the next."""

WINDOW = 2 * BLOCK
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


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
