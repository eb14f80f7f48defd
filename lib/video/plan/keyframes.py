"""Read from an MP4's index when its keyframes are shown, without touching a frame.

ISO/IEC 14496-12: time to sample (8.6.1.2), composition offsets (8.6.1.3), sync samples (8.6.2),
edit list (8.6.6).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import IO

from lib.video.isobmff import (
    EMPTY,
    children,
    find,
    read_boxes,
    read_clock,
    read_content,
    read_edits,
)

BY_ID = re.compile(r"i:(\d+)")
"""A stream specifier that names a track by its id."""

MOST_KEYFRAMES = 1_000_000
"""A run of two numbers says that there are thousands of millions; two hours have less than one."""


def read_keyframes(file: IO[bytes], stream: str | None = None) -> tuple[float, ...] | None:
    """Return the times in s, ascending, at which keyframes of a video track are shown.

    `stream` is what ffmpeg calls it; without, it is the first one. Times count from the earliest
    track's start. None where the index does not tell: a fragmented
    file, several edits, or no MP4 at all. Only `moov` is read.
    """
    try:
        moov = next(read_content(file, each) for each in read_boxes(file) if each.kind == b"moov")
        if any(kind == b"mvex" for kind, _ in children(moov)):
            return None
        tracks = [content for kind, content in children(moov) if kind == b"trak"]
        clock, _ = read_clock(find(moov, b"mvhd"))
        wanted = BY_ID.fullmatch(stream or "")
        video = next(
            track
            for track in tracks
            if _handler(track) == b"vide" and (not wanted or _id(track) == int(wanted[1]))
        )
        starts = [_start(each, clock) for each in tracks if _handler(each) in (b"vide", b"soun")]
        shift = _shift(video, clock) - max(Fraction(0), min(starts))
        times = sorted(float(time + shift) for time in _sync_times(video))
    except (ValueError, StopIteration, KeyError, struct.error):
        return None
    return tuple(time for time in times if time >= 0)


def _sync_times(track: bytes) -> Iterator[Fraction]:
    """Yield the times of the sync samples by the media's own clock, composition included."""
    table = find(track, b"mdia", b"minf", b"stbl")
    boxes = dict(children(table))
    clock, _ = read_clock(find(track, b"mdia", b"mdhd"))
    durations, offsets = _Runs(boxes[b"stts"]), _Runs(boxes.get(b"ctts", b""))
    for number in _sync_numbers(boxes, durations.total):
        time = durations.sum_before(number) + offsets.value_at(number)
        yield Fraction(time, clock)


def _sync_numbers(boxes: dict[bytes, bytes], total: int) -> Iterator[int]:
    """Yield sample numbers from 0; without the box every sample is a keyframe."""
    stss = boxes.get(b"stss")
    if stss is None:
        if total > MOST_KEYFRAMES:
            raise ValueError(f"expected at most {MOST_KEYFRAMES} frames but found {total}")
        yield from range(total)
        return
    (count,) = struct.unpack_from(">I", stss, 4)
    yield from (number - 1 for number in struct.unpack_from(f">{count}I", stss, 8))


class _Runs:
    """A table of (number of samples, value), asked for ascending sample numbers."""

    def __init__(self, content: bytes) -> None:
        self._runs = list(struct.iter_unpack(">Ii", content[8:]))
        self._run = self._first = self._sum = 0
        self.total = sum(count for count, _ in self._runs)

    def _advance(self, number: int) -> None:
        while self._run < len(self._runs):
            count, value = self._runs[self._run]
            if number < self._first + count:
                return
            self._first += count
            self._sum += count * value
            self._run += 1

    def value_at(self, number: int) -> int:
        """Return a sample's value, 0 behind the table."""
        self._advance(number)
        return self._runs[self._run][1] if self._run < len(self._runs) else 0

    def sum_before(self, number: int) -> int:
        """Return the sum of the values of all samples before one."""
        value = self.value_at(number)
        return self._sum + (number - self._first) * value


def _start(track: bytes, movie_clock: int) -> Fraction:
    """Return when the first sample of a track is presented, in s."""
    table = dict(children(find(track, b"mdia", b"minf", b"stbl")))
    composed = _Runs(table.get(b"ctts", b"")).value_at(0)
    clock, _ = read_clock(find(track, b"mdia", b"mdhd"))
    return _shift(track, movie_clock) + Fraction(composed, clock)


def _shift(track: bytes, movie_clock: int) -> Fraction:
    """Return what is added to a media time to get the time of the presentation, in s."""
    boxes = dict(children(track))
    if b"edts" not in boxes:
        return Fraction(0)
    clock, _ = read_clock(find(track, b"mdia", b"mdhd"))
    shift = Fraction(0)
    edits = list(read_edits(find(boxes[b"edts"], b"elst")))
    for duration, start in edits:
        if start == EMPTY:
            shift += Fraction(duration, movie_clock)
        else:
            shift -= Fraction(start, clock)
    if sum(start != EMPTY for _, start in edits) > 1 or (edits and edits[-1][1] == EMPTY):
        raise ValueError("expected one edit that shows something")
    return shift


def _id(track: bytes) -> int:
    header = find(track, b"tkhd")
    return int(struct.unpack_from(">I", header, 20 if header[0] else 12)[0])


def _handler(track: bytes) -> bytes:
    return find(track, b"mdia", b"hdlr")[8:12]
