"""What surrounds an upload, in memory: buckets, a catalog, topics, executions and a clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.domain.asset import Asset
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import MediaType
from tests.support.fakes import (
    JPEG_HEAD,
    UPLOADS,
    ManualClock,
    MemoryExecutions,
    MemoryStorage,
    RecordingTopic,
    received,
)


@dataclass(kw_only=True)
class World:
    """The fakes that a use case is called with. What it does in a test is said there."""

    clock: ManualClock = field(default_factory=ManualClock)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    topic: RecordingTopic = field(default_factory=RecordingTopic)
    executions: MemoryExecutions = field(default_factory=MemoryExecutions)
    catalog: MemoryCatalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = MemoryCatalog(self.clock)

    def receive(
        self,
        key: str,
        content: bytes = JPEG_HEAD,
        media_type: MediaType = MediaType.IMAGE,
        preset: str | None = None,
    ) -> UploadEvent:
        """Store a source and record it, as dispatch does; return the message for its worker."""
        event = received(self.storage.upload(key, content), media_type)
        event = replace(event, preset=preset)
        self.catalog.receive(event)
        return event

    def find(self, key: str) -> Asset | None:
        """Return what the catalog has of a key."""
        return self.catalog.get(asset_id(UPLOADS, key))
