"""What lies in the buckets and in the catalog, page by page, for whoever compares them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import Source

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Page(Generic[Found]):
    """A part of a listing. `after` is where the next one starts; None where there is none."""

    found: tuple[Found, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """The latest version of a key. `removed`: it is a delete marker. `modified` epoch seconds."""

    source: Source
    modified: float
    removed: bool = False


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object beside the renditions. `size` in bytes, `modified` epoch seconds."""

    key: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Folder:
    """All that lies below `<asset_id>/` in the renditions bucket."""

    asset_id: str
    objects: tuple[StoredObject, ...] = ()


class Uploads(Protocol):
    """The uploads bucket, key by key. All of these raise TransientError."""

    def page(self, after: str) -> Page[Upload]:
        """Return the latest versions of some keys, from the start where `after` is empty."""
        ...


class Folders(Protocol):
    """The renditions bucket, asset by asset; what lies beside the assets' folders is left out."""

    def page(self, after: str) -> Page[Folder]:
        """Return some folders, each whole, from the start where `after` is empty."""
        ...

    def folder(self, asset_id: str) -> Folder:
        """Return one folder; empty where there is none."""
        ...

    def has(self, key: str) -> bool:
        """Tell whether an object is there."""
        ...


class Entries(Protocol):
    """The catalog's entries, many at once; what was written within a second may be missing."""

    def page(self, after: str) -> Page[Asset]:
        """Return some entries, in no order, from the start where `after` is empty."""
        ...

    def find(self, asset_ids: Iterable[str]) -> dict[str, Asset | None]:
        """Return the entries that there are, by their ids; None for what can't be read."""
        ...

    def unchanged(self, status: AssetStatus, since: str, after: str) -> Page[Asset]:
        """Return some entries of one status whose `updated_at` is before `since`, oldest first."""
        ...
