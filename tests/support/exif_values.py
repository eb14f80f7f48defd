"""Exif in which any field has any type: what a header may say, whatever the standard says."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL.ExifTags import GPS, Base

DETAILS, PLACE = 0x8769, 0x8825
FIELDS = (
    *((None, int(tag)) for tag in (Base.Orientation, Base.Make, Base.Model, Base.Copyright)),
    *((None, tag) for tag in (DETAILS, PLACE, 0x0128, 0x011A, 0x0201, 0x0202, 0x9C9B)),
    *(
        (DETAILS, int(tag))
        for tag in (
            *(Base.DateTimeOriginal, Base.OffsetTimeOriginal, Base.DateTimeDigitized),
            *(Base.LensMake, Base.LensModel, Base.ExposureTime, Base.FNumber),
            *(Base.ISOSpeedRatings, Base.ISOSpeed, Base.FocalLength, Base.MakerNote),
            *(0xA005, 0x927C),
        )
    ),
    *(
        (PLACE, int(tag))
        for tag in (
            *(GPS.GPSLatitude, GPS.GPSLatitudeRef, GPS.GPSLongitude, GPS.GPSLongitudeRef),
            *(GPS.GPSAltitude, GPS.GPSAltitudeRef),
        )
    ),
)
"""Directory (None for the first) and tag."""

VALUES: dict[int, tuple[str, tuple[float, ...]]] = {
    1: ("B", (6,)),
    2: ("BB", (54, 0)),
    3: ("H", (6,)),
    4: ("I", (6,)),
    5: ("II", (6, 1)),
    6: ("b", (-6,)),
    7: ("B", (6,)),
    8: ("h", (-6,)),
    9: ("i", (-6,)),
    10: ("ii", (-6, 0)),
    11: ("f", (6.0,)),
    12: ("d", (float("nan"),)),
    13: ("I", (6,)),
    16: ("Q", (6,)),
    17: ("q", (-6,)),
    18: ("Q", (2**63,)),
    0: ("B", (6,)),
    99: ("H", (6,)),
}
"""Type → how one value is packed, and one of them; 0 and 99 are no types."""

COUNTS = (0, 1, 2, 3, 300, 2**32 - 1)


def exif_block(
    order: str, directory: int | None, tag: int, kind: int, count: int, *, value: object = None
) -> bytes:
    """Return a block of Exif with one entry, in the first directory or in one that it points to."""
    letters, numbers = VALUES[kind]
    one = struct.pack(order + letters, *(numbers if value is None else (value,)))
    content = one * min(count, 300)
    start = 8
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    first = b""
    if directory is not None:
        start += 2 + 12 + 4
        first = struct.pack(order + "HHHIII", 1, directory, 4, 1, start, 0)
    place = content.ljust(4, b"\0")
    if len(content) > 4 or count > 300:
        place = struct.pack(order + "I", start + 2 + 12 + 4)
    entry = struct.pack(order + "HHHI", 1, tag, kind, count) + place + bytes(4)
    return head + first + entry + content


def exif_blocks() -> Iterator[tuple[tuple[int | None, int, int, int], bytes]]:
    """Yield each field with each type and count: which it is, and the block, in both orders."""
    for number, (directory, tag) in enumerate(FIELDS):
        for kind in VALUES:
            for count in COUNTS:
                order = "<>"[(number + kind + count) % 2]
                named = directory, tag, kind, count
                yield named, exif_block(order, directory, tag, kind, count)
