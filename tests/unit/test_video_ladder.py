"""The plan of a source: which heights, sounds and texts, and where pictures are looked for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.media import AudioProbe, AudioTrack, SubtitleTrack, VideoProbe
from lib.presets import PACKAGED, load
from lib.video.plan.ladder import fit, ladder
from lib.video.plan.plan import MOST_TILES, plan_video, timescale

PRESET = load(PACKAGED).named(None)
VIDEO = PRESET.video
side = st.integers(1, 8192)


def film(width=1920, height=1080, **more):
    return VideoProbe(width=width, height=height, video_codec="avc", **more)


def heights(width, height, **changed):
    return [min(each.width, each.height) for each in rungs(width, height, **changed)]


def rungs(width, height, frame_rate=None, **changed):
    return ladder(film(width, height, frame_rate=frame_rate), replace(VIDEO, **changed))


@given(side, side, st.integers(2, 4320))
def test_sizes_are_even_and_never_larger_than_the_source_or_the_preset(width, height, limit):
    fitted = fit(width, height, limit)
    assert all(each % 2 == 0 and each >= 2 for each in fitted)
    assert fitted[0] <= max(2, width)
    assert fitted[1] <= max(2, height)
    assert min(fitted) <= max(2, limit)


@given(st.integers(100, 8192), st.integers(100, 8192), st.integers(100, 4320))
def test_the_shape_is_kept_within_the_two_pixels_that_even_sizes_cost(width, height, limit):
    fitted = fit(width, height, limit)
    scale = min(1, limit / min(width, height))
    assert abs(fitted[0] - width * scale) <= 2
    assert abs(fitted[1] - height * scale) <= 2


@pytest.mark.parametrize(
    ("width", "height", "fitted"),
    [
        (1920, 1080, (1280, 720)),
        (1080, 1920, (720, 1280)),
        (1280, 720, (1280, 720)),
        (641, 361, (640, 360)),
        (1, 1, (2, 2)),
    ],
)
def test_the_short_side_decides(width, height, fitted):
    assert fit(width, height, 720) == fitted


@pytest.mark.parametrize(
    ("width", "height", "made"),
    [
        (1920, 1080, [240, 360, 480, 720, 1080]),
        (1080, 1920, [240, 360, 480, 720, 1080]),
        (3840, 2160, [240, 360, 480, 720, 1080]),
        (1280, 720, [240, 360, 480, 720]),
        (1440, 900, [240, 360, 480, 720, 900]),
        # A little higher than a height of the preset is no rung of its own.
        (1024, 768, [240, 360, 480, 720]),
        (854, 481, [240, 360, 480]),
        # Lower than the lowest.
        (200, 120, [120]),
        (319, 179, [178]),
    ],
)
def test_a_ladder_ends_at_the_source_and_never_above_it(width, height, made):
    assert heights(width, height) == made


@given(side, side)
def test_every_source_has_a_ladder_of_distinct_heights(width, height):
    made = rungs(width, height)
    assert made
    assert len({each.name for each in made}) == len(made)
    assert all(each.width <= max(2, width) and each.height <= max(2, height) for each in made)
    assert [each.max_kbps for each in made] == sorted(each.max_kbps for each in made)


def test_each_codec_has_a_ladder_with_its_own_factor_and_fewer_bits():
    made = rungs(640, 360, codecs=("h264", "hevc", "av1"), ladder=(240, 360))
    assert [each.name for each in made] == [
        *("h264-240", "h264-360", "hevc-240", "hevc-360", "av1-240", "av1-360")
    ]
    assert [each.crf for each in made] == [21, 21, 26, 26, 35, 35]
    assert made[1].max_kbps > made[3].max_kbps > made[5].max_kbps


def test_a_fast_source_may_use_more_bits_and_a_portrait_one_as_many():
    (slow,) = rungs(1920, 1080, frame_rate=30.0, ladder=(1080,))
    (fast,) = rungs(1920, 1080, frame_rate=60.0, ladder=(1080,))
    (upright,) = rungs(1080, 1920, frame_rate=30.0, ladder=(1080,))
    assert (slow.max_kbps, fast.max_kbps, upright.max_kbps) == (6500, 9750, 6500)


def test_sound_alone_is_one_sound_without_pictures():
    tracks = (AudioTrack("aac", 2), AudioTrack("aac", 2))
    probe = AudioProbe(duration_ms=4000, audio_codec="aac", audio_tracks=tracks)
    planned = plan_video(probe, PRESET)
    assert [each.name for each in planned.audio] == ["audio-0"]
    assert planned.audio[0].kbps == PRESET.audio.kbps
    assert (planned.rungs, planned.subtitles, planned.stills_s, planned.tile_s) == (
        (),
        (),
        (),
        None,
    )


def test_every_sound_is_kept_and_every_text_that_is_one():
    sounds = (AudioTrack("aac", 2, language="en"), AudioTrack("ac-3", 6, language="de"))
    texts = (
        SubtitleTrack("pgs", is_text=False, language="en"),
        SubtitleTrack("utf-8", is_text=True, language="fr"),
    )
    planned = plan_video(film(duration_ms=4000, audio_tracks=sounds, subtitles=texts), PRESET)
    assert [each.name for each in planned.audio] == ["audio-0", "audio-1"]
    assert [each.track for each in planned.audio] == list(sounds)
    # Its place among all of the source's, which is how ffmpeg counts them.
    assert [(each.index, each.name) for each in planned.subtitles] == [(1, "subtitles-1")]


@pytest.mark.parametrize(
    ("frame_rate", "ticks"),
    [
        (23.976, 24_000),
        (29.97, 30_000),
        (59.94, 60_000),
        (119.88, 120_000),
        (24.0, 90_000),
        (25.0, 90_000),
        (60.0, 90_000),
        (18.75, 90_000),
        (None, 90_000),
    ],
)
def test_frames_of_a_constant_rate_last_whole_ticks(frame_rate, ticks):
    assert timescale(frame_rate) == ticks


@pytest.mark.parametrize(
    ("frame_rate", "kept"),
    [(None, None), (25.0, None), (60.02, None), (62.9, None), (120.0, 60), (960.0, 60)],
)
def test_frames_are_left_out_above_the_most_that_the_preset_keeps(frame_rate, kept):
    assert plan_video(film(frame_rate=frame_rate), PRESET).frame_rate == kept


@pytest.mark.parametrize(
    ("seconds", "step"), [(0, 1), (3, 1), (200, 1), (201, 2), (1500, 10), (7200, 60)]
)
def test_a_storyboard_has_a_picture_every_so_many_seconds(seconds, step):
    assert plan_video(film(duration_ms=seconds * 1000), PRESET).tile_s == step


@given(st.integers(1, 24 * 3600))
def test_a_storyboard_is_never_of_too_many_pictures(seconds):
    step = plan_video(film(duration_ms=seconds * 1000), PRESET).tile_s
    assert step
    assert seconds / step <= MOST_TILES


def test_no_storyboard_where_the_preset_has_none():
    plain = replace(PRESET, video=replace(VIDEO, storyboard=False))
    assert plan_video(film(duration_ms=9000), plain).tile_s is None


@given(st.integers(40, 24 * 3_600_000))
def test_posters_are_looked_for_all_over_the_source(duration_ms):
    stills = plan_video(film(duration_ms=duration_ms), PRESET).stills_s
    assert len(set(stills)) == len(stills) > 1
    assert all(0 < each < duration_ms / 1000 for each in stills)


def test_of_an_unknown_duration_the_poster_is_the_first_frame():
    assert plan_video(film(), PRESET).stills_s == (0.0,)
