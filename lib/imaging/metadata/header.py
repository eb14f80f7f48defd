"""Read what a source says about itself, typed and bounded, and believe it for nothing else."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from PIL import Image
from PIL.ExifTags import Base

from lib.domain.media import ImageProbe
from lib.imaging.bounds.ifd import check_exif, read_short
from lib.imaging.color.convert import name_space
from lib.imaging.color.tone_map import Hdr
from lib.imaging.decode import DECODERS
from lib.imaging.decoders.item_properties import Rectangle
from lib.imaging.metadata.copyright import XMP_KEYS, find_rights
from lib.imaging.metadata.exif import read_exif
from lib.imaging.resize import Extent
from lib.imaging.variants import height_at


@dataclass(frozen=True, slots=True)
class Header:
    """One source before its pixels. `width` × `height` in px, after orientation.

    `stored_size` (px, as the pixels lie in the file) is the size to keep; `extent` the part of the
    decoded pixels that is the picture, None for all of it; `turn` the EXIF orientation (1–8) that
    they still need; `orientation` the one that the source has; `facts` what its metadata says.
    """

    width: int
    height: int
    stored_size: tuple[int, int]
    turn: int
    orientation: int | None
    profile: bytes | None
    color_space: str
    facts: ImageProbe
    extent: Extent | None = None
    crop: Rectangle | None = None
    """The part of what is stored that is to be seen, in px, None for all."""

    hdr: Hdr | None = None
    """What the numbers of an HDR picture mean; then there is no profile."""


def read_header(image: Image.Image, container: str, widest: int | None, tallest: int) -> Header:
    """Collect the header of an opened source.

    `widest` and `tallest` as in `load.read_picture`.
    """
    rights = find_rights(image)
    exif = _exif(image)
    orientation = _orientation(image, exif)
    turn = 1 if DECODERS[container].is_upright else orientation or 1
    sideways = turn >= 5
    crop: Rectangle | None = image.info.get("crop")
    stored = (crop[2] - crop[0], crop[3] - crop[1]) if crop else image.size
    width, height = stored[::-1] if sideways else stored
    kept = min(width, max(widest, -(-width * tallest // height))) if widest else width
    kept_size = (kept, height_at(width, height, kept))
    profile = image.info.get("icc_profile") or None
    hdr: Hdr | None = image.info.get("hdr")
    space = name_space(image.info.get("mode", image.mode), profile)
    facts = read_exif(exif)
    return Header(
        width=width,
        height=height,
        stored_size=kept_size[::-1] if sideways else kept_size,
        turn=turn,
        orientation=orientation,
        profile=profile,
        color_space=f"{hdr.space} {hdr.transfer.upper()}" if hdr else space,
        facts=replace(facts, copyright=facts.copyright or rights, hdr=_name_hdr(image, hdr)),
        crop=crop,
        hdr=hdr,
    )


def _orientation(image: Image.Image, exif: Image.Exif) -> int | None:
    """Return the orientation where it is what browsers follow: one short number, 1 to 8.

    Decoders that turn pictures themselves tell the one that they found.
    """
    raw = image.info.get("exif")
    if "original_orientation" in image.info:
        found = image.info["original_orientation"]
    elif isinstance(raw, bytes):
        found = read_short(raw, Base.Orientation)
    else:
        found = exif.get(Base.Orientation)
    return found if isinstance(found, int) and found in range(1, 9) else None


def _name_hdr(image: Image.Image, hdr: Hdr | None) -> str | None:
    if hdr:
        return hdr.transfer
    return "gain-map" if image.info.get("gain_map") else None


def _exif(image: Image.Image) -> Image.Exif:
    raw = image.info.get("exif")
    if isinstance(raw, bytes):
        check_exif(raw)
    for key in XMP_KEYS:  # no browser turns an image by its XMP; Pillow would
        image.info.pop(key, None)
    try:
        return image.getexif()
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return Image.Exif()
