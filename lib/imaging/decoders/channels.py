"""Compose the planes of samples (mode L) to colours: what a TIFF's samples mean."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops

from lib.imaging.decoders.samples import Rows, high_bytes, look_up, split
from lib.imaging.decoders.tiff_layout import (
    CIELAB,
    ICCLAB,
    PALETTE,
    WHITE_IS_ZERO,
    YCBCR,
    Layout,
)

COLOR_MAP = 320
MODES = {1: "L", 3: "RGB", 4: "CMYK"}
APART = ("CMYK", "LAB")
"""Modes that have no alpha: it is kept beside them until their colours are those of sRGB."""

SIGNED = [value ^ 0x80 for value in range(256)]


def mode_of(layout: Layout) -> str:
    """Return the mode of the pixels that `compose` makes."""
    if layout.photometric in (CIELAB, ICCLAB):
        return "LAB"
    mode = {PALETTE: "RGB", YCBCR: "RGB"}.get(layout.photometric, MODES[layout.channels])
    return with_alpha(mode) if layout.alpha is not None and mode not in APART else mode


def with_alpha(mode: str) -> str:
    """Return the mode of grey or RGB that has an alpha channel too."""
    return {"L": "LA", "RGB": "RGBA"}[mode]


def read_planes(layout: Layout, rows: Sequence[Rows]) -> list[Image.Image]:
    """Return colours and alpha of whole rows: a plane each, in the order of the mode.

    `rows` are those of each plane of the file.
    """
    found = _every(rows)
    planes = found[: layout.channels]
    if layout.photometric == PALETTE:
        planes = look_up(rows[0], _palette(layout))
    if layout.photometric in (CIELAB, ICCLAB):
        planes = _lab(layout, rows, planes)
    if layout.photometric == YCBCR:
        planes = list(Image.merge("YCbCr", planes).convert("RGB").split())
    if layout.alpha is None:
        return planes
    return [*planes, found[-1 if layout.is_planar else layout.alpha]]


def _every(rows: Sequence[Rows]) -> list[Image.Image]:
    return [plane for each in rows for plane in split(each)]


def _palette(layout: Layout) -> list[list[int]]:
    """Return red, green and blue of each entry in 8 bits."""
    size = 1 << layout.samples.bits[0]
    colors = layout.page.numbers(COLOR_MAP)
    if layout.samples.bits[0] > 16 or layout.samples.is_float or len(colors) < 3 * size:
        raise ValueError("a palette that is too small")
    # 16 bits by the specification; some writers have but eight.
    shift = 8 if max(colors) > 255 else 0
    return [[value >> shift for value in colors[at * size : (at + 1) * size]] for at in range(3)]


def _lab(layout: Layout, rows: Sequence[Rows], planes: Sequence[Image.Image]) -> list[Image.Image]:
    """Return Lab as Pillow has it: 0–255 for 0–100, then a and b + 128."""
    lightness, a, b = planes
    if layout.samples.bits[0] > 8 and not layout.samples.is_float:  # of 256 a unit
        a, b = (
            high_bytes(rows[i], 0) if layout.is_planar else high_bytes(rows[0], i) for i in (1, 2)
        )
        if layout.photometric == ICCLAB:
            lightness = high_bytes(rows[0], 0)
    if layout.photometric == CIELAB:
        a, b = a.point(SIGNED), b.point(SIGNED)
    return [lightness, a, b]


def compose(
    layout: Layout, planes: Sequence[Image.Image]
) -> tuple[Image.Image, Image.Image | None]:
    """Return the colours, and the alpha that their mode has no room for."""
    mode = mode_of(layout)
    alpha = planes[-1] if layout.alpha is not None and mode in APART else None
    colors = list(planes[: Image.getmodebands(mode)])
    if layout.photometric == WHITE_IS_ZERO and not layout.is_associated:
        colors[0] = ImageChops.invert(colors[0])
    if alpha and layout.is_associated and mode == "CMYK":
        colors = [Image.merge("La", (ink, alpha)).convert("LA").getchannel(0) for ink in colors]
    if not layout.is_associated or mode in APART:
        return _merge(mode, colors), alpha
    image = Image.merge({"LA": "La", "RGBA": "RGBa"}[mode], colors).convert(mode)
    if layout.photometric == WHITE_IS_ZERO:
        grey, alpha = image.split()
        image = Image.merge(mode, (ImageChops.invert(grey), alpha))
    return image, None


def _merge(mode: str, planes: Sequence[Image.Image]) -> Image.Image:
    return planes[0] if mode == "L" else Image.merge(mode, planes)
