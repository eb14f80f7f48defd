"""What surrounds an upload, in memory: buckets, a catalog, topics, executions and a clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.context import Delivery, Pipeline, Redelivery
from lib.application.dispatch import Recorded, dispatch
from lib.domain.asset import Asset
from lib.domain.events import ObjectEvent, UploadEvent
from lib.domain.keys import asset_id
from lib.domain.media import MediaType
from lib.presets import PACKAGED, Presets, load
from tests.support.catalog_cases import record
from tests.support.fakes import (
    JPEG_HEAD,
    UPLOADS,
    ManualClock,
    MemoryExecutions,
    MemoryRenditions,
    MemorySources,
    MemoryUploads,
    RecordingTopic,
    received,
)

PRESETS = load(PACKAGED)


@dataclass(kw_only=True)
class World:
    """The fakes that a use case is called with. What it does in a test is said there."""

    clock: ManualClock = field(default_factory=ManualClock)
    sources: MemorySources = field(default_factory=MemorySources)
    renditions: MemoryRenditions = field(default_factory=MemoryRenditions)
    presets: Presets = PRESETS
    topic: RecordingTopic = field(default_factory=RecordingTopic)
    executions: MemoryExecutions = field(default_factory=MemoryExecutions)
    queue: MemoryUploads = field(default_factory=MemoryUploads)
    dead_letters: MemoryUploads = field(default_factory=MemoryUploads)
    max_attempts: int = 5
    catalog: MemoryCatalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = MemoryCatalog(self.clock)

    @property
    def pipeline(self) -> Pipeline:
        """Return what a job of this world works with."""
        return Pipeline(self.sources, self.renditions, self.catalog, self.presets)

    @property
    def redelivery(self) -> Redelivery:
        """Return where an upload goes that is not done in one delivery."""
        return Redelivery(self.queue, self.dead_letters, self.max_attempts)

    def delivery(self, seconds: float = 30.0) -> Delivery:
        """Return one delivery of a message, with the time that it has."""
        return Delivery(lambda: seconds, self.redelivery, self.clock)

    def receive(
        self,
        key: str,
        content: bytes = JPEG_HEAD,
        media_type: MediaType = MediaType.IMAGE,
        preset: str | None = None,
    ) -> UploadEvent:
        """Store a source and record it, as dispatch does; return the message for its worker."""
        event = received(self.sources.upload(key, content), media_type)
        event = replace(event, preset=preset)
        record(self.catalog, event)
        return event

    def dispatch(self, *events: ObjectEvent) -> list[Recorded]:
        """Record events and publish them, as the function does."""
        return dispatch(
            events, sources=self.sources, catalog=self.catalog, topic=self.topic, clock=self.clock
        )

    def find(self, key: str) -> Asset | None:
        """Return what the catalog has of a key."""
        return self.catalog.get(asset_id(UPLOADS, key))
