"""What a preset says: frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from lib.domain.errors import ErrorCode, PermanentError

DEFAULT = "default"

SHOWN = 100
"""Characters of an unknown name that are repeated: anybody may upload any."""


IMAGES_IN = (
    *("jpeg", "png", "webp", "gif", "tiff", "bmp", "jpeg2000", "psd", "ico", "avif", "heif"),
)
VIDEOS_IN = (
    *("aac", "aiff", "asf", "avi", "flac", "flv", "matroska", "mov", "mp3", "mpeg", "mpegts"),
    *("ogg", "wav"),
)
FORMATS_IN = (*IMAGES_IN, *VIDEOS_IN)
"""Containers that can be read, as `lib.sniff.sniff` names them."""


class Fit(StrEnum):
    """How a source fills a box."""

    COVER = "cover"
    """Fill the box, cut what sticks out."""
    CONTAIN = "contain"
    """Show all of it, fill what is left of the box with the background."""
    INSIDE = "inside"
    """Show all of it, no larger than the box."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before any work: LIMIT_EXCEEDED."""

    image_megapixels: int
    image_megabytes: int
    animation_frames: int
    animation_megapixels: int
    """Of all frames together, as stored."""
    video_hours: float
    source_gigabytes: float
    formats_in: tuple[str, ...] = FORMATS_IN
    """Containers that are read at all."""

    def refuse_format(self, container: str) -> None:
        """Pass, or raise PermanentError(LIMIT_EXCEEDED) for a container that is turned off."""
        if container in FORMATS_IN and container not in self.formats_in:
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"{container} is turned off here: it is not among formats_in in presets.toml",
            )


@dataclass(frozen=True, slots=True)
class Box:
    """A rendition of a given shape beside the widths: `name`, size in px, and what is shown.

    `position`: a point of the compass (`north-east`, `centre`, …) or `attention`, which looks for
    what the eye goes to; it matters where something is cut or filled.
    """

    name: str
    width: int
    height: int
    fit: Fit
    position: str


@dataclass(frozen=True, slots=True)
class Watermark:
    """An image that is laid on every rendition.

    `object` is a key in the renditions bucket below `config/`; `scale` is its width as a part of
    the rendition's; `opacity` 0–1; `position` a point of the compass.
    """

    object: str
    position: str
    opacity: float
    scale: float


@dataclass(frozen=True, slots=True)
class ImagePreset:
    """Widths in px, ascending, and boxes, each in every format.

    `quality` per format, 1–100, or None for auto: the smallest file whose SSIM is at least `ssim`.
    `sharpen` in percent of an unsharp mask, 0 for none. `lossless`: graphics become lossless WebP.
    `animated_mp4`: an animation becomes a muted MP4 besides, as the preset's `video` says.
    `fallback`: the format to make where one fails.
    """

    widths: tuple[int, ...]
    boxes: tuple[Box, ...]
    formats: tuple[str, ...]
    quality: Mapping[str, int] | None
    ssim: float
    background: str
    sharpen: int
    lossless: bool
    animated: bool
    animated_mp4: bool
    fallback: Mapping[str, str]
    watermark: Watermark | None
    keep_copyright: bool
    redact_gps: bool


@dataclass(frozen=True, slots=True)
class VideoPreset:
    """A ladder for HLS and DASH, one progressive MP4, and what a page shows around a player.

    `ladder`: px of the short side, ascending, each in all `codecs` (`h264`, `hevc`, `av1`).
    `crf`: constant rate factor per codec, lower is better and larger; each rung is capped besides.
    `speed`: x264 preset. `segment_seconds`: length of a segment, and of a closed group of pictures.
    `mp4`: px of the short side of the progressive file, 0 for none; it holds the first codec.
    `max_frame_rate`: frames a second above which frames are left out.
    `loudness`: normalise the sound to -16 LUFS. `storyboard`: sprite sheets with WebVTT.
    `preview`: a muted 3-second `webp` or `mp4`, or `none`. The poster has the image preset's
    formats and quality.
    """

    ladder: tuple[int, ...]
    codecs: tuple[str, ...]
    crf: Mapping[str, int]
    speed: str
    segment_seconds: int
    max_frame_rate: int
    mp4: int
    audio_kbps: int
    loudness: bool
    storyboard: bool
    preview: str


@dataclass(frozen=True, slots=True)
class AudioPreset:
    """One AAC file; `loudness`: normalised to -16 LUFS; `waveform`: a PNG and peaks as JSON."""

    kbps: int
    loudness: bool
    waveform: bool


@dataclass(frozen=True, slots=True)
class Preset:
    """A named recipe for each media type."""

    name: str
    image: ImagePreset
    video: VideoPreset
    audio: AudioPreset


@dataclass(frozen=True, slots=True)
class Presets:
    """The whole file. `rules` are (key pattern, preset's name), the first that matches decides."""

    limits: Limits
    by_name: Mapping[str, Preset]
    rules: tuple[tuple[str, str], ...] = ()

    def named(self, name: str | None) -> Preset:
        """Return a preset, the default for None. Raises PermanentError(UNKNOWN_PRESET)."""
        try:
            return self.by_name[name or DEFAULT]
        except KeyError:
            known = ", ".join(sorted(self.by_name))
            raise PermanentError(
                ErrorCode.UNKNOWN_PRESET,
                f"expected one of {known} for preset but received {json.dumps(name)[:SHOWN]}",
            ) from None

    def choose(self, key: str, requested: str | None) -> Preset:
        """Return the preset that an upload asked for, or that a rule gives its key, or the default.

        Raises PermanentError(UNKNOWN_PRESET).
        """
        by_rule = (name for pattern, name in self.rules if fnmatchcase(key, pattern))
        return self.named(requested or next(by_rule, DEFAULT))
