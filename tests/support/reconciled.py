"""A stage in memory that works off what is published, to be broken and made good again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from lib.application.reconcile.findings import Ages, Finding
from lib.application.reconcile.stores import Stores
from lib.application.reconcile.survey import FULL, Position, survey
from lib.domain.asset import Asset, AssetStatus, ClaimState, Outcome
from lib.domain.events import Action, UploadEvent
from lib.domain.keys import asset_id, manifest_key, rendition_key
from lib.domain.renditions import Rendition, RenditionKind
from tests.support.fakes import UPLOADS
from tests.support.listings import MemoryEntries, MemoryFolders, MemoryUploads
from tests.support.world import World

HOUR, DAY = 3600.0, 86400.0
AGES = Ages(orphan=DAY, receipt=12 * HOUR, lease=HOUR)
NAMES = ("320.webp", "640.webp")
RECIPE = "0123456789ab"


@dataclass(kw_only=True)
class ReconciledWorld(World):
    """A `World` whose workers make two renditions of whatever is uploaded."""

    uploads: MemoryUploads = field(init=False)
    folders: MemoryFolders = field(init=False)
    entries: MemoryEntries = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.uploads = MemoryUploads(self.sources, self.clock)
        self.folders = MemoryFolders(self.renditions, self.clock)
        self.entries = MemoryEntries(self.catalog)

    @property
    def stores(self) -> Stores:
        return Stores(
            self.uploads,
            self.folders,
            self.entries,
            self.sources,
            self.renditions,
            self.catalog,
            self.topic,
            self.clock,
        )

    def upload(self, key: str, content: bytes) -> None:
        """Upload, record, process; then let time pass."""
        self.dispatch(self.sources.upload(key, content))
        self.work_off()
        self.clock.now += 2 * DAY

    def remove(self, key: str) -> None:
        """Put a delete marker on top, record it; then let time pass."""
        self.dispatch(self.sources.remove(key))
        self.renditions.delete_below(f"{asset_id(UPLOADS, key)}/")
        self.clock.now += 2 * DAY

    def work_off(self) -> int:
        """Process what was published; return how much of it was to be done."""
        events, self.topic.published = self.topic.published, []
        return sum(self._process(each) for each in events if each.action is Action.CREATED)

    def _process(self, event: UploadEvent) -> bool:
        claim = self.catalog.claim(event, lease_seconds=60)
        if claim.state is not ClaimState.CLAIMED:
            return False
        assert claim.lease_token
        content = self.sources.read(event.source)
        made = tuple(self._make(event, name, content) for name in NAMES)
        listed = manifest_key(event.source, event.sequencer, RECIPE)
        self.renditions.put(listed, b"{}", "application/json")
        outcome = Outcome(
            AssetStatus.READY, recipe=RECIPE, renditions=made, manifest_key=listed, processed_ms=1
        )
        self.catalog.commit(event, claim.lease_token, outcome)
        return True

    def _make(self, event: UploadEvent, name: str, source: bytes) -> Rendition:
        key = rendition_key(event.source, event.sequencer, RECIPE, name)
        content = name.encode() + source
        self.renditions.put(key, content, "image/webp")
        digest = hashlib.sha256(content).hexdigest()
        return Rendition(
            name, RenditionKind.IMAGE, "image/webp", key, bytes=len(content), sha256=digest
        )

    def shown(self) -> dict[str, dict[str, bytes | None]]:
        """Return what a page would show: the bytes of each key's live renditions by name."""
        assets = [asset for status in AssetStatus for asset in self.catalog.by_status(status)]
        return {
            asset.source.key: {
                each.name: self.renditions.fetch(each.key or "") for each in asset.renditions
            }
            for asset in assets
            if asset.status is not AssetStatus.DELETED
        }

    def entry(self, key: str) -> Asset:
        asset = self.find(key)
        assert asset is not None
        return asset

    def forget(self, *keys: str) -> None:
        """Lose entries, as if somebody had deleted their items."""
        for key in keys:
            del self.catalog._entries[asset_id(UPLOADS, key)]

    def survey(self, ages: Ages = AGES, start: Position | None = None) -> list[Finding]:
        """Look through everything without changing it."""
        found: list[Finding] = []
        position: Position | None = start or Position()
        while position:
            step = survey(position, self.stores, ages, FULL)
            found += step.findings
            position = step.position
        return found
