"""What a preset says: frozen values. A field is added here: its name, its type and its check.

The check (`lib.presets.schema`) is what `Annotated` says besides the type, and is what a value in
`presets.toml` has to pass; what has none is built by the loader. The default lies in `presets.toml`
itself, and `lib.presets.hashing` says what a field is called in the hash.
"""

# Without `from __future__ import annotations`, which makes text of them: the checks are read there.

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from lib.domain import formats
from lib.domain.errors import ErrorCode, PermanentError
from lib.presets.schema import (
    ATTENTION,
    IMAGE_FORMATS,
    LONGEST_SIDE,
    POSITIONS,
    VIDEO_CODECS,
    X264_SPEEDS,
    ascending,
    color,
    config_object,
    crf_by_codec,
    distinct,
    fallback_by_format,
    flag,
    member_of,
    number,
    one_of,
    quality_by_format,
)

DEFAULT = "default"

SHOWN = 100
"""Characters of an unknown name that are repeated: anybody may upload any."""


IMAGES_IN = tuple(each.name for each in formats.IMAGE_FORMATS)
VIDEOS_IN = (
    *("aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dsf", "dts", "eac3", "flac"),
    *("flv", "matroska", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "ogg", "tak", "tta"),
    *("w64", "wav", "wv"),
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


Side = Annotated[int, number(1, LONGEST_SIDE)]
Kbps = Annotated[int, number(16, 512)]
Flag = Annotated[bool, flag]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before any work: LIMIT_EXCEEDED."""

    image_megapixels: Annotated[int, number(1, 1000)]
    image_megabytes: Annotated[int, number(1, 500)]
    animation_frames: Annotated[int, number(1, 10_000)]
    animation_megapixels: Annotated[int, number(1, 10_000)]
    """Of all frames together, as stored."""
    video_hours: Annotated[float, number(0.001, 24, whole=False)]
    source_gigabytes: Annotated[float, number(0.001, 5000, whole=False)]
    formats_in: Annotated[tuple[str, ...], distinct(one_of(*FORMATS_IN), "formats")] = FORMATS_IN
    """Containers that are read at all."""
    decoded_megapixels: Annotated[int, number(1, 1000)] = 1000
    """Of what is decoded at once: all of a picture, but for a JPEG, which is decoded at a part of
    its size."""

    def image_bytes(self) -> int:
        """Return how large an image may be."""
        return self.image_megabytes * 1_000_000

    def source_bytes(self) -> int:
        """Return how large a video or audio file may be."""
        return round(self.source_gigabytes * 1e9)

    def refuse_image(self, size: int) -> None:
        """Pass, or raise PermanentError(LIMIT_EXCEEDED) for an image of too many bytes."""
        if size > self.image_bytes():
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"expected at most {self.image_megabytes} MB for an image "
                f"but received {size / 1_000_000:.1f} MB",
            )

    def refuse_source(self, size: int) -> None:
        """Pass, or raise PermanentError(LIMIT_EXCEEDED) for a film or sound of too many bytes."""
        if size > self.source_bytes():
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"expected at most {self.source_gigabytes:g} GB but received {size / 1e9:.2f} GB",
            )

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

    `position`: one of `POSITIONS` (`north-east`, `centre`, …) or `attention`, which looks for what
    the eye goes to; it matters where something is cut or filled.
    """

    name: str
    width: Side
    height: Side
    fit: Annotated[Fit, member_of(Fit)]
    position: Annotated[str, one_of(*POSITIONS, ATTENTION)]


@dataclass(frozen=True, slots=True)
class Watermark:
    """An image that is laid on every rendition.

    `object` is a key in the renditions bucket below `config/`; `scale` is its width as a part of
    the rendition's; `opacity` 0–1; `position` one of `POSITIONS`.
    """

    object: Annotated[str, config_object]
    position: Annotated[str, one_of(*POSITIONS)]
    opacity: Annotated[float, number(0, 1, whole=False)]
    scale: Annotated[float, number(0.01, 1, whole=False)]


@dataclass(frozen=True, slots=True)
class ImagePreset:
    """Widths in px, ascending, and boxes, each in every format.

    `quality` per format, 1–100, or None for auto: the smallest file whose SSIM is at least `ssim`.
    `sharpen` in percent of an unsharp mask, 0 for none. `lossless`: graphics become lossless WebP.
    `animated_mp4`: an animation becomes a muted MP4 besides, as the preset's `video` says.
    `fallback`: the format to make where one fails.
    """

    widths: Annotated[tuple[int, ...], ascending(distinct(number(1, LONGEST_SIDE), "widths in px"))]
    boxes: tuple[Box, ...]
    formats: Annotated[tuple[str, ...], distinct(one_of(*IMAGE_FORMATS), "formats")]
    quality: Annotated[Mapping[str, int] | None, quality_by_format]
    ssim: Annotated[float, number(0.5, 0.9999, whole=False)]
    background: Annotated[str, color]
    sharpen: Annotated[int, number(0, 300)]
    lossless: Flag
    animated: Flag
    animated_mp4: Flag
    fallback: Annotated[Mapping[str, str], fallback_by_format]
    watermark: Watermark | None
    keep_copyright: Flag
    redact_gps: Flag


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

    ladder: Annotated[tuple[int, ...], ascending(distinct(number(2, 2160), "heights in px"))]
    codecs: Annotated[tuple[str, ...], distinct(one_of(*VIDEO_CODECS), "codecs")]
    crf: Annotated[Mapping[str, int], crf_by_codec]
    speed: Annotated[str, one_of(*X264_SPEEDS)]
    segment_seconds: Annotated[int, number(1, 10)]
    max_frame_rate: Annotated[int, number(1, 240)]
    mp4: Annotated[int, number(0, 2160)]
    audio_kbps: Kbps
    loudness: Flag
    storyboard: Flag
    preview: Annotated[str, one_of("webp", "mp4", "none")]


@dataclass(frozen=True, slots=True)
class AudioPreset:
    """One AAC file; `loudness`: normalised to -16 LUFS; `waveform`: a PNG and peaks as JSON."""

    kbps: Kbps
    loudness: Flag
    waveform: Flag


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

    @property
    def image_widths(self) -> list[int]:
        """Return the widths that any preset makes images in, px, ascending."""
        return sorted({width for each in self.by_name.values() for width in each.image.widths})

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
