"""What the pipeline talks about: frozen values without behaviour, in the README's vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lib.errors import ErrorCode, MediaError

SCHEMA = 1
"""Version of the topic message and of the manifest."""


class MediaType(StrEnum):
    """What a source is, decided from its first bytes and from nothing else."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    UNSUPPORTED = "unsupported"


class Action(StrEnum):
    """What happened to a source."""

    CREATED = "created"
    REMOVED = "removed"


class AssetStatus(StrEnum):
    """Where an asset is: RECEIVED ▸ PROCESSING ▸ READY | PARTIAL | FAILED; REJECTED; DELETED."""

    RECEIVED = "RECEIVED"
    PROCESSING = "PROCESSING"
    READY = "READY"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    DELETED = "DELETED"

    @property
    def terminal(self) -> bool:
        """Tell whether nothing more will happen to the asset by itself."""
        return self not in (AssetStatus.RECEIVED, AssetStatus.PROCESSING)


class RenditionKind(StrEnum):
    """What a rendition is for."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    POSTER = "poster"
    STREAM = "stream"
    """What a player opens to stream the whole ladder: an HLS playlist or a DASH manifest."""
    RUNG = "rung"
    """One height, or one sound track, of the ladder: its playlist, beside its segments."""
    STORYBOARD = "storyboard"
    PREVIEW = "preview"
    SUBTITLES = "subtitles"
    WAVEFORM = "waveform"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the first bytes say.

    `mime` is an IANA type; `container` is the demuxer family that may read the source
    (`"mov"`, `"matroska"`, `"jpeg"`, …); `reason` says in plain words why it is unsupported.
    """

    media_type: MediaType
    mime: str
    container: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One uploaded object version. `size` is in bytes, `key` is decoded."""

    bucket: str
    key: str
    version_id: str
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a source, and the preset that its metadata asks for."""

    content: bytes
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One record of an S3 notification, before the bytes are looked at.

    `sequencer` orders the events of one key (hex, as S3 sent it); `permanent` marks the removal of
    one version for good, as opposed to a delete marker.
    """

    action: Action
    source: Source
    sequencer: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class UploadEvent:
    """What the topic carries: an object event plus what dispatch learnt. `received_at` ISO UTC."""

    action: Action
    source: Source
    sequencer: str
    media_type: MediaType
    mime: str
    received_at: str
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an asset or a rendition failed, as the catalog and the manifest record it."""

    code: ErrorCode
    message: str
    permanent: bool

    @classmethod
    def of(cls, error: MediaError) -> Failure:
        """Describe an error as data."""
        return cls(error.code, error.message, error.permanent)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One sound track as found. `language`: BCP 47, None where the source does not say."""

    codec: str | None = None
    channels: int | None = None
    sample_rate: int | None = None
    """Hz."""
    language: str | None = None
    title: str | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """One subtitle track as found; `is_text` where it can become WebVTT, unlike pictures."""

    codec: str | None = None
    is_text: bool = False
    language: str | None = None
    title: str | None = None
    default: bool = False
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """What was read from the source. Pixels after orientation; None where it does not apply."""

    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    frames: int | None = None
    format: str | None = None
    """Container or image format, in lower case: `jpeg`, `heif`, `mpeg-4`, …"""
    orientation: int | None = None
    """EXIF orientation 1–8 as found in the source."""
    has_alpha: bool | None = None
    color_space: str | None = None
    rotation: int | None = None
    """Clockwise display rotation of a video in degrees, as found: 0, 90, 180 or 270."""
    frame_rate: float | None = None
    pixel_aspect: float | None = None
    interlaced: bool | None = None
    bit_depth: int | None = None
    transfer: str | None = None
    """Of an HDR video: `pq` or `hlg`."""
    video_codec: str | None = None
    audio_codec: str | None = None
    audio_channels: int | None = None
    sample_rate: int | None = None
    """Hz. Of the first sound track, like what comes before."""
    audio_tracks: tuple[AudioTrack, ...] = ()
    subtitles: tuple[SubtitleTrack, ...] = ()
    captured_at: str | None = None
    """ISO-8601, without an offset where the source has none."""
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
    sha256: str | None = None
    """Of the source's bytes."""
    phash: str | None = None
    """64-bit perceptual hash, 16 hex digits: near-duplicates differ in few bits."""


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
    """Of a rung, as RFC 6381 spells them."""
    bandwidth: int | None = None
    """Of a rung: the bits per second that its largest segment needs."""
    language: str | None = None
    """Of a sound or subtitle track, BCP 47."""
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job made of a source; the catalog commits it and the manifest prints it."""

    status: AssetStatus
    probe: Probe = field(default_factory=Probe)
    placeholder: Placeholder | None = None
    preset: str | None = None
    recipe: str | None = None
    renditions: tuple[Rendition, ...] = ()
    manifest_key: str | None = None
    error: Failure | None = None
    processed_ms: int | None = None


class ClaimState(StrEnum):
    """The answer of the fence to a worker that wants to process an event."""

    CLAIMED = "CLAIMED"
    DONE = "DONE"
    """The same upload is terminal: acknowledge."""
    STALE = "STALE"
    """A newer upload or removal is known: acknowledge."""
    BUSY = "BUSY"
    """Another worker's lease is live: retry later."""
    HANDED_OVER = "HANDED_OVER"
    """An execution, or a worker of another queue, brings the upload to an end: acknowledge."""
    UNORDERED = "UNORDERED"
    """The two sequencers differ in length, so they cannot be compared: ask S3."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The fence's answer; `lease_token` only when CLAIMED.

    `abandoned`: how many workers took the upload's lease and let it run out: they were killed.
    `stored_sequencer` (padded) is what UNORDERED was compared with.
    """

    state: ClaimState
    lease_token: str | None = None
    attempts: int = 0
    abandoned: int = 0
    busy_for: float = 0.0
    """Seconds until a BUSY lease runs out."""
    stored_sequencer: str | None = None


