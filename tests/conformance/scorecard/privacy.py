"""Rows about what renditions tell beside their pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

from tests.conformance.scorecard.case import Case, Options
from tests.support.images import MEDIA, photo, save


def cases() -> Iterator[Case]:
    """Build the rows."""
    source = (MEDIA / "portrait-gps.jpg").read_bytes()
    for each in ("avif", "webp", "jpeg"):
        yield Case(f"no EXIF, GPS, XMP, ICC in {each}", source, is_bare, {"formats": (each,)})
    exif = Image.Exif()
    exif[0x8298], exif[0x010F] = "(c) Ada", "Pocket"
    owned = save(photo(), "jpeg", quality=95, exif=exif.tobytes())
    for each in ("avif", "webp", "jpeg"):
        keep: Options = {"formats": (each,), "keep_copyright": True}
        yield Case(f"copyright alone, if asked, in {each}", owned, is_owned, keep, None)
    yield Case("no copyright unless asked", owned, is_bare)


def is_bare(content: bytes) -> bool:
    """Tell whether a rendition has pixels alone."""
    info = Image.open(io.BytesIO(content)).info
    names = ("exif", "xmp", "icc_profile", "XML:com.adobe.xmp", "photoshop")
    return b"Pocket" not in content and not any(info.get(name) for name in names)


def is_owned(content: bytes) -> bool:
    """Tell whether a rendition has a copyright and nothing else."""
    exif = Image.open(io.BytesIO(content)).getexif()
    return b"Pocket" not in content and dict(exif) == {0x8298: "(c) Ada"}
