"""Read movie fragments and write CMAF segments (ISO/IEC 14496-12, section 8.8; 23000-19)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from struct import iter_unpack, pack

from lib.video.isobmff import HEADER, box, children, find

TRACK_ID = 1
"""Of every file that is read here: it holds one track."""

NOT_SYNC = 0x01_0000
"""Set in the flags of a sample with which nothing can start."""

DEFAULT_DURATION, DEFAULT_SIZE, DEFAULT_FLAGS, FROM_MOOF = 0x08, 0x10, 0x20, 0x02_0000
"""What a track fragment's header holds; from where offsets count."""
BEFORE_DEFAULTS = {0x01: 8, 0x02: 4}
"""Bytes of fields that come first in that header."""

DATA_OFFSET, FIRST_FLAGS = 0x01, 0x04
DURATION, SIZE, FLAGS, COMPOSITION = 0x100, 0x200, 0x400, 0x800
"""What a run of samples holds: at first for all of them, then for each."""

MOST_TICKS = 2**31 - 1
"""Of a segment: its composition offsets are signed, 32 bits each."""

STYP = box(b"styp", b"msdh", bytes(4), b"msdh", b"cmfs")


@dataclass(frozen=True, slots=True)
class Sample:
    """One frame, or one packet of audio. Presentation `time` and `duration` in ticks."""

    time: int
    duration: int
    size: int
    flags: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """The samples of one fragment in decoding order; `offset` of their bytes from the moof's start.

    `decode_start` and `decode_end` in ticks: where one fragment ends, the next one starts.
    """

    decode_start: int
    decode_end: int
    offset: int
    samples: tuple[Sample, ...]


def read_fragment(moof: bytes) -> Fragment:
    """Read the content of a `moof` box. Raises ValueError unless it is one run of one track."""
    traf = find(moof, b"traf")
    kinds = [kind for kind, _ in children(traf)]
    if kinds.count(b"trun") != 1 or [kind for kind, _ in children(moof)].count(b"traf") != 1:
        raise ValueError(f"expected one run of samples but found {kinds}")
    tfdt = find(traf, b"tfdt")
    # Signed: a muxer may write that the encoder's delay lies before 0.
    start = int.from_bytes(tfdt[4:], "big", signed=True)
    offset, rows = _read_run(find(traf, b"trun"), _read_defaults(find(traf, b"tfhd")))
    samples, at = [], start
    for duration, size, flags, composition in rows:
        samples.append(Sample(at + composition, duration, size, flags))
        at += duration
    return Fragment(start, at, offset, tuple(samples))


def write_segment(samples: Sequence[Sample], end: int, data: bytes, delay: int) -> bytes:
    """Return a segment that is shown from its first sample's time to `end`, without a gap.

    Its media's clock is `delay` ticks ahead of the presentation's, so that every frame is decoded
    before it is shown. Raises ValueError where the samples cannot be a segment.
    """
    decoded = [*_decode_times([each.time for each in samples], delay), end]
    durations = [after - before for before, after in pairwise(decoded)]
    compositions = [each.time + delay - at for each, at in zip(samples, decoded, strict=False)]
    sizes = [each.size for each in samples]
    flags = [each.flags for each in samples]
    if decoded[0] != samples[0].time or len({*flags[1:]}) > 1 or min(durations) <= 0:
        raise ValueError("expected one keyframe, at the start, and times that differ")
    if end - decoded[0] + delay > MOST_TICKS:
        raise ValueError(f"expected at most {MOST_TICKS} ticks but it lasts {end - decoded[0]}")

    def moof(offset: int) -> bytes:
        header = DEFAULT_DURATION | DEFAULT_FLAGS | FROM_MOOF
        run, columns = DATA_OFFSET | FIRST_FLAGS | SIZE, [sizes]
        if len({*durations}) > 1:
            run, columns = run | DURATION, [durations, *columns]
        if any(compositions):
            run, columns = run | COMPOSITION, [*columns, compositions]
        return box(
            b"moof",
            box(b"mfhd", bytes(4), pack(">I", (decoded[0] + 1) & 0xFFFF_FFFF)),
            box(
                b"traf",
                box(b"tfhd", pack(">IIII", header, TRACK_ID, durations[0], flags[-1])),
                box(b"tfdt", pack(">IQ", 1 << 24, decoded[0])),
                box(
                    b"trun",
                    pack(">IIII", 1 << 24 | run, len(samples), offset, flags[0]),
                    *(pack(">i", value) for row in zip(*columns, strict=True) for value in row),
                ),
            ),
        )

    return STYP + moof(len(moof(0)) + HEADER) + box(b"mdat", data)


def _decode_times(shown: Sequence[int], delay: int) -> list[int]:
    """Return when each sample is decoded: as regularly as they are shown, where that is in time.

    Where the frame rate varies, a frame may be followed by one that is shown long before it.
    """
    decoded: list[int] = []
    latest = max(shown) + delay + 1
    for time, regular in zip(reversed(shown), sorted(shown, reverse=True), strict=True):
        latest = min(time + delay, latest - 1)
        decoded.append(min(regular, latest))
    return decoded[::-1]


def _read_defaults(tfhd: bytes) -> dict[int, int]:
    """Return the values for samples that do not bring their own, by the run's bit for them."""
    held = int.from_bytes(tfhd[1:4], "big")
    at = 8 + sum(size for bit, size in BEFORE_DEFAULTS.items() if held & bit)
    defaults = {COMPOSITION: 0}
    for bit, column in ((DEFAULT_DURATION, DURATION), (DEFAULT_SIZE, SIZE), (DEFAULT_FLAGS, FLAGS)):
        if held & bit:
            defaults[column] = int.from_bytes(tfhd[at : at + 4], "big")
            at += 4
    return defaults


def _read_run(
    trun: bytes, defaults: dict[int, int]
) -> tuple[int, Iterator[tuple[int, int, int, int]]]:
    """Return the offset of the bytes, and duration, size, flags and composition of each sample."""
    held, count = int.from_bytes(trun[1:4], "big"), int.from_bytes(trun[4:8], "big")
    if not held & DATA_OFFSET or not count:
        raise ValueError("expected a run of samples to say where it lies")
    offset, at = int.from_bytes(trun[8:12], "big"), 12
    first_flags = None
    if held & FIRST_FLAGS:
        first_flags, at = int.from_bytes(trun[12:16], "big"), 16
    present = [each for each in (DURATION, SIZE, FLAGS, COMPOSITION) if held & each]
    missing = {DURATION, SIZE, FLAGS} - {*present, *defaults}
    layout = ">" + "".join("i" if each == COMPOSITION else "I" for each in present)
    if missing or len(trun) - at != count * 4 * len(present):
        raise ValueError(f"expected {count} samples of {present} in {len(trun) - at} bytes")
    rows = iter_unpack(layout, trun[at:]) if present else ()
    columns = dict(zip(present, zip(*rows, strict=True), strict=True))
    duration, size, flags, composition = (
        columns.get(each, repeat(defaults.get(each, 0), count))
        for each in (DURATION, SIZE, FLAGS, COMPOSITION)
    )
    if first_flags is not None:
        flags = (first_flags, *list(flags)[1:])
    return offset, zip(duration, size, flags, composition, strict=True)
