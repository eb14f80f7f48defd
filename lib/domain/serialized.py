"""What is stored of a source and of a failure, as plain values by names that stay.

Catalog items and the work files of running executions hold them: a field may be renamed, and what
was stored before is read as ever. Names that are not known are left alone, for a newer release may
have written them; what is missing of a probe is as if the source did not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.domain.errors import ErrorCode, Failure, TransientError
from lib.domain.media import AudioTrack, Probe, SubtitleTrack

Values = Mapping[str, Any]
"""As JSON has them, or DynamoDB, for which 30.0 is 30."""


class Record:
    """Stored values, of which some have to be there: `what` they are says the error."""

    def __init__(self, values: Values, what: str) -> None:
        self._values = values
        self._what = what

    def __getitem__(self, name: str) -> Any:
        """Return a value. Raises TransientError where it is missing."""
        if name not in self._values:
            raise TransientError(
                ErrorCode.SERVICE_UNAVAILABLE, f"expected {name} in {self._what} but it is missing"
            )
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value that need not be there."""
        return self._values.get(name, default)


def probe_to_values(probe: Probe) -> dict[str, Any]:
    """Return all of a probe, None and no tracks too; one level, whatever the medium."""
    return {
        "width": probe.width,
        "height": probe.height,
        "duration_ms": probe.duration_ms,
        "frames": probe.frames,
        "format": probe.format,
        "orientation": probe.orientation,
        "has_alpha": probe.has_alpha,
        "color_space": probe.color_space,
        "rotation": probe.rotation,
        "frame_rate": probe.frame_rate,
        "pixel_aspect": probe.pixel_aspect,
        "interlaced": probe.interlaced,
        "bit_depth": probe.bit_depth,
        "transfer": probe.transfer,
        "video_codec": probe.video_codec,
        "audio_codec": probe.audio_codec,
        "audio_channels": probe.audio_channels,
        "sample_rate": probe.sample_rate,
        "audio_tracks": tuple(_audio_to_values(each) for each in probe.audio_tracks),
        "subtitles": tuple(_subtitle_to_values(each) for each in probe.subtitles),
        "captured_at": probe.captured_at,
        "camera": probe.camera,
        "lens": probe.lens,
        "exposure_s": probe.exposure_s,
        "f_number": probe.f_number,
        "iso": probe.iso,
        "focal_length_mm": probe.focal_length_mm,
        "latitude": probe.latitude,
        "longitude": probe.longitude,
        "altitude_m": probe.altitude_m,
        "copyright": probe.copyright,
        "loops": probe.loops,
        "sha256": probe.sha256,
        "phash": probe.phash,
    }


def probe_from_values(values: Values) -> Probe:
    """Return the probe that was stored."""
    return Probe(
        width=values.get("width"),
        height=values.get("height"),
        duration_ms=values.get("duration_ms"),
        frames=values.get("frames"),
        format=values.get("format"),
        orientation=values.get("orientation"),
        has_alpha=values.get("has_alpha"),
        color_space=values.get("color_space"),
        rotation=values.get("rotation"),
        frame_rate=_float(values.get("frame_rate")),
        pixel_aspect=_float(values.get("pixel_aspect")),
        interlaced=values.get("interlaced"),
        bit_depth=values.get("bit_depth"),
        transfer=values.get("transfer"),
        video_codec=values.get("video_codec"),
        audio_codec=values.get("audio_codec"),
        audio_channels=values.get("audio_channels"),
        sample_rate=values.get("sample_rate"),
        audio_tracks=tuple(map(_audio_from_values, values.get("audio_tracks", ()))),
        subtitles=tuple(map(_subtitle_from_values, values.get("subtitles", ()))),
        captured_at=values.get("captured_at"),
        camera=values.get("camera"),
        lens=values.get("lens"),
        exposure_s=_float(values.get("exposure_s")),
        f_number=_float(values.get("f_number")),
        iso=values.get("iso"),
        focal_length_mm=_float(values.get("focal_length_mm")),
        latitude=_float(values.get("latitude")),
        longitude=_float(values.get("longitude")),
        altitude_m=_float(values.get("altitude_m")),
        copyright=values.get("copyright"),
        loops=values.get("loops"),
        sha256=values.get("sha256"),
        phash=values.get("phash"),
    )


def failure_to_values(failure: Failure) -> dict[str, Any]:
    """Return why something failed."""
    return {
        "code": failure.code,
        "message": failure.message,
        "permanent": failure.permanent,
    }


def failure_from_values(values: Values) -> Failure:
    """Return the failure that was stored. Raises TransientError where a field is missing."""
    read = Record(values, "a failure")
    return Failure(ErrorCode(read["code"]), read["message"], read["permanent"])


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _audio_to_values(track: AudioTrack) -> dict[str, Any]:
    return {
        "codec": track.codec,
        "channels": track.channels,
        "sample_rate": track.sample_rate,
        "language": track.language,
        "title": track.title,
        "default": track.default,
    }


def _audio_from_values(values: Values) -> AudioTrack:
    return AudioTrack(
        codec=values.get("codec"),
        channels=values.get("channels"),
        sample_rate=values.get("sample_rate"),
        language=values.get("language"),
        title=values.get("title"),
        default=values.get("default", False),
    )


def _subtitle_to_values(track: SubtitleTrack) -> dict[str, Any]:
    return {
        "codec": track.codec,
        "is_text": track.is_text,
        "language": track.language,
        "title": track.title,
        "default": track.default,
        "forced": track.forced,
    }


def _subtitle_from_values(values: Values) -> SubtitleTrack:
    return SubtitleTrack(
        codec=values.get("codec"),
        is_text=values.get("is_text", False),
        language=values.get("language"),
        title=values.get("title"),
        default=values.get("default", False),
        forced=values.get("forced", False),
    )
