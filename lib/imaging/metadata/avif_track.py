"""Read how long the frames of an AVIF sequence show, and how often (ISO/IEC 14496-12, 8.3 to 8.6).

As libavif and so browsers do: of the first track of pictures that is no other one's transparency.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lib.imaging.bounds.boxes import FULL_BOX, Box, by_kind, read_boxes

FOR_EVER, ONCE = 0, 1
UNBOUNDED = (2**32 - 1, 2**64 - 1)
REPEATS = 1
"""Flag of an edit list."""

AUXILIARY = b"auxl"
CONTAINERS, DEPTH = (b"mdia", b"minf", b"stbl", b"edts", b"tref"), 3
STTS_ENTRY = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Track:
    """`delays` in ms: how many samples there are of each."""

    delays: tuple[tuple[int, float], ...]
    plays: int


def read_track(data: bytes, most: int) -> Track | None:
    """Return what is said of the first frames, None where nothing is, or nothing that can be.

    No more than `most` runs of delays are read.
    """
    try:
        tracks = (_inside(data, track) for track in _tracks(data))
        shown = next((track for track in tracks if not _is_auxiliary(data, track)), None)
        return Track(tuple(_delays(data, shown, most)), _plays(data, shown)) if shown else None
    except (ValueError, ArithmeticError, struct.error, KeyError, IndexError):
        return None


def _tracks(data: bytes) -> Iterator[Box]:
    for movie in by_kind(data, 0, len(data)).get(b"moov", []):
        yield from (box for box in read_boxes(data, movie.start, movie.end) if box.kind == b"trak")


Boxes = dict[bytes, Box]


def _inside(data: bytes, box: Box, depth: int = DEPTH) -> Boxes:
    """Return the first box of each type in a track, and in what is in it."""
    found: Boxes = {}
    for each in read_boxes(data, box.start, box.end):
        found.setdefault(each.kind, each)
        if depth and each.kind in CONTAINERS:
            found = _inside(data, each, depth - 1) | found
    return found


def _is_auxiliary(data: bytes, track: Boxes) -> bool:
    handler = track.get(b"hdlr")
    is_picture = not handler or data[handler.start + 8 : handler.start + 12] == b"pict"
    return AUXILIARY in track or not is_picture


def _delays(data: bytes, track: Boxes, most: int) -> Iterator[tuple[int, float]]:
    """Yield the runs of samples of one delay (`stts`)."""
    (second,) = _read(data, track[b"mdhd"], ">12xI", ">20xI")
    box = track[b"stts"]
    (count,) = struct.unpack_from(">I", data, box.start + FULL_BOX)
    start = box.start + FULL_BOX + 4
    entries = data[start : min(box.end, start + STTS_ENTRY.size * min(count, most))]
    for samples, delta in STTS_ENTRY.iter_unpack(entries):
        yield samples, 1000 * delta / second


def _plays(data: bytes, track: Boxes) -> int:
    """Return how often: an edit list repeats what the whole track is longer than."""
    edits = track.get(b"elst")
    if not edits:
        return FOR_EVER
    repeated, once = _read(data, edits, ">3xB4xI", ">3xB4xQ")
    if not repeated & REPEATS:
        return ONCE
    (presented,) = _read(data, track[b"tkhd"], ">20xI", ">28xQ")
    return FOR_EVER if presented in UNBOUNDED else -(-presented // once)


def _read(data: bytes, box: Box, narrow: str, wide: str) -> tuple[int, ...]:
    """Return numbers of a full box, which are wide in one of version 1."""
    return struct.unpack_from(wide if data[box.start] else narrow, data, box.start)
