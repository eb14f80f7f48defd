"""What happened to a source: as S3 tells it, and as the topic carries it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lib.domain.media import MediaType

SCHEMA = 1
"""Version of the topic message and of the manifest."""


class Action(StrEnum):
    """What happened to a source."""

    CREATED = "created"
    REMOVED = "removed"


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
