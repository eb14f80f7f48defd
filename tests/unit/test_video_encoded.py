"""What is counted in ffmpeg's log, and what is said of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from lib.domain.errors import ErrorCode, Failure
from lib.domain.media import VideoProbe, WarningCode
from lib.video.encode.encoded import (
    Damage,
    DamageCounter,
    Encoded,
    count_missing,
    describe_damage,
)
from lib.video.package.track import Segment, Track
from lib.video.plan.plan import Plan, VideoTask
from lib.video.source import Input

LOST = b"[error] Error submitting packet to decoder: Invalid data found when processing input\n"
PICTURE = b"[vist#0:0/h264 @ 0x5] [dec:h264 @ 0x6] " + LOST
SOUND = b"[aist#0:1/aac @ 0x5] [dec:aac @ 0x6] " + LOST
TAG = b"[mp3float @ 0x5] [error] Header missing\n[aist#0:0/mp3 @ 0x5] [dec:mp3float @ 0x6] " + LOST
SHOWN = b"[vist#0:0/mpeg4 @ 0x5] [dec:mpeg4 @ 0x6] [warning] corrupt decoded frame\n"
UNREAD = b"[in#0/matroska,webm @ 0x5] [error] Invalid track number 102\n"
PACKET = b"[in#0/mpegts @ 0x5] [warning] corrupt input packet in stream 0\n"
AGAIN = b"    Last message repeated 24 times\n"
OTHERS = (
    b"[h264 @ 0x5] [error] no frame!\n"
    b"[in#0/mpegts @ 0x5] [warning] PES packet size mismatch\n"
    b"[in#0 @ 0x5] [error] Error opening input: Invalid data found when processing input\n"
    b"[in#0/mov @ 0x5] [error] Error during demuxing: Input/output error\n"
    b"[sist#0:2/ass @ 0x5] [dec:ass @ 0x6] " + LOST
)


def count(log: bytes, length: int) -> Damage:
    counter = DamageCounter()
    for at in range(0, len(log), length):
        counter.add(log[at : at + length])
    return counter.damage


@pytest.mark.parametrize("length", [1, 7, 100, 10_000])
def test_lines_are_counted_however_they_come(length: int) -> None:
    log = b"".join(
        (PICTURE, AGAIN, OTHERS, AGAIN, PICTURE, SHOWN, SOUND, TAG, SOUND, UNREAD, PACKET)
    )
    assert count(log, length) == Damage(picture=26, shown=1, sound=2, unread=2)


def test_a_log_without_damage_counts_nothing() -> None:
    assert count(AGAIN + OTHERS, 100) == Damage()


@pytest.mark.parametrize(
    ("damage", "missing", "said"),
    [
        (Damage(), 25, []),
        (Damage(picture=1), None, ["left out: 1 frame (0.0 s) that can't be decoded"]),
        (Damage(picture=1), 8, ["left out: 8 frames (0.3 s) that can't be decoded"]),
        (Damage(picture=1), 0, ["left out: 1 frame (0.0 s) that can't be decoded"]),
        (Damage(picture=1200), 0, ["left out: 1,200 frames (48.0 s) that can't be decoded"]),
        # Of ranges: those that are missing.
        (Damage(at_most=30), 0, []),
        (Damage(at_most=30), None, []),
        (Damage(at_most=30), 25, ["left out: 25 frames (1.0 s) that can't be decoded"]),
        (Damage(unread=1), 1, []),
        (Damage(unread=1), 50, ["left out: 50 frames (2.0 s) that can't be decoded"]),
        (Damage(picture=60, unread=1), 50, ["left out: 60 frames (2.4 s) that can't be decoded"]),
        (Damage(shown=2), 9, ["shown in part: 2 frames that can't be decoded"]),
        (Damage(sound=1), 0, ["left out: 1 packet of sound that can't be decoded"]),
    ],
)
def test_what_is_damaged_is_said(damage: Damage, missing: int, said: list[str]) -> None:
    warnings = list(describe_damage(damage, 25.0, missing))
    assert [each.message for each in warnings] == said
    assert {each.code for each in warnings} <= {WarningCode.DAMAGED}


def test_without_a_rate_frames_alone_are_told() -> None:
    [warning] = describe_damage(Damage(picture=3))
    assert warning.message == "left out: 3 frames that can't be decoded"


def task(joined: bool = False, **planned: Any) -> VideoTask:
    source = Input("film", "mpegts", joined=joined)
    preset: Any = None
    return VideoTask(source, VideoProbe(), Plan(**planned), preset)


def test_frames_are_missing_where_there_are_fewer_than_the_rate_wants() -> None:
    segments = (Segment(0, 100, 1, 90), Segment(100, 100, 1, 100))
    track = Track("h264-90", "avc1", 25, segments, max_frame_rate=Fraction(25))
    assert count_missing(25.0, task(), track) == 10
    assert count_missing(24.9, task(), track) == 9
    assert count_missing(50.0, task(frame_rate=25), track) == 10
    assert count_missing(None, task(), track) == 10


def test_nobody_knows_what_is_missing_where_the_rate_varies() -> None:
    track = Track("h264-90", "avc1", 25, (Segment(0, 100, 1, 90),), max_frame_rate=Fraction(25))
    assert count_missing(20.0, task(), track) is None
    assert count_missing(25.0, task(hold_s=(1.0, 8.0)), track) is None
    assert count_missing(25.0, task(joined=True), track) is None


def test_parts_of_a_source_add_up() -> None:
    failure = Failure(ErrorCode.ENCODE_FAILED, "broken")
    whole = Encoded({"audio-0": failure}, Damage(sound=2)).joined(Encoded({}, Damage(1, 2)))
    assert whole == Encoded({"audio-0": failure}, Damage(1, 2, sound=2))


def test_of_two_looks_at_the_same_the_most_counts() -> None:
    assert Damage(picture=3, sound=1).or_more(Damage(picture=2, sound=4)) == Damage(3, sound=4)


def test_a_span_may_tell_of_what_others_tell() -> None:
    found = Damage(picture=3, shown=1, unread=2)
    assert found.of_span(starts_clean=True) == Damage(at_most=3, shown=1, unread=2)
    assert found.of_span(starts_clean=False) == Damage(at_most=3, unread=2)
