"""Open and decode the flattened picture of a Photoshop document.

Its planes are unpacked here, not by Pillow, which skips too little of the table of lengths where
there are more channels than the mode has, takes each fourth channel for transparency, keeps the
white that soft edges were put on, and knows 8 bits alone.
"""

from __future__ import annotations

from functools import partial
from io import BytesIO

from PIL import Image, ImageChops

from lib.imaging.color.convert import to_srgb
from lib.imaging.completeness import report_lines
from lib.imaging.decoders.psd_document import (
    BITMAP,
    CMYK,
    INDEXED,
    LAB,
    RGB,
    TRANSPARENT_INDEX,
    Document,
    read_document,
)
from lib.imaging.decoders.psd_planes import Planes
from lib.imaging.decoders.samples import split
from lib.imaging.decoders.undecoded import Undecoded
from lib.imaging.metadata.copyright import IPTC_RESOURCE, XMP_RESOURCE

ICC_RESOURCE, EXIF_RESOURCE = 1039, 1058
PALETTE_BYTES = 768
MODES = {RGB: "RGB", CMYK: "CMYK", LAB: "LAB", INDEXED: "RGB"}
CLEAR = {"L": "LA", "RGB": "RGBA"}
MATTED = {"L": "La", "RGB": "RGBa"}


def open_flattened(file: BytesIO) -> Undecoded:
    """Return the flattened picture, its pixels not decoded yet.

    L, LA, RGB, RGBA, CMYK or LAB. Rows that are missing will be zeros. Raises
    PermanentError(UNSUPPORTED_MEDIA) where there is none, or none that can be read.
    """
    document = read_document(file.getvalue())
    planes = Planes(document)
    mode = MODES.get(document.model, "L")
    has_alpha = document.is_clear or _clear_entry(document) is not None
    shown = CLEAR.get(mode, mode) if has_alpha else mode
    image = Undecoded(shown, (document.width, document.height), partial(_decode, document, planes))
    found = document.resources
    image.info.update(
        {
            key: found[number]
            for key, number in (("icc_profile", ICC_RESOURCE), ("exif", EXIF_RESOURCE))
            if found.get(number)
        }
    )
    image.info["photoshop"] = {
        number: found[number] for number in (IPTC_RESOURCE, XMP_RESOURCE) if number in found
    }
    return image


def _clear_entry(document: Document) -> int | None:
    """Return the entry of a palette that is transparent."""
    if document.model != INDEXED:
        return None
    entry = int.from_bytes(document.resources.get(TRANSPARENT_INDEX, b"\xff\xff")[:2])
    return entry if entry < 256 else None


def _decode(document: Document, planes: Planes) -> Image.Image:
    size = (document.width, document.height)
    mode = MODES.get(document.model, "L")
    entry = _clear_entry(document)
    canvas = Image.new("L" if document.model == INDEXED else mode, size)
    alpha = Image.new("L", size) if document.is_clear else None
    channels = range(document.colors + document.is_clear)
    lines = 0
    for band, read in zip(
        planes.bands(), zip(*map(planes.read, channels), strict=True), strict=True
    ):
        found = [split(rows)[0] for rows, _ in read]
        lines += sum(map(all, zip(*(there for _, there in read), strict=True)))
        colors = found[: document.colors]
        if document.model in (BITMAP, CMYK):  # 1 is black, and 0 all of an ink
            colors = [ImageChops.invert(plane) for plane in colors]
        canvas.paste(_merge(canvas.mode, colors), (0, band.start))
        if alpha:
            alpha.paste(found[-1], (0, band.start))
    if document.model == INDEXED:
        canvas, cleared = _color(canvas, document.palette, entry)
        alpha = alpha or cleared
    image = _clear(canvas, alpha, document) if alpha else canvas
    report_lines(image, lines, document.height)
    return image


def _merge(mode: str, planes: list[Image.Image]) -> Image.Image:
    return planes[0] if mode == "L" else Image.merge(mode, planes)


def _color(
    indices: Image.Image, palette: bytes, entry: int | None
) -> tuple[Image.Image, Image.Image | None]:
    """Return the colours of a palette, all red before all green; and where one entry is not."""
    if len(palette) < PALETTE_BYTES:
        raise ValueError("a palette that is too small")
    bands = [palette[at : at + 256] for at in range(0, PALETTE_BYTES, 256)]
    cleared = None
    if entry is not None:
        cleared = indices.point([0 if value == entry else 255 for value in range(256)])
    return Image.merge("RGB", [indices.point(list(band)) for band in bands]), cleared


def _clear(colors: Image.Image, alpha: Image.Image, document: Document) -> Image.Image:
    """Return colours with their transparency, taken off the white that they were put on.

    What lies on white is c · a + white · (1 − a): its negative is what was multiplied by a.
    """
    if document.model == INDEXED:
        colors.putalpha(alpha)
        return colors
    if colors.mode not in CLEAR:
        if alpha.getextrema() == (255, 255):
            return colors
        colors = to_srgb(colors, document.resources.get(ICC_RESOURCE))
    negative = [*ImageChops.invert(colors).split(), alpha]
    clear = CLEAR[colors.mode]
    freed = Image.merge(MATTED[colors.mode], negative).convert(clear).split()
    return Image.merge(clear, [*map(ImageChops.invert, freed[:-1]), alpha])
