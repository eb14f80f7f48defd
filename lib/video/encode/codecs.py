"""The options of the encoders. Pure.

What an encoder writes depends on its number of threads, so that each gets one: the same on every
machine, more for larger frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from lib.presets import VideoPreset
from lib.video.plan.ladder import Rung
from lib.video.plan.ranges import ROUNDING_S, Span

BUFFER_SECONDS = 2
"""Of the rung's peak rate: what a player may have to wait for at a hard scene."""

LONGER = 0.1
"""How much longer than asked for the segments of a span may be in all, in segments."""

MOST_SPAN_S = 3600.0
"""Of a span whose end is known: a range lasts ten minutes at most."""

ENDLESS = 2**29
"""Frames: keyframes are where they are forced, nowhere else."""

SAMPLE_RATE_HZ = 48_000

AV1_PRESETS = {
    "ultrafast": 12,
    "superfast": 11,
    "veryfast": 10,
    "faster": 9,
    "fast": 8,
    "medium": 7,
    "slow": 5,
    "slower": 4,
    "veryslow": 3,
    "placebo": 2,
}
"""x264's name of a speed → SVT-AV1's number."""


def video_options(rung: Rung, preset: VideoPreset, span: Span | None) -> dict[str, Any]:
    """Return the options of one rung: constant quality below its peak rate, closed groups."""
    return {
        "crf": rung.crf,
        "maxrate": f"{rung.max_kbps}k",
        "bufsize": f"{BUFFER_SECONDS * rung.max_kbps}k",
        "force_key_frames": _keyframes(preset.segment_seconds, span),
        "flags:v": "+bitexact+cgop",
        **ENCODERS[rung.codec](preset.speed, threads(rung)),
    }


def _keyframes(segment_seconds: int, span: Span | None) -> str:
    """Return where keyframes are: at each segment's start, and where a span ends.

    A span is cut into equal segments, so that none of a single frame is left before its end. Its
    times are those of the source, whichever frame is its first; where it ends openly, and in a
    whole source, ffmpeg counts `t` from the first frame.
    """
    if span is None or span.end_s - span.start_s > MOST_SPAN_S:
        return f"expr:gte(t,n_forced*{segment_seconds:.9f}-{ROUNDING_S})"
    seconds = span.end_s - span.start_s
    segments = max(1, ceil(seconds / segment_seconds - LONGER))
    times = (span.start_s + seconds * each / segments for each in range(segments + 1))
    return ",".join(f"{max(0.0, each - ROUNDING_S):.6f}" for each in times)


def audio_options(kbps: int) -> dict[str, Any]:
    """Return the options of one audio track: stereo AAC-LC."""
    return {
        "c:a": "aac",
        "b:a": f"{kbps}k",
        "ac": 2,
        "ar": SAMPLE_RATE_HZ,
        "flags:a": "+bitexact",
    }


def threads(rung: Rung) -> int:
    """Return how many threads encode a rung, by its share of the work."""
    short = min(rung.width, rung.height)
    return 1 if short <= 480 else 2 if short <= 720 else 4


def _h264(speed: str, threads: int) -> dict[str, Any]:
    return {
        "c:v": "libx264",
        "profile:v": "high",
        "preset": speed,
        "threads": threads,
        "forced-idr": 1,
        # A cut of the scene gives a picture of its own, but no keyframe before this minimum.
        "g": 2 * ENDLESS,
        "keyint_min": ENDLESS,
    }


def _hevc(speed: str, threads: int) -> dict[str, Any]:
    params = {
        "log-level": "error",
        "info": 0,
        "open-gop": 0,
        "scenecut": 0,
        "keyint": -1,
        "pools": threads,
        "frame-threads": threads,
    }
    return {
        "c:v": "libx265",
        "tag:v": "hvc1",
        "preset": speed,
        "forced-idr": 1,
        "x265-params": ":".join(f"{name}={value}" for name, value in params.items()),
    }


def _av1(speed: str, threads: int) -> dict[str, Any]:
    return {
        "c:v": "libsvtav1",
        "preset": AV1_PRESETS[speed],
        "g": -1,
        "svtav1-params": f"lp={threads}:scd=0:force-key-frames=1",
    }


ENCODERS: Mapping[str, Callable[[str, int], dict[str, Any]]] = {
    "h264": _h264,
    "hevc": _hevc,
    "av1": _av1,
}
"""Codec → ffmpeg's options for a speed and a number of threads."""
