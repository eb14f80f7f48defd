"""What is stored of a probe, as plain values by names that stay: one level, whatever the medium.

What is missing is as if the source did not say; see `serialized`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lib.domain.media import (
    AudioProbe,
    ImageProbe,
    MediaWarning,
    Probe,
    VideoProbe,
    WarningCode,
)
from lib.domain.serialized import Values, number_of, tables_of, text_of
from lib.domain.serialized_tracks import (
    audio_track_from_values,
    audio_track_to_values,
    subtitle_from_values,
    subtitle_to_values,
)

PROBE: Values = {
    "width": None,
    "height": None,
    "duration_ms": None,
    "frames": None,
    "format": None,
    "orientation": None,
    "has_alpha": None,
    "color_space": None,
    "rotation": None,
    "frame_rate": None,
    "pixel_aspect": None,
    "interlaced": None,
    "bit_depth": None,
    "transfer": None,
    "video_codec": None,
    "video_stream": None,
    "audio_codec": None,
    "audio_channels": None,
    "sample_rate": None,
    "audio_tracks": (),
    "subtitles": (),
    "captured_at": None,
    "camera": None,
    "lens": None,
    "exposure_s": None,
    "f_number": None,
    "iso": None,
    "focal_length_mm": None,
    "latitude": None,
    "longitude": None,
    "altitude_m": None,
    "copyright": None,
    "loops": None,
    "sha256": None,
    "phash": None,
    "hdr": None,
    "color_range": None,
    "mirrored": None,
    "picture_ms": None,
    "complete": None,
    "warnings": (),
}
"""What is stored of a probe of any medium, in this order, where the source says nothing."""

VIDEO_ALONE = (
    *("rotation", "frame_rate", "pixel_aspect", "interlaced", "bit_depth", "transfer"),
    *("video_codec", "video_stream", "subtitles"),
)
AUDIO = ("audio_codec", "audio_channels", "sample_rate", "audio_tracks")
IMAGE = ("width", "height", "orientation", "has_alpha", "loops", "sha256")
"""Facts that tell of which medium a source was: of what has no video, these are an image's."""


def probe_to_values(probe: Probe) -> dict[str, Any]:
    """Return all of a probe, None and no tracks too; one level, the same whatever the medium."""
    values = {
        **PROBE,
        "duration_ms": probe.duration_ms,
        "format": probe.format,
        "captured_at": probe.captured_at,
        "complete": probe.complete,
        "warnings": tuple(_warning_to_values(each) for each in probe.warnings),
    }
    match probe:
        case ImageProbe():
            values |= _image_to_values(probe)
        case VideoProbe():
            values |= _audio_to_values(probe) | _video_to_values(probe)
        case AudioProbe():
            values |= _audio_to_values(probe)
    return values


def _image_to_values(probe: ImageProbe) -> dict[str, Any]:
    return {
        "width": probe.width,
        "height": probe.height,
        "frames": probe.frames,
        "orientation": probe.orientation,
        "has_alpha": probe.has_alpha,
        "color_space": probe.color_space,
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
        "hdr": probe.hdr,
    }


def _audio_to_values(probe: AudioProbe) -> dict[str, Any]:
    return {
        "audio_codec": probe.audio_codec,
        "audio_channels": probe.audio_channels,
        "sample_rate": probe.sample_rate,
        "audio_tracks": tuple(audio_track_to_values(each) for each in probe.audio_tracks),
    }


def _video_to_values(probe: VideoProbe) -> dict[str, Any]:
    return {
        "width": probe.width,
        "height": probe.height,
        "frames": probe.frames,
        "color_space": probe.color_space,
        "has_alpha": probe.has_alpha,
        "color_range": probe.color_range,
        "mirrored": probe.mirrored,
        "picture_ms": probe.picture_ms,
        "rotation": probe.rotation,
        "frame_rate": probe.frame_rate,
        "pixel_aspect": probe.pixel_aspect,
        "interlaced": probe.interlaced,
        "bit_depth": probe.bit_depth,
        "transfer": probe.transfer,
        "video_codec": probe.video_codec,
        "video_stream": probe.video_stream,
        "subtitles": tuple(subtitle_to_values(each) for each in probe.subtitles),
        "phash": probe.phash,
    }


