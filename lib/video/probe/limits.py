"""Refuse what is too long, too large or too much, before any of it is decoded."""

from __future__ import annotations

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import AudioProbe, VideoProbe
from lib.presets import Limits
from lib.video.probe.mediainfo_tracks import MOST_TRACKS

MAX_SIDE = 8192
"""px. 8K video is 7680 wide; a decoder's memory grows with the area."""

MAX_FRAME_RATE = 1000
"""Frames a second. Phones record slow motion at up to 960; each frame costs its decoding."""

LEAST_HZ, MOST_HZ = 1000, 768_000
"""Samples a second. Phones and voices have 8,000, the slowest audio that is of use 4,000; the
fastest recorders have the other."""
DSD_BITS = 8
"""Samples of one bit that are decoded to one of PCM."""

MOST_CHANNELS = 64
"""Ambisonics of the seventh order."""

_MS_PER_HOUR = 3_600_000


def check_limits(probe: AudioProbe, limits: Limits) -> None:
    """Pass, or raise PermanentError(LIMIT_EXCEEDED) saying what was expected and received.

    A header may say less than is true: whatever is decoded has to be bounded besides.
    """
    for track in probe.audio_tracks:
        rate, channels = track.sample_rate, track.channels or 0
        if rate is not None and track.codec == "dsd":
            rate //= DSD_BITS
        if rate is not None and not LEAST_HZ <= rate <= MOST_HZ:
            raise _exceeded(f"{LEAST_HZ} to {MOST_HZ} samples a second of sound", str(rate))
        if channels > MOST_CHANNELS:
            raise _exceeded(f"at most {MOST_CHANNELS} channels of sound", str(channels))
    hours = (probe.duration_ms or 0) / _MS_PER_HOUR
    if hours > limits.video_hours:
        raise _exceeded(f"at most {limits.video_hours:g} hours of video", f"{hours:.2f}")
    if len(probe.audio_tracks) > MOST_TRACKS:
        raise _exceeded(f"at most {MOST_TRACKS} sound tracks", "more")
    if isinstance(probe, VideoProbe):
        _check_video(probe)


def _check_video(probe: VideoProbe) -> None:
    if max(probe.width or 0, probe.height or 0) > MAX_SIDE:
        size = f"{probe.width} x {probe.height}"
        raise _exceeded(f"at most {MAX_SIDE} px a side of video", size)
    if (probe.frame_rate or 0) > MAX_FRAME_RATE:
        received = f"{probe.frame_rate:g}"
        raise _exceeded(f"at most {MAX_FRAME_RATE} frames a second of video", received)
    if len(probe.subtitles) > MOST_TRACKS:
        raise _exceeded(f"at most {MOST_TRACKS} subtitle tracks", "more")


def _exceeded(expected: str, received: str) -> PermanentError:
    message = f"expected {expected} but received {received}"
    return PermanentError(ErrorCode.LIMIT_EXCEEDED, message)
