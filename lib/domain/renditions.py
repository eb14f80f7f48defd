"""What is made of a source: before it is stored, and as the catalog and the manifest list it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lib.domain.errors import Failure
from lib.domain.media import Probe
from lib.domain.open_enum import OpenEnum


class RenditionKind(OpenEnum):
    """What a rendition is for."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    POSTER = "poster"
    STREAM = "stream"
    """What a player opens to stream the whole ladder: an HLS playlist or a DASH manifest."""
    RUNG = "rung"
    """One height, or one audio track, of the ladder: its playlist, beside its segments."""
    STORYBOARD = "storyboard"
    PREVIEW = "preview"
    SUBTITLES = "subtitles"
    WAVEFORM = "waveform"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What a page shows before a rendition arrives: base64 ThumbHash and `#rrggbb`."""

    thumbhash: str
    color: str


@dataclass(frozen=True, slots=True)
class Part:
    """One object that a rendition consists of besides its own: a segment, a sprite sheet.

    `name` is relative to the asset's renditions: `h264-720/0.m4s`.
    """

    name: str
    mime: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class Made:
    """One finished encode before it is stored: `content` (bytes, or a file to move) or `error`.

    `name` is the file name with its extension, unique within the asset; sizes in px, after
    orientation. `parts` are stored before the content, as they come, and are not listed.
    """

    name: str
    kind: RenditionKind
    mime: str
    content: bytes | Path | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    frames: int | None = None
    quality: int | None = None
    instead_of: str | None = None
    codecs: str | None = None
    bandwidth: int | None = None
    language: str | None = None
    parts: Iterable[Part] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Rendition:
    """One output and its outcome: made (`key`, `bytes`, `sha256`) or failed (`error`)."""

    name: str
    kind: RenditionKind
    mime: str
    key: str | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    frames: int | None = None
    """Of an animation; None for a still image."""
    quality: int | None = None
    """The encoder's, where one was set or chosen."""
    instead_of: str | None = None
    """Name of the rendition that this one is the fallback for."""
    codecs: str | None = None
    """Of a rung, as in RFC 6381."""
    bandwidth: int | None = None
    """Of a rung: the bits per second that its largest segment needs."""
    language: str | None = None
    """Of an audio or subtitle track, BCP 47."""
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a use case makes of a source: what was read, and the encodes, made one by one."""

    probe: Probe
    made: Iterable[Made]
    preset: str
    recipe: str
    placeholder: Placeholder | None = None
