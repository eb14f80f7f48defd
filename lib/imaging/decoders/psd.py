"""Open and decode the flattened picture of a Photoshop document.

Its planes are unpacked here, not by Pillow, which skips too little of the table of lengths where
there are more channels than the mode has, takes each fourth channel for transparency, keeps the
white that soft edges were put on, and knows 8 bits alone.
"""

from __future__ import annotations

from functools import partial
from io import BytesIO

from PIL import Image, ImageChops

from lib.imaging.completeness import report_lines
from lib.imaging.decoders.apart import join
from lib.imaging.decoders.psd_document import (
    BITMAP,
    CMYK,
    EXIF_RESOURCE,
    INDEXED,
    IPTC_RESOURCE,
    LAB,
    RGB,
    TRANSPARENT_INDEX,
    XMP_RESOURCE,
    Document,
    read_document,
)
from lib.imaging.decoders.psd_planes import Planes
from lib.imaging.decoders.samples import split
from lib.imaging.decoders.undecoded import Undecoded

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
    shown = CLEAR.get(mode, mode) if _has_alpha(document) else mode
    image = Undecoded(shown, (document.width, document.height), partial(_decode, document, planes))
    found = document.resources
    image.info["icc_profile"] = document.profile
    if EXIF_RESOURCE in found:
        image.info["exif"] = found[EXIF_RESOURCE]
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
    channels = range(document.colors + document.is_clear)
    planes.refuse_short(len(channels))
    size = (document.width, document.height)
    mode = MODES.get(document.model, "L")
    canvas = Image.new(CLEAR.get(mode, mode) if _has_alpha(document) else mode, size)
    apart = Image.new("L", size) if document.is_clear and mode not in CLEAR else None
    lines = 0
    for band, read in zip(
        planes.bands(), zip(*map(planes.read, channels), strict=True), strict=True
    ):
        if not any(any(there) for _, there in read):
            continue
        found = [split(planes.samples(read[channel][0], channel))[0] for channel in channels]
        lines += sum(map(all, zip(*(there for _, there in read), strict=True)))
        canvas.paste(_compose(document, found), (0, band.start))
        if apart:
            apart.paste(found[-1], (0, band.start))
    if apart:
        canvas = join(canvas, apart, document.profile, _take_off_white)
    report_lines(canvas, lines, document.height)
    return canvas


def _has_alpha(document: Document) -> bool:
    return document.is_clear or _clear_entry(document) is not None


def _compose(document: Document, found: list[Image.Image]) -> Image.Image:
    """Return the pixels of some rows; those of CMYK and Lab without their transparency."""
    colors, mode = found[: document.colors], MODES.get(document.model, "L")
    if document.model in (BITMAP, CMYK):  # 1 is black, and 0 all of an ink
        colors = [ImageChops.invert(plane) for plane in colors]
    if document.model == INDEXED:
        (index,) = colors
        colors = [index.point(list(table)) for table in _tables(document.palette)]
        entry = _clear_entry(document)
        if entry is not None:
            alpha = index.point([0 if value == entry else 255 for value in range(256)])
            return Image.merge("RGBA", [*colors, alpha])
        return Image.merge("RGBA" if document.is_clear else mode, [*colors, *found[1:]])
    image = colors[0] if mode == "L" else Image.merge(mode, colors)
    return _take_off_white(image, found[-1]) if document.is_clear and mode in CLEAR else image


def _tables(palette: bytes) -> list[bytes]:
    """Return all red of a palette, then green, then blue: so it is stored."""
    if len(palette) < PALETTE_BYTES:
        raise ValueError("a palette that is too small")
    return [palette[at : at + 256] for at in range(0, PALETTE_BYTES, 256)]


def _take_off_white(colors: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return grey or RGB with its transparency, taken off the white that it was put on.

    What lies on white is c · a + white · (1 − a): its negative is what was multiplied by a.
    """
    negative = [*ImageChops.invert(colors).split(), alpha]
    clear = CLEAR[colors.mode]
    freed = Image.merge(MATTED[colors.mode], negative).convert(clear).split()
    return Image.merge(clear, [*map(ImageChops.invert, freed[:-1]), alpha])