def probe_from_values(values: Values) -> Probe:
    """Return the probe that was stored, of the medium whose facts it has.

    That of the catalog entry may be another: it is the newest upload's, and the probe that of what
    is live.
    """
    if _says(values, (*VIDEO_ALONE, *AUDIO)):
        return audio_or_video_from_values(values)
    if _says(values, IMAGE):
        return _image_from_values(values)
    return Probe(**_shared_from_values(values))


def audio_or_video_from_values(values: Values) -> AudioProbe:
    """Return the probe that was stored of a source of video, or of audio alone."""
    shared = _shared_from_values(values)
    audio: dict[str, Any] = {
        "audio_codec": values.get("audio_codec"),
        "audio_channels": values.get("audio_channels"),
        "sample_rate": values.get("sample_rate"),
        "audio_tracks": tuple(map(audio_track_from_values, tables_of(values, "audio_tracks"))),
    }
    if _says(values, VIDEO_ALONE):
        return _video_from_values(values, shared | audio)
    return AudioProbe(**shared, **audio)


def _says(values: Values, names: Iterable[str]) -> bool:
    """Tell whether any of these facts is known."""
    return any(values.get(name) not in (None, (), []) for name in names)


def _shared_from_values(values: Values) -> dict[str, Any]:
    return {
        "duration_ms": values.get("duration_ms"),
        "format": values.get("format"),
        "captured_at": values.get("captured_at"),
        "complete": values.get("complete"),
        "warnings": tuple(map(_warning_from_values, tables_of(values, "warnings"))),
    }


def _image_from_values(values: Values) -> ImageProbe:
    return ImageProbe(
        **_shared_from_values(values),
        width=values.get("width"),
        height=values.get("height"),
        frames=values.get("frames"),
        orientation=values.get("orientation"),
        has_alpha=values.get("has_alpha"),
        color_space=values.get("color_space"),
        camera=values.get("camera"),
        lens=values.get("lens"),
        exposure_s=_float(values, "exposure_s"),
        f_number=_float(values, "f_number"),
        iso=values.get("iso"),
        focal_length_mm=_float(values, "focal_length_mm"),
        latitude=_float(values, "latitude"),
        longitude=_float(values, "longitude"),
        altitude_m=_float(values, "altitude_m"),
        copyright=values.get("copyright"),
        loops=values.get("loops"),
        sha256=values.get("sha256"),
        phash=values.get("phash"),
        hdr=values.get("hdr"),
    )


def _video_from_values(values: Values, audio: dict[str, Any]) -> VideoProbe:
    return VideoProbe(
        **audio,
        width=values.get("width"),
        height=values.get("height"),
        frames=values.get("frames"),
        color_space=values.get("color_space"),
        has_alpha=values.get("has_alpha"),
        color_range=values.get("color_range"),
        mirrored=values.get("mirrored"),
        picture_ms=values.get("picture_ms"),
        rotation=values.get("rotation"),
        frame_rate=_float(values, "frame_rate"),
        pixel_aspect=_float(values, "pixel_aspect"),
        interlaced=values.get("interlaced"),
        bit_depth=values.get("bit_depth"),
        transfer=values.get("transfer"),
        video_codec=values.get("video_codec"),
        video_stream=values.get("video_stream"),
        subtitles=tuple(map(subtitle_from_values, tables_of(values, "subtitles"))),
        phash=values.get("phash"),
    )


def _warning_to_values(warning: MediaWarning) -> dict[str, Any]:
    return {"code": str(warning.code), "message": warning.message}


def _warning_from_values(values: Values) -> MediaWarning:
    return MediaWarning(
        WarningCode(text_of(values, "code") or ""), text_of(values, "message") or ""
    )


def _float(values: Values, name: str) -> float | None:
    value = number_of(values, name)
    return None if value is None else float(value)
