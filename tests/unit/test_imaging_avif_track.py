"""How long and how often an AVIF sequence is shown is what its samples and edits say."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from lib.imaging.load import read_picture
from lib.imaging.metadata.avif_track import Track, read_track
from lib.imaging.metadata.timeline import shown_ms
from tests.support.avif_cases import avif_cases, sequence
from tests.support.boxes import box
from tests.support.images import LIMITS, save


@pytest.mark.parametrize(
    ("data", "plays", "delays"), [pytest.param(*rest, id=name) for name, *rest in avif_cases()]
)
def test_a_sequence_is_played_as_it_says(data: bytes, plays: int, delays: tuple[float, ...]):
    picture = read_picture(data, "avif", LIMITS)
    assert picture.animation
    assert [ms for _, ms in picture.animation.frames()] == [shown_ms(delay) for delay in delays]
    assert picture.probe.duration_ms == sum(map(shown_ms, delays))
    assert picture.animation.loops == picture.probe.loops == plays


@pytest.mark.parametrize(("delay", "shown"), [(10, 100), (10.5, 10), (10.6, 11), (0, 100)])
def test_browsers_keep_what_is_above_ten_milliseconds(delay: float, shown: int):
    assert shown_ms(delay) == shown


def track(*boxes: bytes, handler: bytes = b"pict") -> bytes:
    timed = box(b"mdhd", bytes(12) + struct.pack(">II", 1_000, 0))
    table = box(b"stts", struct.pack(">IIII", 0, 1, 3, 50))
    tables = box(b"minf", box(b"stbl", table))
    handled = box(b"hdlr", bytes(8) + handler + bytes(12))
    media = box(b"mdia", timed + handled + tables)
    return box(b"trak", b"".join(boxes) + media)


def test_the_track_that_counts_is_of_pictures_and_no_transparency():
    auxiliary = box(b"tref", box(b"auxl", bytes(4)))
    for data in (
        box(b"moov", track(auxiliary)),
        box(b"moov", track(handler=b"soun")),
        box(b"moov", b""),
        b"",
    ):
        assert read_track(data, 10) is None
    assert read_track(box(b"moov", track(auxiliary) + track()), 10) == Track(((3, 50.0),), 0)


@pytest.mark.parametrize("kind", [b"mdhd", b"stts", b"tkhd", b"elst", b"hdlr", b"mdia"])
def test_boxes_that_are_cut_or_not_there_say_nothing(kind: bytes):
    data = sequence()
    at = data.index(kind) - 4
    end = data.index(b"mdat") - 4
    for until in range(at, min(at + 40, end)):
        read_track(data[:until], 10)
    missing = read_track(data.replace(kind, b"free"), 10)
    assert missing is None or missing.delays
    none = bytearray(data)
    none[at + 8 : at + 32] = bytes(24)
    read_track(bytes(none), 10)


def test_boxes_within_boxes_without_end_are_not_followed():
    nested = b""
    for _ in range(2_000):
        nested = box(b"mdia", nested)
    assert read_track(box(b"moov", box(b"trak", nested)), 10) is None


def test_no_more_delays_are_read_than_there_are_frames():
    found = read_track(sequence(), 2)
    assert found
    assert found.delays == ((1, 100.0), (1, 250.0))


@pytest.mark.parametrize(("last", "is_clear"), [("blue", False), ("#0000ff80", True)])
def test_transparency_is_that_of_any_frame(last: str, is_clear: bool):
    frames = [Image.new("RGBA", (16, 16), color) for color in ("red", "lime", last)]
    data = save(frames[0], "avif", save_all=True, append_images=frames[1:], duration=50)
    assert read_picture(data, "avif", LIMITS).probe.has_alpha is is_clear
