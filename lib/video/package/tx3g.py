"""Read timed text (3GPP TS 26.245) from an MP4 with one track of it, as ffmpeg passes it on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, repeat

from lib.video.isobmff import EMPTY, children, find, read_clock, read_edits
from lib.video.package.ass import Runs, TextStyle

MS_PER_S = 1000
MOST_SAMPLES = 1_000_000

BOLD, ITALIC, UNDERLINE = 1, 2, 4
"""Of a style record (5.16)."""
RECORD_BYTES = 12
LENGTH_BYTES = 2
UTF_16 = (b"\xfe\xff", b"\xff\xfe")
"""A byte order mark says that text is UTF-16 and not UTF-8 (5.17)."""

Sample = tuple[int, int, bytes]
"""Start and end in ms, and content."""


def read_samples(content: bytes) -> Iterator[Sample]:
    """Yield the samples of the first track, in order. Raises ValueError, struct.error, KeyError."""
    moov = find(content, b"moov")
    movie_clock, _ = read_clock(find(moov, b"mvhd"))
    track = find(moov, b"trak")
    clock, _ = read_clock(find(track, b"mdia", b"mdhd"))
    tables = dict(children(find(track, b"mdia", b"minf", b"stbl")))
    at = _late_s(track, movie_clock) * clock
    spans = zip(_durations(tables[b"stts"]), _places(tables), strict=False)
    for duration, (offset, size) in spans:
        start_ms, end_ms = (round(MS_PER_S * tick / clock) for tick in (at, at + duration))
        yield start_ms, end_ms, content[offset : offset + size]
        at += duration


def read_text(sample: bytes) -> Runs:
    """Return the runs of a sample; none for a pause between two texts."""
    length = int.from_bytes(sample[:LENGTH_BYTES])
    stored = sample[LENGTH_BYTES : LENGTH_BYTES + length]
    text = _decode(stored)
    looks = [TextStyle()] * len(text)
    try:
        modifiers = list(children(sample[LENGTH_BYTES + length :]))
    except ValueError:
        modifiers = []
    styled = 0
    for records in (each for kind, each in modifiers if kind == b"styl"):
        for at in range(LENGTH_BYTES, len(records) - RECORD_BYTES + 1, RECORD_BYTES):
            start, end, _, face = struct.unpack_from(">3HB", records, at)
            if start < styled:  # they ascend, and none lies over another
                break
            look = replace(
                TextStyle(),
                bold=bool(face & BOLD),
                italic=bool(face & ITALIC),
                underline=bool(face & UNDERLINE),
            )
            end = min(end, len(text))
            looks[start:end] = [look] * max(0, end - start)
            styled = max(start, end)
    return tuple(_joined(text.replace("\r\n", "\n").replace("\r", "\n"), looks))


def _decode(stored: bytes) -> str:
    if stored.startswith(UTF_16):
        return stored.decode("utf-16", "replace")
    try:
        return stored.decode("utf-8")
    except UnicodeDecodeError:
        return stored.decode("cp1252", "replace")


def _joined(text: str, looks: list[TextStyle]) -> Iterator[tuple[str, TextStyle]]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or looks[at] != looks[start]:
            yield text[start:at], looks[start]
            start = at


def _late_s(track: bytes, movie_clock: int) -> float:
    """Return how late the first sample is, in s."""
    boxes = dict(children(track))
    if b"edts" not in boxes:
        return 0.0
    edits = read_edits(find(boxes[b"edts"], b"elst"))
    return sum(duration for duration, start in edits if start == EMPTY) / movie_clock


def _durations(stts: bytes) -> Iterator[int]:
    (count,) = struct.unpack_from(">I", stts, 4)
    for number, duration in islice(struct.iter_unpack(">II", stts[8:]), count):
        yield from (duration for _ in range(number))


def _places(tables: dict[bytes, bytes]) -> Iterator[tuple[int, int]]:
    """Yield offset and size of each sample (14496-12, 8.7)."""
    stsz = tables[b"stsz"]
    same, count = struct.unpack_from(">II", stsz, 4)
    sizes: Iterator[int] = repeat(same, min(count, MOST_SAMPLES))
    if not same:
        sizes = iter(struct.unpack_from(f">{count}I", stsz, 12))
    wide = b"co64" in tables
    chunks = tables[b"co64" if wide else b"stco"][8:]
    offsets = [each for (each,) in struct.iter_unpack(">Q" if wide else ">I", chunks)]
    runs = list(struct.iter_unpack(">III", tables[b"stsc"][8:]))
    firsts = [first for first, _, _ in runs[1:]] + [len(offsets) + 1]
    for (first, per_chunk, _), behind in zip(runs, firsts, strict=True):
        for offset in offsets[first - 1 : behind - 1]:
            at = offset
            for size in islice(sizes, per_chunk):
                yield at, size
                at += size
