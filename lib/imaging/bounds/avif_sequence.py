"""Measure the frames of an AVIF sequence where they are coded (ISO/IEC 14496-12, section 8.7)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.av1 import CONFIGURATION_BYTES, Coded
from lib.imaging.bounds.boxes import FULL_BOX, Box, by_kind, only, read_boxes
from lib.imaging.bounds.parts import check_count, check_most, larger, refuse_pixels
from lib.presets import Limits

SAMPLE_ENTRY = 8 + 70
"""Bytes of a visual sample entry before the boxes in it."""

MOST_TRACKS = 4
"""Colours and transparency are one each."""

SHOWN = 2
"""Frames coded for one that is shown, on average at most: others refer to hidden ones."""


def check_tracks(data: bytes, movie: Box, limits: Limits) -> None:
    """Refuse frames that are too many or too large, in each track."""
    tracks = [box for box in read_boxes(data, movie.start, movie.end) if box.kind == b"trak"]
    check_most(len(tracks), MOST_TRACKS, "tracks")
    for track in tracks:
        if table := _sample_table(data, track):
            _check_track(data, table, limits)


def read_entry(data: bytes, movie: Box) -> Iterator[Box]:
    """Yield the boxes in the first track's description of its samples."""
    tracks = (box for box in read_boxes(data, movie.start, movie.end) if box.kind == b"trak")
    table = next((table for track in tracks if (table := _sample_table(data, track))), None)
    description = only(by_kind(data, table.start, table.end), b"stsd") if table else None
    if description:
        for entry in read_boxes(data, description.start + FULL_BOX + 4, description.end):
            yield from read_boxes(data, entry.start + SAMPLE_ENTRY, entry.end)
            return


def _sample_table(data: bytes, track: Box) -> Box | None:
    box: Box | None = track
    for kind in (b"mdia", b"minf", b"stbl"):
        box = only(by_kind(data, box.start, box.end), kind) if box else None
    return box


def _check_track(data: bytes, table: Box, limits: Limits) -> None:
    inside = by_kind(data, table.start, table.end)
    coded, size = Coded(), (0, 0)
    if box := only(inside, b"stsd"):
        for entry in read_boxes(data, box.start + FULL_BOX + 4, box.end):
            size = larger(size, struct.unpack_from(">HH", data, entry.start + 24))
            for inner in read_boxes(data, entry.start + SAMPLE_ENTRY, entry.end):
                if inner.kind == b"av1C":
                    coded.read(data[inner.start + CONFIGURATION_BYTES : inner.end])
    read = 0
    for start, end in _samples(data, inside, limits):
        read += end - start
        check_most(read, 2 * len(data), "bytes of all frames together")
        coded.read(data[start:end])
    size = larger(size, coded.size)
    refuse_pixels(size, limits.image_megapixels, "a coded frame")
    megapixels = size[0] * size[1] * coded.frames / 1e6
    most = SHOWN * limits.animation_megapixels
    if megapixels > most:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{coded.frames} coded frames of {size[0]} × {size[1]} px are {megapixels:.1f} MP, "
            f"the limit is {most} MP",
        )


def _samples(
    data: bytes, inside: dict[bytes, list[Box]], limits: Limits
) -> Iterator[tuple[int, int]]:
    """Yield where the bytes of each sample lie."""
    sizes = _sizes(data, only(inside, b"stsz"), limits)
    chunks = _chunks(data, inside)
    runs = _runs(data, only(inside, b"stsc"))
    number = run = 0
    for chunk, at in enumerate(chunks, 1):
        while run + 1 < len(runs) and runs[run + 1][0] <= chunk:
            run += 1
        for _ in range(runs[run][1] if runs else 0):
            if number == len(sizes):
                return
            yield min(at, len(data)), min(at + sizes[number], len(data))
            at += sizes[number]
            number += 1


def _sizes(data: bytes, box: Box | None, limits: Limits) -> list[int]:
    if not box:
        return []
    same, count = struct.unpack_from(">II", data, box.start + FULL_BOX)
    if count > limits.animation_frames:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"an animation of more than {limits.animation_frames} frames, which is the limit",
        )
    if same:
        return [same] * count
    return list(struct.unpack_from(f">{count}I", data, box.start + FULL_BOX + 8))


def _chunks(data: bytes, inside: dict[bytes, list[Box]]) -> list[int]:
    for kind, number in ((b"stco", "I"), (b"co64", "Q")):
        if box := only(inside, kind):
            (count,) = struct.unpack_from(">I", data, box.start + FULL_BOX)
            check_count(count, len(data), "chunks")
            return list(struct.unpack_from(f">{count}{number}", data, box.start + FULL_BOX + 4))
    return []


def _runs(data: bytes, box: Box | None) -> list[tuple[int, int]]:
    """Return from which chunk on there are how many samples in each."""
    if not box:
        return []
    (count,) = struct.unpack_from(">I", data, box.start + FULL_BOX)
    check_count(count, len(data), "runs of chunks")
    start = box.start + FULL_BOX + 4
    found = struct.iter_unpack(">III", data[start : start + 12 * count])
    return [(first, samples) for first, samples, _ in found]
