"""What is stored of the tracks of sound and subtitles that a source has; see `serialized`."""

from __future__ import annotations

from typing import Any

from lib.domain.media import AudioTrack, SubtitleTrack
from lib.domain.serialized import Values


def audio_track_to_values(track: AudioTrack) -> dict[str, Any]:
    """Return a track of sound; None for what the source does not say."""
    return {
        "codec": track.codec,
        "channels": track.channels,
        "sample_rate": track.sample_rate,
        "language": track.language,
        "title": track.title,
        "default": track.default,
        "stream": track.stream,
    }


def audio_track_from_values(values: Values) -> AudioTrack:
    """Return the track of sound that was stored."""
    return AudioTrack(
        codec=values.get("codec"),
        channels=values.get("channels"),
        sample_rate=values.get("sample_rate"),
        language=values.get("language"),
        title=values.get("title"),
        default=values.get("default", False),
        stream=values.get("stream"),
    )


def subtitle_to_values(track: SubtitleTrack) -> dict[str, Any]:
    """Return a track of subtitles; None for what the source does not say."""
    return {
        "codec": track.codec,
        "is_text": track.is_text,
        "language": track.language,
        "title": track.title,
        "default": track.default,
        "forced": track.forced,
    }


def subtitle_from_values(values: Values) -> SubtitleTrack:
    """Return the track of subtitles that was stored."""
    return SubtitleTrack(
        codec=values.get("codec"),
        is_text=values.get("is_text", False),
        language=values.get("language"),
        title=values.get("title"),
        default=values.get("default", False),
        forced=values.get("forced", False),
    )