class CommitState(StrEnum):
    """The answer of the fence to a worker that is done."""

    COMMITTED = "COMMITTED"
    SUPERSEDED = "SUPERSEDED"
    """A newer version owns the asset: remove what this worker wrote, acknowledge."""
    LEASE_LOST = "LEASE_LOST"
    """Another worker owns this version: touch nothing."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One catalogue entry: the newest known source, its state, and what is `live`.

    `renditions` and `manifest_key` are those of `live_version_id`, the last finished version; they
    stay listed and stored while a newer version is worked on.
    """

    asset_id: str
    source: Source
    sequencer: str
    """Padded: compares as a string with other padded sequencers of the same raw length."""
    status: AssetStatus
    created_at: str
    updated_at: str
    media_type: MediaType = MediaType.UNSUPPORTED
    mime: str = ""
    preset: str | None = None
    recipe: str | None = None
    probe: Probe = field(default_factory=Probe)
    placeholder: Placeholder | None = None
    renditions: tuple[Rendition, ...] = ()
    manifest_key: str | None = None
    live_version_id: str | None = None
    attempts: int = 0
    abandoned: int = 0
    """Of the attempts: those whose worker was killed, since its lease ran out."""
    lease_token: str | None = None
    lease_expires_at: str | None = None
    execution: str | None = None
    """Name of the execution that works on a long source, or was the last to; it is the token of
    the lease that it holds."""
    estimate_ms: int | None = None
    """vCPU time that the execution was expected to need."""
    progress: int | None = None
    """Percent of the work that is done while the asset is PROCESSING; None before the first."""
    error: Failure | None = None
    processed_ms: int | None = None
    expires_at: int | None = None
    """Epoch seconds; only tombstones have it."""
    confirmed: str | None = None
    """Padded sequencer of the newest event that left the source what is current, if there was one:
    what is older is stale, while `sequencer` goes on to name the upload and what is made of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One record of the catalog's stream: None before an entry was there, or after it is gone."""

    old: Asset | None
    new: Asset | None
