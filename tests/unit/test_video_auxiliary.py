"""Which of the encoded files a progressive MP4 and a preview are made from."""

from __future__ import annotations

import pytest

from lib.domain.media import AudioTrack
from lib.video.auxiliary import preview, progressive_mp4
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import PlannedAudio


def rungs(*names: str) -> tuple[Rung, ...]:
    split = (name.split("-") for name in names)
    return tuple(Rung(codec, int(side) * 2, int(side), 23, 1000) for codec, side in split)


LADDER = rungs("h264-240", "h264-360", "h264-720", "h264-1080", "hevc-240", "hevc-720")


@pytest.mark.parametrize(
    ("ladder", "most", "chosen"),
    [
        (LADDER, 720, "h264-720"),
        (LADDER, 1000, "h264-720"),
        (LADDER, 2160, "h264-1080"),
        (LADDER, 144, "h264-240"),
        (rungs("hevc-360", "hevc-720", "h264-720"), 360, "hevc-360"),
    ],
)
def test_the_progressive_file_is_the_largest_rung_that_is_asked_for(ladder, most, chosen):
    rung = progressive_mp4.choose_progressive_rung(ladder, most)
    assert rung
    assert rung.name == chosen


@pytest.mark.parametrize(("ladder", "most"), [(LADDER, 0), ((), 720)])
def test_no_progressive_file(ladder, most):
    assert progressive_mp4.choose_progressive_rung(ladder, most) is None


def test_a_portrait_counts_by_its_short_side():
    portrait = (Rung("h264", 360, 640, 23, 900), Rung("h264", 720, 1280, 23, 3500))
    assert progressive_mp4.choose_progressive_rung(portrait, 360) == portrait[0]
    assert preview.choose_preview_rung(portrait) == portrait[0]


def sounds(*defaults: bool) -> tuple[PlannedAudio, ...]:
    return tuple(
        PlannedAudio(index, AudioTrack(default=default), 128, normalised=False)
        for index, default in enumerate(defaults)
    )


@pytest.mark.parametrize(
    ("defaults", "index"), [((False, True, True), 1), ((False, False), 0), ((True,), 0)]
)
def test_its_sound_is_the_default(defaults, index):
    sound = progressive_mp4.choose_audio(sounds(*defaults))
    assert sound
    assert sound.index == index


def test_a_silent_video_has_no_sound():
    assert progressive_mp4.choose_audio(()) is None


@pytest.mark.parametrize(
    ("ladder", "chosen"),
    [
        (LADDER, "h264-240"),
        (rungs("h264-144", "h264-360", "h264-720"), "h264-360"),
        (rungs("h264-90", "h264-144"), "h264-144"),
    ],
)
def test_a_preview_is_made_from_the_smallest_rung_that_is_large_enough(ladder, chosen):
    assert preview.choose_preview_rung(ladder).name == chosen


@pytest.mark.parametrize(
    ("wanted", "duration", "start"),
    [
        (5000, 60_000, 5000),
        (59_000, 60_000, 57_000),
        (1500, 3008, 8),
        (1500, 2000, 0),
        (0, 60_000, 0),
    ],
)
def test_a_preview_starts_where_three_seconds_are_left(wanted, duration, start):
    assert preview.start_ms(wanted, duration) == start
