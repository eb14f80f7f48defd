"""Durations that are not known: all ones in any header, in both versions."""

from __future__ import annotations

from io import BufferedReader, BytesIO
from itertools import product
from struct import pack

import pytest

from lib.video.isobmff import box
from lib.video.probe.mp4_durations import Mended, find_unknown

CLOCK, MOVIE_CLOCK = 12_800, 1000
FRAMES, TICKS = 100, 512
HEADERS = (b"mvhd", b"tkhd", b"mdhd")


def header(kind: bytes, lasts: int, clock: int, version: int) -> bytes:
    """Return a box with its duration; all that follows is left out, and a track's id is 1."""
    number = "Q" if version else "I"
    times = pack(f">B3x{number[0] * 2}", version, 0, 0)
    middle = pack(">II", 1, 0) if kind == b"tkhd" else pack(">I", clock)
    return box(kind, times, middle, pack(f">{number}", lasts), bytes(60))


def film(unknown: set[bytes], version: int) -> bytes:
    ones = 2 ** (64 if version else 32) - 1
    known = {b"mvhd": 4000, b"tkhd": 4000, b"mdhd": FRAMES * TICKS}

    def made(kind: bytes, clock: int) -> bytes:
        return header(kind, ones if kind in unknown else known[kind], clock, version)

    runs = box(b"stts", pack(">IIII", 0, 1, FRAMES, TICKS))
    media = box(b"mdia", made(b"mdhd", CLOCK), box(b"minf", box(b"stbl", runs)))
    track = box(b"trak", made(b"tkhd", 0), media)
    moov = box(b"moov", made(b"mvhd", MOVIE_CLOCK), track)
    return box(b"ftyp", b"isom" + bytes(4)) + moov + box(b"mdat", bytes(50))


SOME = [
    {kind for kind, is_in in zip(HEADERS, chosen, strict=True) if is_in}
    for chosen in product((False, True), repeat=3)
]


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(
    "unknown", SOME, ids=lambda some: "+".join(sorted(map(bytes.decode, some)))
)
def test_what_is_not_known_becomes_what_the_samples_last(unknown: set[bytes], version: int) -> None:
    content = film(unknown, version)
    found = find_unknown(BytesIO(content))
    assert len(found) == len(unknown)
    mended = BufferedReader(Mended(BytesIO(content), found)).read()
    assert mended == film(set(), version)


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_it_is_mended_however_it_is_read(size: int) -> None:
    content = film(set(HEADERS), 0)
    file = Mended(BytesIO(content), find_unknown(BytesIO(content)))
    parts = list(iter(lambda: file.read(size), b""))
    assert b"".join(parts) == film(set(), 0)
    assert file.seek(8) == 8
    assert file.read(4) == content[8:12]


@pytest.mark.parametrize("length", [0, 7, 40, 100, 200])
def test_what_is_cut_or_no_mp4_says_nothing(length: int) -> None:
    assert find_unknown(BytesIO(film(set(HEADERS), 0)[:length])) == {}


def test_of_a_fragmented_film_nothing_is_known() -> None:
    content = film(set(HEADERS), 0).replace(
        pack(">IIII", 0, 1, FRAMES, TICKS), pack(">IIII", 0, 0, 0, 0)
    )
    assert set(find_unknown(BytesIO(content)).values()) == {bytes(4)}
