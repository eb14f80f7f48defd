"""Join CMYK and Lab, which have no alpha channel, with a transparency that lies beside them."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from lib.imaging.color.convert import to_srgb

Join = Callable[[Image.Image, Image.Image], Image.Image]

ENOUGH = 4_000_000
"""Pixels to convert at once: each time costs the profile's tables, all at once the memory."""


def put_alpha(colors: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return RGB with its transparency."""
    colors.putalpha(alpha)
    return colors


def join(
    colors: Image.Image, alpha: Image.Image, profile: bytes | None, joined: Join = put_alpha
) -> Image.Image:
    """Return the colours in sRGB with their transparency; as they are where it hides nothing."""
    if alpha.getextrema() == (255, 255):
        return colors
    canvas = Image.new("RGBA", colors.size)
    step = max(1, ENOUGH // colors.width)
    for top in range(0, colors.height, step):
        box = (0, top, colors.width, min(top + step, colors.height))
        canvas.paste(joined(to_srgb(colors.crop(box), profile), alpha.crop(box)), box)
    return canvas
