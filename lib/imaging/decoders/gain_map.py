"""Tell whether a JPEG has a gain map beside its picture, from which displays make an HDR one.

Ultra HDR and Adobe's (XMP of a namespace), ISO 21496-1 (a segment), Apple's (XMP): in each the map
is a picture of its own behind the first, which a Multi-Picture index (CIPA DC-007) finds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lib.domain.errors import PermanentError
from lib.imaging.bounds.ifd import read_first

MARKER, START, SCAN = 0xFF, b"\xff\xd8", 0xDA
APP1, APP2 = 0xE1, 0xE2
INDEX, ENTRIES = b"MPF\0", 0xB002
ENTRY_BYTES = 16

ISO = b"urn:iso:std:iso:ts:21496:-1\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
IN_XMP = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"HDRGainMap", b"hdrgainmap")

MOST_PICTURES, MOST_SEGMENTS = 8, 1000
"""Looked at."""


def has_gain_map(data: bytes) -> bool:
    """Tell it of a JPEG's bytes; what is damaged has none, and nothing is raised."""
    try:
        index = next(
            (start for kind, start, end in _segments(data, 0) if _is_index(data, kind, start)), None
        )
        if index is None:
            return False
        return any(_says_so(data, at) for at in {*_places(data, index + len(INDEX))})
    except (struct.error, LookupError, ValueError, OverflowError, PermanentError):
        return False


def _is_index(data: bytes, kind: int, start: int) -> bool:
    return kind == APP2 and data.startswith(INDEX, start)


def _places(data: bytes, index: int) -> Iterator[int]:
    """Yield where the pictures after the first begin."""
    directory = read_first(data[index : index + 0xFFFF])
    entries = directory.entries[ENTRIES]
    order = directory.order
    at = index + entries.at
    for number in range(1, min(entries.count // ENTRY_BYTES, MOST_PICTURES)):
        (offset,) = struct.unpack_from(f"{order}8xI", data, at + number * ENTRY_BYTES)
        if offset:
            yield index + offset


def _says_so(data: bytes, at: int) -> bool:
    """Tell whether the picture that begins there is a gain map."""
    for kind, start, end in _segments(data, at):
        if kind == APP2 and data.startswith(ISO, start):
            return True
        is_xmp = kind == APP1 and data.startswith(XMP, start)
        if is_xmp and any(data.find(sign, start, end) >= 0 for sign in IN_XMP):
            return True
    return False


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield marker, begin and end of each segment before the first scan of a picture."""
    if data[at : at + 2] != START:
        return
    at += 2
    for _ in range(MOST_SEGMENTS):
        if data[at] != MARKER or data[at + 1] == SCAN:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        yield data[at + 1], at + 4, end
        at = end
