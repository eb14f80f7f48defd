"""Bring the pixels of an HDR picture to sRGB, by the curve of `tone_map`."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageChops
from PIL.ImageFilter import Color3DLUT

from lib.imaging.color.tone_map import (
    BT_709,
    BT_2020,
    USUAL_PEAK_NITS,
    WHITE_NITS,
    Hdr,
    apply,
    between,
    decode_pq,
    decode_srgb,
    encode_pq,
    encode_srgb,
    make_gain,
    map_signals,
    show_signals,
)

GRID = 33
"""Points of a table along each axis. Every step of these is smooth: colours were off by one or two
of 255 against Chromium's, in the mean of random ones by 0.3."""

LEVELS = [level / 255 for level in range(256)]

BRIGHTEST_HLG = encode_pq(USUAL_PEAK_NITS / WHITE_NITS)
"""The signal in PQ: HLG, of which it is the whole, has all levels below it."""


def to_sdr(image: Image.Image, hdr: Hdr) -> Image.Image:
    """Return an L, LA, RGB or RGBA image of such numbers in sRGB; alpha stays as it is."""
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colors = image.convert(image.mode[:-1]) if alpha else image
    mapped = _map_greys(colors, hdr) if colors.mode == "L" else _map_colors(colors, hdr)
    if alpha:
        mapped.putalpha(alpha)
    return mapped


def _map_greys(image: Image.Image, hdr: Hdr) -> Image.Image:
    convert = map_signals(hdr)
    return image.point([round(255 * min(1.0, convert(level, level, level)[0])) for level in LEVELS])


def _map_colors(image: Image.Image, hdr: Hdr) -> Image.Image:
    """Map in steps of which each is smooth.

    One table for all of it bends where the order of the three colours changes, and greys with it;
    a table of one colour and the largest of the three does not.
    """
    scale = 1.0
    if hdr.transfer == "hlg":
        scale = BRIGHTEST_HLG
    if hdr.transfer != "pq" or hdr.primaries != BT_2020:
        image = image.filter(_to_pq(hdr, scale))
    red, green, blue = image.split()
    largest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    gained = _gained(hdr.peak_nits, scale)
    red, green, _ = Image.merge("RGB", (red, green, largest)).filter(gained).split()
    blue, _, _ = Image.merge("RGB", (blue, blue, largest)).filter(gained).split()
    return Image.merge("RGB", (red, green, blue)).filter(_to_709())


@lru_cache(maxsize=1)
def _to_pq(hdr: Hdr, scale: float) -> Color3DLUT:
    """Return the table that makes PQ and BT.2020 of signals; `scale` is the signal of 255."""
    show = show_signals(hdr)

    def convert(red: float, green: float, blue: float) -> tuple[float, float, float]:
        x, y, z = show(red, green, blue)
        return encode_pq(x) / scale, encode_pq(y) / scale, encode_pq(z) / scale

    return Color3DLUT.generate(GRID, convert)


@lru_cache(maxsize=1)
def _gained(peak_nits: float, scale: float) -> Color3DLUT:
    """Return the table that brings two signals to sRGB by the gain of a third, the largest."""
    gain = make_gain(peak_nits)
    lights = [decode_pq(scale * each / (GRID - 1)) for each in range(GRID)]
    table: list[float] = []
    for largest in lights:
        row = [encode_srgb(light * gain(largest)) for light in lights]
        for second in row:
            for first in row:
                table += (first, second, 0.0)
    return Color3DLUT(GRID, table)


@lru_cache(maxsize=1)
def _to_709() -> Color3DLUT:
    """Return the table that makes sRGB's primaries of BT.2020's, both in sRGB's signals."""
    to_709 = between(BT_2020, BT_709)

    def convert(red: float, green: float, blue: float) -> tuple[float, float, float]:
        x, y, z = apply(to_709, decode_srgb(red), decode_srgb(green), decode_srgb(blue))
        return encode_srgb(x), encode_srgb(y), encode_srgb(z)

    return Color3DLUT.generate(GRID, convert)
