"""Small honest stand-ins for the ports, and builders for what the tests talk about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.events import Action, Current, ObjectEvent, Source, UploadEvent
from lib.domain.media import MediaType

UPLOADS = "uploads"
JPEG_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100)


@dataclass
class MemorySources:
    """A versioned bucket in memory; `presets` are what uploads ask for, by key."""

    versions: dict[tuple[str, str], list[tuple[str, bytes | None]]] = field(default_factory=dict)
    presets: dict[str, str] = field(default_factory=dict)
    sequence: int = 0

    def upload(self, key: str, content: bytes) -> ObjectEvent:
        """Store a new version and return the event that S3 would send."""
        return self._change(key, content, Action.CREATED)

    def remove(self, key: str) -> ObjectEvent:
        """Put a delete marker on top."""
        return self._change(key, None, Action.REMOVED)

    def destroy(self, event: ObjectEvent) -> ObjectEvent:
        """Delete one version for good."""
        stored = self.versions[UPLOADS, event.source.key]
        stored[:] = [each for each in stored if each[0] != event.source.version_id]
        self.sequence += 1
        sequencer = f"{self.sequence:016X}"
        return replace(event, action=Action.REMOVED, sequencer=sequencer)

    def _change(self, key: str, content: bytes | None, action: Action) -> ObjectEvent:
        self.sequence += 1
        version = f"v{self.sequence}"
        self.versions.setdefault((UPLOADS, key), []).append((version, content))
        source = _source(key, version, content or b"")
        return ObjectEvent(action, source, f"{self.sequence:016X}")

    def current_version(self, bucket: str, key: str) -> Source | None:
        stored = self.versions.get((bucket, key), [])
        if not stored or stored[-1][1] is None:
            return None
        return _source(key, stored[-1][0], stored[-1][1])

    def read(self, source: Source) -> bytes:
        for version, content in self.versions.get((source.bucket, source.key), []):
            if version == source.version_id and content is not None:
                return content
        raise PermanentError(ErrorCode.SOURCE_GONE, "the version was deleted")

    def find_current(self, bucket: str, key: str, length: int) -> Current | None:
        source = self.current_version(bucket, key)
        if source is None:
            return None
        return Current(source, self.read_range(source, 0, length), self.presets.get(key))

    def read_range(self, source: Source, start: int, length: int) -> bytes:
        return self.read(source)[start : start + length]

    def locate(self, source: Source, seconds: int) -> str:
        raise NotImplementedError("bytes in memory have no address")


@dataclass
class MemoryRenditions:
    """A bucket of renditions in memory, by key; `config/` is among them."""

    objects: dict[str, bytes] = field(default_factory=dict)
    on_put: Callable[[str], None] = lambda _: None

    def read_config(self, key: str) -> bytes:
        if key not in self.objects:
            raise PermanentError(ErrorCode.CONFIG_MISSING, f"{key} is not there")
        return self.objects[key]

    def put(self, key: str, content: bytes | Path, mime: str) -> None:
        self.on_put(key)
        self.objects[key] = content if isinstance(content, bytes) else content.read_bytes()

    def fetch(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def keys_below(self, prefix: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.objects.pop(key, None)

    def delete_below(self, prefix: str) -> int:
        below = self.keys_below(prefix)
        self.delete(below)
        return len(below)


@dataclass
class RecordingTopic:
    """Keeps what was published; fails as often as it is told to."""

    published: list[UploadEvent] = field(default_factory=list)
    failures: int = 0

    def publish(self, events: Iterable[UploadEvent]) -> None:
        events = list(events)
        if events and self.failures:
            self.failures -= 1
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the topic is away")
        self.published += events


@dataclass
class RecordingAssetEvents:
    """Keeps what was published."""

    published: list[dict[str, object]] = field(default_factory=list)

    def publish(self, event: Mapping[str, object], attributes: Mapping[str, str]) -> None:
        self.published.append({**event, "attributes": attributes})


@dataclass
class MemoryUploads:
    """A queue of uploads: what was sent, after how long, and why; fails while it is `away`."""

    sent: list[UploadEvent] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    away: bool = False

    def send(
        self, event: UploadEvent, after_seconds: float = 0, *, reason: str | None = None
    ) -> None:
        if self.away:
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the queue is away")
        self.sent.append(event)
        self.delays.append(after_seconds)
        self.reasons.append(reason)


@dataclass
class MemoryExecutions:
    """Executions by name, True while they run."""

    running: dict[str, bool] = field(default_factory=dict)

    def start(self, name: str, event: str) -> bool:
        return self.running.setdefault(name, True)

    def stop(self, name: str, reason: str) -> None:
        if name in self.running:
            self.running[name] = False


@dataclass
class ManualClock:
    """Time that passes when the test says so. Epoch seconds."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def received(event: ObjectEvent, media_type: MediaType = MediaType.IMAGE) -> UploadEvent:
    """Return the message that dispatch would publish for an upload."""
    return UploadEvent(
        action=event.action,
        source=event.source,
        sequencer=event.sequencer,
        media_type=media_type,
        mime="image/jpeg",
        received_at="2026-01-01T00:00:00.000+00:00",
    )


def _source(key: str, version: str, content: bytes) -> Source:
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Source(UPLOADS, key, version, etag, len(content))
