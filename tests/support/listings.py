"""The buckets and the catalog of a `World`, as they are listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import Source
from lib.domain.listings import Folder, Page, StoredObject, Upload
from tests.support.fakes import ManualClock, MemoryRenditions, MemorySources

Found = TypeVar("Found")
AGE_OF_ALL = 10 * 86400.0
"""Seconds: how long objects have been there, where a test does not say."""


@dataclass
class MemoryUploads:
    """Latest versions, `size` of them a page."""

    sources: MemorySources
    clock: ManualClock
    size: int = 2
    ages: dict[str, float] = field(default_factory=dict)

    def page(self, after: str) -> Page[Upload]:
        keys = [key for bucket, key in sorted(self.sources.versions) if key > after]
        return _page(keys, self.size, keys, tuple(map(self._latest, keys[: self.size])))

    def _latest(self, key: str) -> Upload:
        [bucket] = {bucket for bucket, each in self.sources.versions if each == key}
        modified = self.clock() - self.ages.get(key, AGE_OF_ALL)
        current = self.sources.current_version(bucket, key)
        if current is None:
            return Upload(Source(bucket, key, "marker", "", 0), modified, removed=True)
        return Upload(current, modified)


@dataclass
class MemoryFolders:
    """Folders of assets, `size` of them a page."""

    renditions: MemoryRenditions
    clock: ManualClock
    size: int = 2
    ages: dict[str, float] = field(default_factory=dict)

    def page(self, after: str) -> Page[Folder]:
        names = sorted({key.split("/")[0] for key in self.renditions.objects} - {"config"})
        names = [each for each in names if each > after]
        return _page(names, self.size, names, tuple(map(self.folder, names[: self.size])))

    def folder(self, asset_id: str) -> Folder:
        stored = (
            StoredObject(
                key,
                len(self.renditions.objects[key]),
                self.clock() - self.ages.get(key, AGE_OF_ALL),
            )
            for key in self.renditions.keys_below(f"{asset_id}/")
        )
        return Folder(asset_id, tuple(stored))

    def has(self, key: str) -> bool:
        return key in self.renditions.objects


@dataclass
class MemoryEntries:
    """Entries of a catalog in memory, `size` of them a page."""

    catalog: MemoryCatalog
    size: int = 2
    unreadable: set[str] = field(default_factory=set)

    def page(self, after: str) -> Page[Asset]:
        assets = [each for each in self._all() if each.asset_id > after]
        ids = [each.asset_id for each in assets]
        return _page(assets, self.size, ids, tuple(assets[: self.size]))

    def find(self, asset_ids: Iterable[str]) -> dict[str, Asset | None]:
        found = {each: self.catalog.get(each) for each in asset_ids}
        return {
            name: None if name in self.unreadable else asset
            for name, asset in found.items()
            if asset
        }

    def unchanged(self, status: AssetStatus, since: str, after: str) -> Page[Asset]:
        assets = [
            each
            for each in self.catalog.by_status(status, newest_first=False)
            if each.updated_at < since and f"{each.updated_at} {each.asset_id}" > after
        ]
        names = [f"{each.updated_at} {each.asset_id}" for each in assets]
        return _page(assets, self.size, names, tuple(assets[: self.size]))

    def _all(self) -> list[Asset]:
        every = (asset for status in AssetStatus for asset in self.catalog.by_status(status))
        return sorted(
            (each for each in every if each.asset_id not in self.unreadable),
            key=lambda each: each.asset_id,
        )


def _page(
    every: Sequence[object], size: int, names: Sequence[str], found: tuple[Found, ...]
) -> Page[Found]:
    return Page(found, names[size - 1] if len(every) > size else None)
