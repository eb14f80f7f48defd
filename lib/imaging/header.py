"""Read what a source says about itself, typed and bounded, and believe it for nothing else."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageFile
from PIL.ExifTags import IFD, Base

from lib.imaging.color import name_space
from lib.imaging.resize import Extent, height_at
from lib.imaging.words import bounded

XMP_KEYS = ("xmp", "XML:com.adobe.xmp")
TURNED_BY_DECODER = ("tiff", "heif")
"""Their decoders deliver upright pixels."""

MOST_PAGES = 1000
"""TIFF pages that are counted: each costs a quarter of a millisecond and as little as 100 bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """One source before its pixels. `width` × `height` in px, after orientation.

    `stored_size` (px, as the pixels lie in the file) is the size to keep; `extent` the part of the
    decoded pixels that is the picture, None for all of it; `turn` the EXIF orientation (1–8) that
    they still need; `orientation` the one that the source has.
    """

    width: int
    height: int
    stored_size: tuple[int, int]
    turn: int
    orientation: int | None
    profile: bytes | None
    color_space: str
    frames: int | None
    captured_at: str | None
    camera: str | None
    extent: Extent | None = None


def read_header(image: ImageFile.ImageFile, container: str, widest: int | None) -> Header:
    """Collect the header of an opened source. May decode a PNG, whose EXIF may follow its pixels.

    `widest` as in `reading.read`.
    """
    frames = _frames(image, container)
    if container == "png":
        image.load()
    exif = _exif(image)
    orientation = image.info.get("original_orientation", exif.get(Base.Orientation))
    orientation = orientation if orientation in range(1, 9) else None
    turn = 1 if container in TURNED_BY_DECODER else orientation or 1
    sideways = turn >= 5
    width, height = reversed(image.size) if sideways else image.size
    kept = min(width, widest or width)
    kept_size = (kept, height_at(width, height, kept))
    profile = image.info.get("icc_profile") or None
    return Header(
        width=width,
        height=height,
        stored_size=kept_size[::-1] if sideways else kept_size,
        turn=turn,
        orientation=orientation,
        profile=profile,
        color_space=name_space(image.mode, profile),
        frames=frames,
        captured_at=_captured_at(exif),
        camera=_camera(exif),
    )


def _frames(image: ImageFile.ImageFile, container: str) -> int | None:
    """Count frames or pages; None where they are damaged, or more than are worth counting."""
    if container == "jpeg":  # a gain map or a preview beside the photo is not a frame of it
        return 1
    try:
        return _pages(image) if container == "tiff" else getattr(image, "n_frames", 1)
    except (OSError, SyntaxError, ValueError, IndexError):
        return None
    finally:
        if container in ("tiff", "gif"):
            image.seek(0)


def _pages(image: ImageFile.ImageFile) -> int | None:
    for page in range(1, MOST_PAGES + 1):
        try:
            image.seek(page)
        except EOFError:
            return page
    return None


def _exif(image: ImageFile.ImageFile) -> Image.Exif:
    for key in XMP_KEYS:  # no browser turns an image by its XMP; Pillow would
        image.info.pop(key, None)
    try:
        exif = image.getexif()
        exif.get_ifd(IFD.Exif)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return Image.Exif()
    return exif


def _captured_at(exif: Image.Exif) -> str | None:
    details = exif.get_ifd(IFD.Exif)
    for moment, zone in (
        (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
        (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    ):
        try:
            taken = datetime.strptime(bounded(details.get(moment)), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        offset = bounded(details.get(zone))
        return taken.isoformat() + (offset if re.fullmatch(r"[+-]\d\d:\d\d", offset) else "")
    return None


def _camera(exif: Image.Exif) -> str | None:
    make, model = bounded(exif.get(Base.Make)), bounded(exif.get(Base.Model))
    if model.lower().startswith(make.lower()):  # "Canon", "Canon EOS R5"
        make = ""
    return f"{make} {model}".strip() or None
