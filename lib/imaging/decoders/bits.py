"""Bring samples to eight bits at the pace of Pillow's own loops."""

from __future__ import annotations

from PIL import Image, ImageChops


def take_bits(pixels: Image.Image, lowest: int, count: int) -> Image.Image:
    """Return some of the bits of each pixel, eight at most, as mode L.

    The channels of `pixels` are its bytes, the lowest first.
    """
    most = (1 << count) - 1
    first, shift = divmod(lowest, 8)
    low = pixels.getchannel(first)
    if shift or count < 8:
        low = low.point([byte >> shift & most for byte in range(256)])
    if shift + count <= 8:
        return low
    high = pixels.getchannel(first + 1).point([byte << 8 - shift & most for byte in range(256)])
    return ImageChops.add(low, high)


def in_8_bits(image: Image.Image) -> Image.Image:
    """Return grey of 16 bits in 8, rounded; other pixels as they are: they have 8 once decoded."""
    if not image.mode.startswith("I;16"):
        return image
    return image.convert("I").point(lambda value: value / 257 + 0.5).convert("L")


def widen(samples: Image.Image, bits: int) -> Image.Image:
    """Return samples of a few bits as parts of 255, rounded."""
    most = (1 << bits) - 1
    if most == 255:
        return samples
    return samples.point([(min(value, most) * 255 + most // 2) // most for value in range(256)])
