import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import AudioProbe, AudioTrack, SubtitleTrack, VideoProbe
from lib.presets import PACKAGED, load
from lib.video.probe.limits import check_limits

LIMITS = load(PACKAGED).limits


def sound(**facts):
    # The second track, after one of which nothing is known.
    return AudioProbe(audio_tracks=(AudioTrack(), AudioTrack(**facts)))


@pytest.mark.parametrize(
    "probe",
    [
        AudioProbe(),
        VideoProbe(width=7680, height=4320, duration_ms=7_200_000),
        sound(sample_rate=1000, channels=64),
        sound(sample_rate=768_000),
        VideoProbe(
            frame_rate=960.0, audio_tracks=(AudioTrack(),) * 32, subtitles=(SubtitleTrack(),)
        ),
    ],
)
def test_what_is_within_the_limits_passes(probe):
    check_limits(probe, LIMITS)


@pytest.mark.parametrize(
    ("probe", "named"),
    [
        (AudioProbe(duration_ms=7_300_000), "at most 2 hours of video but received 2.03"),
        (
            VideoProbe(width=9000, height=100),
            "at most 8192 px a side of video but received 9000 x 100",
        ),
        (VideoProbe(width=100, height=9000), "100 x 9000"),
        (
            VideoProbe(frame_rate=90_000.0),
            "at most 1000 frames a second of video but received 90000",
        ),
        (sound(sample_rate=1), "1000 to 768000 samples a second of sound but received 1"),
        (sound(sample_rate=999), "samples a second of sound but received 999"),
        (sound(sample_rate=768_001), "samples a second of sound but received 768001"),
        (sound(channels=65), "at most 64 channels of sound but received 65"),
        (
            AudioProbe(audio_tracks=(AudioTrack(),) * 33),
            "at most 32 sound tracks but received more",
        ),
        (
            VideoProbe(subtitles=(SubtitleTrack(),) * 33),
            "at most 32 subtitle tracks but received more",
        ),
    ],
)
def test_what_is_not_is_refused_with_the_limit_and_the_value(probe, named):
    with pytest.raises(PermanentError, match=named) as caught:
        check_limits(probe, LIMITS)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
