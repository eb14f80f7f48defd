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

PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))

ARITHMETIC = frozenset((0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
"""Frames with arithmetic coding."""

ARITHMETIC_COSTS = 4
"""Times as much: a scan that has no bytes is passed over, but where its coding is arithmetic, zeros
are decoded for each coefficient."""

MOST_SCANS = 200
"""A progressive photo has about 10, one made by hand for each bit and component under 100."""

SCANS_OF_THE_LARGEST = 100
"""For a picture of 100 megapixels; half of it may have twice as many. A scan visits each block
of the picture, however few bytes it has."""

SCANNED_MEGAPIXELS = 100
"""What the largest picture is here: a JPEG that is larger may have fewer scans."""

LEAST_SCANS = 20

COEFFICIENT_BYTES = 1_350_000_000
"""Of a picture of several scans, two for each sample, which the decoder holds whatever size it is
decoded at. With what is decoded of it, 220 megapixels without subsampling stay below what a child
may have in a function of 2,048 MB."""

EXIF_SEGMENTS = 256
"""Pillow adds one to the other, and copies what it has each time."""


def check_jpeg(data: bytes, limits: Limits) -> None:
    """Refuse too many scans for the size, and too many segments."""
    scans = exif = pixels = components = samples = frame = 0
    is_buffered = False
    for kind, at in limit_parts(_segments(data), len(data), "segments"):
        if kind in FRAMES and not pixels:
            height, width = struct.unpack_from(">HH", data, at + 5)
            pixels, frame = width * height, kind
            components, is_buffered = data[at + 9], kind in PROGRESSIVE
            samples = round(pixels * _samples_of_a_pixel(data[at + 10 : at + 10 + 3 * components]))
        elif kind == SCAN:
            scans += 1
            is_buffered = is_buffered or data[at + 4] < components
        elif kind == 0xE1 and data[at + 4 : at + 8] == b"Exif":
            exif += 1
    if exif > EXIF_SEGMENTS:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED, f"{exif} Exif segments, the limit is {EXIF_SEGMENTS}"
        )
    refuse_scans(scans, pixels, limits.image_megapixels, arithmetic=frame in ARITHMETIC)
    if is_buffered and pixels <= limits.image_megapixels * 1_000_000:
        _refuse_coefficients(2 * samples)


def _samples_of_a_pixel(components: bytes) -> float:
    """Return how many samples there are for one pixel, from a frame's components (B.2.2)."""
    factors = [(each >> 4, each & 15) for each in components[1::3]]
    most = (
        max((across for across, _ in factors), default=1),
        max((d for _, d in factors), default=1),
    )
    return sum(across * down for across, down in factors) / max(1, most[0] * most[1])


def _refuse_coefficients(size: int) -> None:
    if size > COEFFICIENT_BYTES:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{size / 1e6:,.0f} MB of coefficients in several scans, "
            f"the limit is {COEFFICIENT_BYTES / 1e6:,.0f} MB",
        )


def refuse_scans(scans: int, pixels: int, megapixels: int, *, arithmetic: bool) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for more scans than a picture of `pixels` may have."""
    largest = min(megapixels, SCANNED_MEGAPIXELS) * 1_000_000
    relative = SCANS_OF_THE_LARGEST * largest // max(pixels, 1)
    most = max(min(MOST_SCANS, relative), LEAST_SCANS)
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
