"""Work and output are bounded by the bytes received; what honest sources ask for passes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import AudioProbe, AudioTrack, VideoProbe
from lib.presets import PACKAGED, load
from lib.process_limits import DOUBT, SLACK_S
from lib.video.plan.cost import estimate
from lib.video.plan.plan import VideoTask, plan_video
from lib.video.plan.proportion import bounds_of, check_proportion, most_bytes, most_seconds
from lib.video.source import Input

PRESETS = load(PACKAGED)
PRESET = PRESETS.named(None)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def cost(probe):
    return estimate(probe, plan_video(probe, PRESET), PRESET.video.speed)


def picture(width, height, rate, duration_ms, codec="avc", sounds=0):
    return VideoProbe(
        width=width,
        height=height,
        frame_rate=rate,
        duration_ms=duration_ms,
        video_codec=codec,
        audio_tracks=(AudioTrack(sample_rate=48_000),) * sounds,
    )


def sound(duration_ms):
    return AudioProbe(duration_ms=duration_ms, audio_tracks=(AudioTrack(sample_rate=8000),))


# Bytes a second as measured with ffmpeg 9.0.2; docs/video.md says how.
HONEST = {
    "ten minutes of a slide, x264 veryfast": (picture(1920, 1080, 30.0, 10 * MINUTE_MS), 18_000),
    "the same, one keyframe in all": (picture(1920, 1080, 30.0, 10 * MINUTE_MS), 2300),
    "ten minutes of a blank page, x264 ultrafast, one keyframe": (
        picture(1920, 1080, 30.0, 10 * MINUTE_MS),
        606,
    ),
    "the same at 60 frames a second": (picture(1920, 1080, 60.0, 10 * MINUTE_MS), 1212),
    "a film of one and a half hours, 300 kbit/s": (
        picture(1280, 720, 25.0, 90 * MINUTE_MS, "av1", 1),
        37_500,
    ),
    "a talk in 4K at 60 frames": (picture(3840, 2160, 60.0, 110 * MINUTE_MS, "hevc", 1), 60_000),
    "two hours of sound with one picture": (
        VideoProbe(
            width=1920,
            height=1080,
            frames=1,
            duration_ms=2 * HOUR_MS,
            video_codec="avc",
            audio_tracks=(AudioTrack(sample_rate=44_100),),
        ),
        16_000,
    ),
    "an audiobook, AMR at 4.75 kbit/s": (sound(10 * HOUR_MS), 600),
    "a memo of an hour in which nobody speaks, Opus with DTX": (sound(HOUR_MS), 25),
    "a podcast at 8 kbit/s": (sound(3 * HOUR_MS), 1000),
    "five seconds of nothing in 1080p": (picture(1920, 1080, 30.0, 5000), 600),
    "one picture": (picture(3840, 2160, None, 40), 5_000_000),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_honest_passes(name):
    probe, bytes_per_second = HONEST[name]
    seconds = (probe.duration_ms or 0) / 1000
    check_proportion(probe, cost(probe), round(seconds * bytes_per_second))


@pytest.mark.parametrize(
    ("probe", "size", "said"),
    [
        (picture(1920, 1080, 60.0, 2 * HOUR_MS), 74_000, "of 74 kB to ask for less than 7200 s"),
        (picture(1920, 1080, 60.0, 40 * MINUTE_MS), 300_000, "vCPU seconds of work"),
        (picture(8192, 8192, 60.0, 50_000), 20_000, "vCPU seconds of work"),
        (sound(7_000_000), 7044, "of 7 kB to ask for less than 7000 s"),
    ],
)
def test_what_few_bytes_ask_for_is_refused(probe, size, said):
    with pytest.raises(PermanentError, match=said) as caught:
        check_proportion(probe, cost(probe), size)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED


sides = st.integers(2, 8192)
probes = st.builds(
    picture,
    sides,
    sides,
    st.none() | st.floats(0.001, 1000),
    st.integers(1, 2 * HOUR_MS),
    st.sampled_from(["avc", "hevc", "av1", "jpeg"]),
    st.integers(0, 32),
)


@given(probes, st.integers(1, 10**9))
def test_the_kernel_stops_an_accepted_source_at_a_multiple_of_its_bytes(probe, size):
    try:
        check_proportion(probe, cost(probe), size)
    except PermanentError:
        return
    # What docs/video.md says, in its own numbers.
    source = Input("/a", "mov", size=size)
    task = VideoTask(source, probe, plan_video(probe, PRESET), PRESET)
    bounds = bounds_of(task, Path("/"))
    assert bounds.cpu_s is not None
    assert bounds.cpu_s <= 210 + 0.06 * size + 1e-6
    assert bounds.file_bytes is not None
    assert bounds.file_bytes <= 32_000_000 + 1000 * size
    assert (probe.duration_ms or 0) / 1000 <= 300 + size / 20


def test_what_does_not_say_how_long_it_lasts_may_take_what_its_bytes_are_worth(tmp_path):
    source = Input("/a", "mpegts", size=1_000_000)
    bounds = bounds_of(
        VideoTask(source, AudioProbe(), plan_video(AudioProbe(), PRESET), PRESET), tmp_path
    )
    assert bounds.cpu_s == SLACK_S + DOUBT * (30 + 10_000)
    assert most_seconds(1_000_000) == 50_300
    assert bounds.file_bytes == most_bytes(1_000_000)
