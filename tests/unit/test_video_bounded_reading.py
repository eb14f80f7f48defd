"""What a file says costs no more than its bytes are worth, and raises nothing of its own."""

from __future__ import annotations

import io
import struct

import pytest

from lib.video.isobmff import box
from lib.video.package import ass, timed_text, tx3g
from lib.video.plan.keyframes import read_keyframes
from lib.video.probe import matroska, mp4_durations

SPACES = " " * 20_000


def test_a_tag_that_does_not_end_is_text():
    """The patterns have no two repetitions side by side, which would try every split."""
    runs, _ = timed_text.read_srt(f"<font{SPACES}")
    assert runs[0][0].startswith("<font ")
    overrides = "{\\x" * 20_000
    assert ass.read_settings(overrides, ass.TextStyle(), ass.Script()) == ""
    assert timed_text.read_srt(overrides)[0][0][0] == overrides


@pytest.mark.parametrize("roll", [b"\x7f\xc0\0\0", b"\x7f\xf0\0\0\0\0\0\0", b"\xff\x80\0\0"])
def test_a_roll_that_is_no_number_turns_nothing(roll: bytes):
    def element(kind: int, content: bytes) -> bytes:
        name = kind.to_bytes((kind.bit_length() + 7) // 8)
        return name + (0x4000 | len(content)).to_bytes(2) + content

    projection = element(matroska.PROJECTION, element(matroska.POSE_ROLL, roll))
    track = element(matroska.TRACK_NUMBER, b"\1") + element(matroska.VIDEO, projection)
    tracks = element(matroska.TRACKS, element(matroska.TRACK, track))
    facts = matroska.read_facts(io.BytesIO(element(matroska.SEGMENT, tracks)))
    assert facts[1].turned == 0.0


def movie(clock: int, *tables: bytes) -> io.BytesIO:
    mvhd = box(b"mvhd", bytes(12), struct.pack(">II", clock, 2**32 - 1), bytes(80))
    tkhd = box(b"tkhd", bytes(20), b"\xff" * 4, bytes(60))
    mdhd = box(b"mdhd", bytes(12), struct.pack(">II", 1, 2**32 - 1), bytes(4))
    hdlr = box(b"hdlr", bytes(8), b"vide", bytes(13))
    minf = box(b"minf", *tables)
    return io.BytesIO(box(b"moov", mvhd, box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, minf))))


def test_a_clock_too_fast_for_its_field_is_held_within_it():
    stts = box(b"stts", struct.pack(">4xIII", 1, 2**31, 2**31))
    known = mp4_durations.find_unknown(movie(4_000_000_000, box(b"stbl", stts)))
    assert set(map(len, known.values())) == {4}
    assert max(int.from_bytes(each) for each in known.values()) == mp4_durations.MOST_TICKS


def test_a_table_without_times_has_no_keyframes():
    assert read_keyframes(movie(1000, box(b"stbl", box(b"free", bytes(4))))) is None


def test_styles_that_lie_over_each_other_are_not_read():
    text = b"ab" * 100
    record = struct.pack(">3HBB4x", 0, 65_535, 0, tx3g.BOLD, 0)
    styl = box(b"styl", struct.pack(">H", 3), record * 3)
    runs = tx3g.read_text(len(text).to_bytes(2) + text + styl)
    assert [(part, look.bold) for part, look in runs] == [(text.decode(), True)]
    (first, second) = (struct.pack(">3HBB4x", *each, 0) for each in ((0, 2, 0, 1), (4, 6, 0, 2)))
    runs = tx3g.read_text(len(text).to_bytes(2) + text + box(b"styl", b"\0\2", first + second))
    assert [look.bold for _, look in runs] == [True, False, False, False]
