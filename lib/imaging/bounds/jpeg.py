"""JPEG: scans and segments (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.parts import limit_parts
from lib.presets import Limits

MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])", re.DOTALL)
"""The next one, as libjpeg looks for it: neither a stuffed byte, nor a restart, nor padding."""

END, SCAN = 0xD9, 0xDA
ALONE = frozenset((0x01, 0xD8))
"""Markers without a segment: TEM and the start of an image."""

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

ARITHMETIC = frozenset((0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
"""Frames with arithmetic coding."""

ARITHMETIC_COSTS = 4
"""Times as much: a scan that has no bytes is passed over, but where its coding is arithmetic, zeros
are decoded for each coefficient."""

MOST_SCANS = 200
"""A progressive photo has about 10, one made by hand for each bit and component under 100."""

SCANS_OF_THE_LARGEST = 100
"""For the largest picture that is let in; half of it may have twice as many. A scan visits each
block of the picture, however few bytes it has."""

EXIF_SEGMENTS = 256
"""Pillow adds one to the other, and copies what it has each time."""


def check_jpeg(data: bytes, limits: Limits) -> None:
    """Refuse too many scans for the size, and too many segments."""
    scans = exif = pixels = frame = 0
    for kind, at in limit_parts(_segments(data), len(data), "segments"):
        if kind in FRAMES and not pixels:
            height, width = struct.unpack_from(">HH", data, at + 5)
            pixels, frame = width * height, kind
        elif kind == SCAN:
            scans += 1
        elif kind == 0xE1 and data[at + 4 : at + 8] == b"Exif":
            exif += 1
    if exif > EXIF_SEGMENTS:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED, f"{exif} Exif segments, the limit is {EXIF_SEGMENTS}"
        )
    refuse_scans(scans, pixels, limits.image_megapixels, arithmetic=frame in ARITHMETIC)


def refuse_scans(scans: int, pixels: int, megapixels: int, *, arithmetic: bool) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for more scans than a picture of `pixels` may have."""
    relative = SCANS_OF_THE_LARGEST * megapixels * 1_000_000 // max(pixels, 1)
    most = max(min(MOST_SCANS, relative), SCANS_OF_THE_LARGEST)
    if arithmetic:
        most //= ARITHMETIC_COSTS
    if scans > most:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{scans} scans of {pixels / 1e6:.1f} MP, the limit is {most}",
        )


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield each segment's marker and where it begins, until the image or the bytes end.

    What is coded between them is passed over; so is garbage, which libjpeg passes over too.
    """
    at = 2
    while found := MARKER.search(data, at):
        at, kind = found.start(), data[found.start() + 1]
        if kind == END:
            return
        if kind in ALONE:
            at += 2
            continue
        if at + 4 > len(data):
            return
        yield kind, at
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
