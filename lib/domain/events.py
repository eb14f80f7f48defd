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
class Current:
    """The version that is current of a key: its first bytes, the preset that it asks for."""

    source: Source
    head: bytes
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One record of an S3 notification: a hint that something about a key has changed.

    `source` is what the event is about, which need not be what is current when it arrives.
    `sequencer` (hex, as S3 sent it) grows from event to event of one key.
    """

    action: Action
    source: Source
    sequencer: str


@dataclass(frozen=True, slots=True)
class UploadEvent:
    """What the topic carries: what dispatch recorded of a key. `received_at` ISO UTC.

    `sequencer` (hex) is the recording's name, which no other of the key ever has.
    """

    action: Action
    source: Source
    sequencer: str
    media_type: MediaType
    mime: str
    received_at: str
    preset: str | None = None
    lease: str | None = None
    """Which an earlier delivery took and could not give back: who gets this one resumes it."""
