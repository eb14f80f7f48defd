"""What can be wrong with an asset: pure comparisons of what S3 and the catalog hold of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lib.application.sweep import is_live, pending_prefix
from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import to_iso
from lib.domain.events import Source
from lib.domain.keys import asset_id, folder_of, prefix_of, version_prefix
from lib.domain.listings import Folder

UNVERSIONED = "null"
"""What a listing calls the one version of a key that never had others; events leave it out."""


class Kind(StrEnum):
    """What is wrong."""

    UNRECORDED = "UNRECORDED"
    """An upload has no entry."""
    OUTDATED = "OUTDATED"
    """The entry is of another version than the current one."""
    BURIED = "BURIED"
    """The entry is a tombstone, but the key has a current version."""
    GONE = "GONE"
    """The entry is of an upload that is not there any more."""
    STUCK = "STUCK"
    """Nobody works on an unfinished upload, and nobody will."""
    MISSING = "MISSING"
    """Renditions that are live are not stored, or not whole."""
    LOST = "LOST"
    """The same of an older version, which can't be made again: its upload was replaced."""
    ORPHANS = "ORPHANS"
    """Nothing refers to objects, and nothing will."""
    UNLISTED = "UNLISTED"
    """The entry is in no folder's list: a release wrote it last that knew of none."""

    @property
    def deletes(self) -> bool:
        """Tell whether renditions are deleted where it is made good."""
        return self in (Kind.GONE, Kind.ORPHANS)


MENDED_BY = {
    Kind.UNRECORDED: "record and process",
    Kind.OUTDATED: "record and process",
    Kind.BURIED: "record and process",
    Kind.GONE: "record the removal, delete renditions",
    Kind.STUCK: "process",
    Kind.MISSING: "make again, in place",
    Kind.LOST: "nothing: upload it again",
    Kind.ORPHANS: "delete",
    Kind.UNLISTED: "list in its folder",
}
"""What is done about it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an asset; `keys` of objects that are missing or superfluous.

    `source` names bucket and key; None where only the asset's id is known. `size` in bytes.
    """

    kind: Kind
    asset_id: str
    source: Source | None
    detail: str
    keys: tuple[str, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class Ages:
    """From which age on something is wrong, in seconds: younger is under way."""

    orphan: float
    """Since an object was written."""
    receipt: float
    """Since an upload that waits was last changed: more than it may wait for its turn."""
    lease: float
    """Since a lease ran out, or an event was due: more than a message is hidden for."""


def compare_upload(current: Source | None, asset: Asset | None) -> Finding | None:
    """Compare what is current of a key with its entry; one of the two is there."""
    if current is None:
        if asset is None or asset.status is AssetStatus.DELETED:
            return None
        detail = f"{asset.status}, but no version is current"
        return Finding(Kind.GONE, asset.asset_id, asset.source, detail)
    identity = asset_id(current.bucket, current.key)
    if asset is None:
        return Finding(Kind.UNRECORDED, identity, current, "uploaded, but not in the catalog")
    if asset.status is AssetStatus.DELETED:
        return Finding(Kind.BURIED, identity, current, "DELETED, but a version is current")
    if _version(asset.source) != _version(current):
        recorded = asset.source.version_id or UNVERSIONED
        detail = f"{asset.status} of version {recorded}, current is {current.version_id}"
        return Finding(Kind.OUTDATED, identity, current, detail)
    return None


def _version(source: Source) -> tuple[str, str]:
    return source.version_id or UNVERSIONED, source.etag


def compare_waiting(asset: Asset, now: float, ages: Ages) -> Finding | None:
    """Tell whether an unfinished upload waits for nobody."""
    if asset.status is AssetStatus.RECEIVED and asset.updated_at <= to_iso(now - ages.receipt):
        why = f", {asset.error.code}" if asset.error else ""
        return _stuck(asset, f"RECEIVED since {asset.updated_at}{why}")
    if asset.status is AssetStatus.PROCESSING:
        ended = max(asset.lease_expires_at or "", asset.updated_at)
        if ended <= to_iso(now - ages.lease):
            return _stuck(asset, f"PROCESSING, but the lease ended {asset.lease_expires_at}")
    return None


def _stuck(asset: Asset, detail: str) -> Finding:
    return Finding(Kind.STUCK, asset.asset_id, asset.source, detail)


def compare_folder(
    folder: Folder, asset: Asset | None, now: float, ages: Ages, parts: Sequence[str] = ()
) -> list[Finding]:
    """Compare what is stored of an asset with what its entry lists, and the `parts` of that.

    Nothing is said of an asset that is not finished: what its last version left behind serves until
    then, also where the catalog has forgotten it.
    """
    if asset and not asset.status.terminal:
        return []
    source = asset.source if asset else None
    stored = {each.key: each.size for each in folder.objects}
    lost = []
    if asset and (missing := missing_keys(asset, stored, parts)):
        kind = Kind.MISSING if is_renewable(asset) else Kind.LOST
        detail = f"{len(missing)} of {len(live_sizes(asset)) + len(parts)} live objects"
        lost.append(Finding(kind, folder.asset_id, source, detail, missing))
        if kind is Kind.MISSING:
            return lost  # and what is made again may need the rest
    orphans = [
        each
        for each in folder.objects
        if now - each.modified >= ages.orphan and not _is_wanted(each.key, asset)
    ]
    if asset is None and len(orphans) < len(folder.objects):
        return []  # what is new may be of an upload that is recorded just now
    if not orphans:
        return lost
    keys, size = tuple(each.key for each in orphans), sum(each.size for each in orphans)
    state = asset.status if asset else "no entry"
    detail = f"{len(keys)} objects, {state}"
    return [*lost, Finding(Kind.ORPHANS, folder.asset_id, source, detail, keys, size)]


def compare_folder_list(asset: Asset) -> Finding | None:
    """Tell whether an entry is in no folder's list, though its upload lies in a folder."""
    folder = folder_of(asset.source.key)
    if asset.folder == folder or asset.status is AssetStatus.DELETED:
        return None
    return Finding(Kind.UNLISTED, asset.asset_id, asset.source, f"in no list of {folder}/")


def live_sizes(asset: Asset) -> dict[str, int | None]:
    """Return the objects that an entry lists as live, with their sizes in bytes where known."""
    if asset.manifest_key is None:
        return {}
    listed = {each.key: each.bytes for each in asset.renditions if each.key}
    return {asset.manifest_key: None, **listed}


def missing_keys(
    asset: Asset, stored: dict[str, int], parts: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the live objects that are not stored, or not in the size that they were made in."""
    sizes = {**dict.fromkeys(parts), **live_sizes(asset)}
    return tuple(
        key for key, size in sizes.items() if key not in stored or size not in (None, stored[key])
    )


def is_renewable(asset: Asset) -> bool:
    """Tell whether what is live is of the recorded upload, so that it can be made again."""
    if asset.manifest_key is None:
        return False
    return prefix_of(asset.manifest_key) == version_prefix(asset.source, asset.sequencer)


def _is_wanted(key: str, asset: Asset | None) -> bool:
    """Tell whether a key is live, or of an upload that may still finish."""
    if asset is None:
        return False
    pending = pending_prefix(asset)
    return is_live(key, asset) or (pending is not None and key.startswith(pending))
