"""Replace the durations of an MP4 that are not known: all ones say so (ISO/IEC 14496-12, 8.2.2).

Readers take them for a number: 93 hours of a clock of 12,800.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO, Any

from lib.video.isobmff import Box, find, read_boxes, read_clock, read_content

DURATION = {b"mvhd": ((16, 4), (24, 8)), b"tkhd": ((20, 4), (28, 8)), b"mdhd": ((16, 4), (24, 8))}
"""Where a box has its duration, and its bytes, in version 0 and 1."""

MOST_REPLACED = 256
"""Each is looked at again in every read. A source of as many tracks is refused in any case."""

MOST_TICKS = 2**32 - 2
"""That 32 bits can say."""


class Mended(io.RawIOBase):
    """A file some of whose bytes are replaced: `replaced` has them by their position."""

    def __init__(self, file: IO[bytes] | io.RawIOBase, replaced: Mapping[int, bytes]) -> None:
        super().__init__()
        self._file, self._replaced = file, replaced

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as `io.IOBase.seek` does."""
        return self._file.seek(offset, whence)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can seek."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a part of the buffer; returns how many bytes."""
        view, start = memoryview(buffer).cast("B"), self._file.tell()
        data = self._file.read(len(view)) or b""
        view[: len(data)] = data
        for at, new in self._replaced.items():
            for place, byte in enumerate(new, at - start):
                if 0 <= place < len(data):
                    view[place] = byte
        return len(data)


def find_unknown(file: IO[bytes]) -> dict[int, bytes]:
    """Return what the unknown durations of a file really are, by where they are written.

    Those of a fragmented file become 0, which says the same to all readers.
    """
    try:
        moov = next(each for each in read_boxes(file) if each.kind == b"moov")
        content = read_content(file, moov)
        return dict(islice(_replacements(content, moov.body), MOST_REPLACED))
    except (ValueError, StopIteration, struct.error, IndexError):
        return {}


def _replacements(moov: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    movie_clock, _ = read_clock(find(moov, b"mvhd"))
    longest, unknown = 0, list[tuple[int, int]]()
    for box in _children(moov):
        if box.kind == b"mvhd":
            unknown += _unknown(moov, box)
        if box.kind != b"trak":
            continue
        track = moov[box.body : box.end]
        clock, _ = read_clock(find(track, b"mdia", b"mdhd"))
        ticks = _samples_last(track)
        shown = min(round(ticks * movie_clock / clock), MOST_TICKS)
        longest = max(longest, shown)
        for header in _headers(moov, box):
            lasts = ticks if header.kind == b"mdhd" else shown
            yield from ((at + start, lasts.to_bytes(n)) for start, n in _unknown(moov, header))
    yield from ((at + start, longest.to_bytes(length)) for start, length in unknown)


def _headers(moov: bytes, track: Box) -> Iterator[Box]:
    for box in _children(moov, track):
        if box.kind == b"tkhd":
            yield box
        if box.kind == b"mdia":
            yield from (each for each in _children(moov, box) if each.kind == b"mdhd")


def _unknown(moov: bytes, box: Box) -> Iterator[tuple[int, int]]:
    """Yield where a box has a duration of all ones, and of how many bytes."""
    start, length = DURATION[box.kind][moov[box.body] & 1]
    at = box.body + start
    if moov[at : at + length] == b"\xff" * length:
        yield at, length


def _children(content: bytes, within: Box | None = None) -> Iterator[Box]:
    """Yield the boxes within one, by where they lie in all of the content."""
    start, end = (within.body, within.end) if within else (0, len(content))
    for box in read_boxes(io.BytesIO(content[start:end])):
        yield Box(box.kind, box.start + start, box.body + start, box.end + start)


def _samples_last(track: bytes) -> int:
    """Return how long all samples of a track last, by the media's clock."""
    table = find(track, b"mdia", b"minf", b"stbl", b"stts")
    (count,) = struct.unpack_from(">I", table, 4)
    runs = struct.iter_unpack(">II", table[8 : 8 + 8 * min(count, (len(table) - 8) // 8)])
    total: int = sum(samples * ticks for samples, ticks in runs)
    return min(total, MOST_TICKS)
