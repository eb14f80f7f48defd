"""A stage's assets in memory, for whoever asks for them from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.doors.assets import Library
from lib.application.doors.links import BaseLinks, Links
from lib.domain.asset import Asset, AssetStatus, ClaimState, Outcome
from lib.domain.events import ObjectEvent, Source, UploadEvent
from tests.support.catalog_cases import READY
from tests.support.fakes import JPEG_HEAD, UPLOADS, MemorySources
from tests.support.world import World

BASE = BaseLinks("https://media.example")


@dataclass
class MemoryIndex:
    """The two indexes of a catalog in memory; `read` counts the entries that were read."""

    catalog: MemoryCatalog
    read: int = 0
    page_sizes: list[int] = field(default_factory=list)

    def of_status(
        self, status: AssetStatus, *, until: str | None, page_size: int
    ) -> Iterator[Asset]:
        self.page_sizes.append(page_size)
        return self._until(list(self.catalog.by_status(status)), until)

    def of_folder(self, folder: str, *, until: str | None, page_size: int) -> Iterator[Asset]:
        self.page_sizes.append(page_size)
        every = [each for status in AssetStatus for each in self.catalog.by_status(status)]
        assets = sorted(every, key=lambda each: each.updated_at, reverse=True)
        return self._until([each for each in assets if each.folder == folder], until)

    def _until(self, assets: list[Asset], until: str | None) -> Iterator[Asset]:
        for each in assets:
            if until is None or each.updated_at <= until:
                self.read += 1
                yield each


@dataclass
class MemoryOriginals:
    """Uploads in memory; `events` are what S3 tells of what was done to them."""

    sources: MemorySources
    events: list[ObjectEvent] = field(default_factory=list)
    refusal: Exception | None = None

    def remove(self, bucket: str, key: str) -> None:
        self.events.append(self.sources.remove(key))

    def ask_for_preset(self, source: Source, preset: str) -> None:
        if self.refusal:
            raise self.refusal
        self.events.append(self.sources.upload(source.key, self.sources.read(source)))
        self.sources.presets[source.key] = preset


@dataclass(kw_only=True)
class LibraryWorld(World):
    """Assets, and who asks for them."""

    links: Links = BASE
    index: MemoryIndex = field(init=False)
    originals: MemoryOriginals = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.index = MemoryIndex(self.catalog)
        self.originals = MemoryOriginals(self.sources)

    @property
    def library(self) -> Library:
        return Library(
            UPLOADS,
            self.catalog,
            self.index,
            self.sources,
            self.originals,
            self.topic,
            self.links,
            self.clock,
        )

    def drop(self, key: str, content: bytes = JPEG_HEAD) -> Asset:
        """Upload a file, and record it."""
        self.dispatch(self.sources.upload(key, content))
        return self.entry(key)

    def finish(self, key: str, outcome: Outcome = READY) -> Asset:
        """Upload a file, and bring it to an end; what waited before goes on waiting."""
        self.topic.published.clear()
        self.drop(key)
        assert self.work_off(outcome) == 1
        return self.entry(key)

    def work_off(self, outcome: Outcome = READY) -> int:
        """Bring what was published to an end, as workers do; return how much was to be done."""
        events, self.topic.published = self.topic.published, []
        return sum(self._end(each, outcome) for each in events)

    def _end(self, event: UploadEvent, outcome: Outcome) -> bool:
        claim = self.catalog.claim(event, lease_seconds=60)
        if claim.state is not ClaimState.CLAIMED:
            return False
        self.catalog.commit(event, claim.lease_token or "", outcome)
        return True

    def entry(self, key: str) -> Asset:
        """Return a key's entry."""
        asset = self.find(key)
        assert asset is not None
        return asset
