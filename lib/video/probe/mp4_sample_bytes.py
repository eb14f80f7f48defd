"""Add up how many bytes of an MP4 its samples lie in: tables can name the same ones many times.

ISO/IEC 14496-12: sample sizes (8.7.3), sample to chunk (8.7.4), chunk offsets (8.7.5), track
fragments (8.8.7, 8.8.8).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import IO

from lib.video.isobmff import (
    EMPTY,
    Box,
    children,
    find,
    read_boxes,
    read_clock,
    read_content,
    read_edits,
)

MOST_FRAGMENTS = 10_000
"""That are looked at: two hours have a fragment each second at most."""

ROUNDING = 1.5
"""Factor up to which edits may last longer than what they show: clocks differ, and short ones do by
much."""

BASE_DATA_OFFSET, DESCRIPTION, DURATION, DEFAULT_SIZE = 1, 2, 8, 16
"""What a `tfhd` has, by its flags, in this order."""
DATA_OFFSET, FIRST_FLAGS = 1, 4
SAMPLE_SIZE = 0x200
PER_SAMPLE = (0x100, SAMPLE_SIZE, 0x400, 0x800)
"""What a `trun` has: once, and for each sample duration, size, flags and offset."""


def bytes_of_samples(file: IO[bytes], size: int) -> int:
    """Return the bytes of all samples that lie in the file, those of an upload that is cut short.

    Raises ValueError, or struct.error, where the tables can't be followed.
    """
    moov, fragments = b"", list[Box]()
    for box in _boxes(file):
        if box.kind == b"moov":
            moov = read_content(file, box)
        if box.kind == b"moof":
            fragments.append(box)
        if len(fragments) > MOST_FRAGMENTS:
            raise ValueError(f"expected at most {MOST_FRAGMENTS} fragments")

    def within(runs: Iterable[tuple[int, int]]) -> int:
        return sum(max(0, min(length, size - start)) for start, length in runs)

    total = 0.0
    for track in (content for kind, content in children(moov) if kind == b"trak"):
        chunks = _chunks(find(track, b"mdia", b"minf", b"stbl"))
        total += within(chunks) * _repeats(track, moov)
    sizes = _default_sizes(moov)
    for box in fragments:
        total += within(_fragment(read_content(file, box), box.start, sizes))
    return round(total)


def _boxes(file: IO[bytes]) -> Iterator[Box]:
    """Yield the outermost boxes, up to one that is cut short."""
    try:
        yield from read_boxes(file)
    except ValueError:
        return


def _repeats(track: bytes, moov: bytes) -> float:
    """Return how many times the edits of a track show all of it: mostly once, or a part of it."""
    if not any(kind == b"edts" for kind, _ in children(track)):
        return 1.0
    edits = read_edits(find(track, b"edts", b"elst"))
    shown = sum(duration for duration, start in edits if start != EMPTY)
    clock, _ = read_clock(find(moov, b"mvhd"))
    ticks, lasts = read_clock(find(track, b"mdia", b"mdhd"))
    times = shown / clock / (lasts / ticks) if lasts else 1.0
    return times if times > ROUNDING else 1.0


def _chunks(table: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each chunk of a track starts, and how many bytes it has."""
    boxes = dict(children(table))
    offsets = boxes.get(b"stco") or boxes.get(b"co64") or bytes(8)
    width = "I" if b"stco" in boxes else "Q"
    starts = [start for (start,) in _entries(f">{width}", offsets)]
    firsts = list(_entries(">III", boxes.get(b"stsc", bytes(8))))
    ends = [first for first, _, _ in firsts[1:]] + [len(starts) + 1]
    before, sample, done = _summed(boxes), 0, 0
    for (first, samples, _), end in zip(firsts, ends, strict=False):  # none has no end
        # No chunk comes twice, whatever order the runs are in.
        for chunk in range(max(done, first - 1), min(end - 1, len(starts))):
            yield starts[chunk], before(sample + samples) - before(sample)
            sample, done = sample + samples, chunk + 1


def _entries(layout: str, content: bytes) -> Iterator[tuple[int, ...]]:
    """Yield the entries of a table that are there, of those that it says it has."""
    (count,) = struct.unpack_from(">I", content, 4)
    width = struct.calcsize(layout)
    available = min(count, (len(content) - 8) // width)
    return struct.iter_unpack(layout, content[8 : 8 + available * width])


def _summed(boxes: Mapping[bytes, bytes]) -> Callable[[int], int]:
    """Return what gives the bytes of a track's first so many samples."""
    if table := boxes.get(b"stsz"):
        uniform, count = struct.unpack_from(">II", table, 4)
        if uniform:
            return lambda samples: uniform * min(samples, count)
        sizes = [size for (size,) in _entries(">I", table[4:])]
    else:
        sizes = _compact_sizes(boxes.get(b"stz2", bytes(12)))
    sums = list(accumulate(sizes, initial=0))
    return lambda samples: sums[min(samples, len(sums) - 1)]


def _compact_sizes(table: bytes) -> list[int]:
    """Read sizes of 4, 8 or 16 bits."""
    bits, (count,) = table[7], struct.unpack_from(">I", table, 8)
    entries = table[12:]
    if bits == 4:
        return [half for byte in entries for half in (byte >> 4, byte & 15)][:count]
    width = 2 if bits == 16 else 1
    parts = range(0, min(len(entries) // width, count) * width, width)
    return [int.from_bytes(entries[at : at + width]) for at in parts]


def _default_sizes(moov: bytes) -> dict[int, int]:
    """Return the size of a sample that a fragment does not give, by track."""
    extends = [content for kind, content in children(moov) if kind == b"mvex"]
    found = [each for content in extends for kind, each in children(content) if kind == b"trex"]
    return {track: size for track, _, _, size in (struct.unpack_from(">4I", t, 4) for t in found)}


def _fragment(moof: bytes, at: int, sizes: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Yield where each run of a fragment's samples starts, and how many bytes it has."""
    for kind, traf in children(moof):
        if kind != b"traf":
            continue
        header = find(traf, b"tfhd")
        flags = int.from_bytes(header[1:4])
        (track,) = struct.unpack_from(">I", header, 4)
        base, size, field = at, sizes.get(track, 0), 8
        if flags & BASE_DATA_OFFSET:
            (base,) = struct.unpack_from(">Q", header, field)
        field += 8 * bool(flags & BASE_DATA_OFFSET)
        field += 4 * (bool(flags & DESCRIPTION) + bool(flags & DURATION))
        if flags & DEFAULT_SIZE:
            (size,) = struct.unpack_from(">I", header, field)
        for run in (content for each, content in children(traf) if each == b"trun"):
            start, length = _run(run, size)
            yield base + start, length


def _run(trun: bytes, default_size: int) -> tuple[int, int]:
    """Return where the samples of a run start, from their fragment's base, and their bytes."""
    flags, (count,) = int.from_bytes(trun[1:4]), struct.unpack_from(">I", trun, 4)
    start = struct.unpack_from(">i", trun, 8)[0] if flags & DATA_OFFSET else 0
    if not flags & SAMPLE_SIZE:
        return start, count * default_size
    first = 8 + 4 * (bool(flags & DATA_OFFSET) + bool(flags & FIRST_FLAGS))
    fields = [each for each in PER_SAMPLE if flags & each]
    values = struct.unpack_from(f">{(len(trun) - first) // 4}I", trun, first)
    return start, sum(values[fields.index(SAMPLE_SIZE) :: len(fields)][:count])
