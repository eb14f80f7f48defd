"""What a source is, and what was read from it."""

from __future__ import annotations

from dataclasses import dataclass

from lib.domain.open_enum import OpenEnum


class MediaType(OpenEnum):
    """What a source is, decided from its first bytes and from nothing else."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the first bytes say.

    `mime` is an IANA type; `container` is the demuxer family that may read the source
    (`"mov"`, `"matroska"`, `"jpeg"`, …); `reason` says in plain words why it is unsupported;
    `start` is where the content begins, in bytes, of what has something else first.
    """

    media_type: MediaType
    mime: str
    container: str
    reason: str | None = None
    start: int = 0


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio track as found. `language`: BCP 47, None where the source does not say."""

    codec: str | None = None
    channels: int | None = None
    sample_rate: int | None = None
    """Hz."""
    language: str | None = None
    title: str | None = None
    default: bool = False
    stream: str | None = None
    """What ffmpeg calls it, a stream specifier; None for the next of its kind."""


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """One subtitle track as found; `is_text` where it can become WebVTT, unlike pictures."""

    codec: str | None = None
    is_text: bool = False
    language: str | None = None
    title: str | None = None
    default: bool = False
    forced: bool = False


class WarningCode(OpenEnum):
    """What of a source is not as it says, and is no failure. The names are part of the catalog."""

    INCOMPLETE = "INCOMPLETE"
    """Lines, frames or seconds of it are missing: it was cut short."""
    DAMAGED = "DAMAGED"
    """Parts that can't be read were passed over."""
    TRACK_NOT_DECODED = "TRACK_NOT_DECODED"
    """A track that no decoder has, or whose samples none can read, beside others that are shown."""
    DURATION_DIFFERS = "DURATION_DIFFERS"
    """Its header tells another duration than its samples."""
    IGNORED = "IGNORED"
    """Something well-formed was passed over: it can't be true, or is another program's."""


@dataclass(frozen=True, slots=True)
class MediaWarning:
    """One thing to know of a source that was processed all the same; `message` is for people."""

    code: WarningCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was read from any source; None where it does not say. Each medium has a class below."""

    duration_ms: int | None = None
    format: str | None = None
    """Container or image format, in lower case: `jpeg`, `heif`, `mpeg-4`, …"""
    captured_at: str | None = None
    """ISO-8601, without an offset where the source has none."""
    complete: bool | None = None
    """Whether all that the source promises is there; False where it was cut short."""
    warnings: tuple[MediaWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageProbe(Probe):
    """What was read from an image, or from an animation: then it has a duration and `loops`."""

    width: int | None = None
    """In px, after orientation."""
    height: int | None = None
    frames: int | None = None
    orientation: int | None = None
    """EXIF orientation 1–8 as found in the source."""
    has_alpha: bool | None = None
    color_space: str | None = None
    camera: str | None = None
    lens: str | None = None
    exposure_s: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_length_mm: float | None = None
    latitude: float | None = None
    """Degrees, south negative."""
    longitude: float | None = None
    """Degrees, west negative."""
    altitude_m: float | None = None
    copyright: str | None = None
    loops: int | None = None
    """How often an animation is played; 0 for ever."""
    hdr: str | None = None
    """Of high dynamic range: `pq`, `hlg`, or `gain-map` for a picture that carries one."""
    sha256: str | None = None
    """Of the source's bytes."""
    phash: str | None = None
    """64-bit perceptual hash, 16 hex digits: near-duplicates differ in few bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioProbe(Probe):
    """What was read from a source of audio; the codec and what follows are of its first track."""

    audio_codec: str | None = None
    audio_channels: int | None = None
    sample_rate: int | None = None
    """Hz."""
    audio_tracks: tuple[AudioTrack, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoProbe(AudioProbe):
    """What was read from a source of video, with the audio that it has."""

    width: int | None = None
    """In px as a player shows it: stretched by the pixel aspect, then turned."""
    height: int | None = None
    frames: int | None = None
    color_space: str | None = None
    color_range: str | None = None
    """`full` or `limited`, where the source says."""
    has_alpha: bool | None = None
    """Whether its frames have room for transparency."""
    rotation: int | None = None
    """Clockwise display rotation in degrees, as found: 0, 90, 180 or 270."""
    mirrored: bool | None = None
    """Whether its frames are shown mirrored, top to bottom, before they are turned."""
    picture_ms: int | None = None
    """When the last frame ends, from where the earliest track starts: the sound may go on."""
    frame_rate: float | None = None
    pixel_aspect: float | None = None
    interlaced: bool | None = None
    bit_depth: int | None = None
    transfer: str | None = None
    """Of an HDR video: `pq` or `hlg`."""
    video_codec: str | None = None
    video_stream: str | None = None
    """What ffmpeg calls the picture that is shown, a stream specifier; None for the first."""
    subtitles: tuple[SubtitleTrack, ...] = ()
    phash: str | None = None
    """Of the poster: 64-bit perceptual hash, 16 hex digits."""
