"""Transparency: how a source has it, whether it hides anything, and what lies behind it.

Sources have an alpha channel, or one colour or entry of the palette that is transparent (PNG's
`tRNS`, GIF). Within the pipeline it is a channel; renditions keep it where their format has it.
Scaling premultiplies it, see `resize`.
"""

from __future__ import annotations

from PIL import Image

WITH_ALPHA = ("LA", "RGBA")
"""Modes that have an alpha channel, which is not premultiplied."""


def has_alpha(image: Image.Image) -> bool:
    """Tell whether an image has an alpha channel."""
    return image.mode in WITH_ALPHA


def make_alpha_channel(image: Image.Image) -> Image.Image:
    """Turn a transparent colour or palette entry into an alpha channel."""
    if has_alpha(image) or not image.has_transparency_data:
        return image
    return image.convert("RGBA")


def drop_opaque_alpha(image: Image.Image) -> Image.Image:
    """Drop an alpha channel that hides nothing: it costs bytes and time in every rendition."""
    return without_alpha(image) if has_alpha(image) and not shows_through(image) else image


def shows_through(image: Image.Image) -> bool:
    """Tell whether any pixel of an image is transparent, if only a little."""
    return has_alpha(image) and image.getchannel("A").getextrema() != (255, 255)


def without_alpha(image: Image.Image) -> Image.Image:
    """Return the colours of an image that has an alpha channel, of what is transparent too."""
    return image.convert(image.mode[:-1])


def flatten(image: Image.Image, background: str) -> Image.Image:
    """Put an image on a colour (`#rrggbb`); one without transparency comes back as it is."""
    if not image.has_transparency_data:
        return image
    canvas = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB")
