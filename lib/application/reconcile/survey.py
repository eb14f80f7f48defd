"""Look through a whole stage for what is wrong, one bounded step after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from lib.application.reconcile.findings import (
    Ages,
    Finding,
    Kind,
    compare_folder,
    compare_folder_list,
    compare_upload,
    compare_waiting,
    is_renewable,
)
from lib.application.reconcile.parts import parts_of
from lib.application.reconcile.stores import AT_ONCE, Stores
from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import to_iso
from lib.domain.keys import asset_id
from lib.domain.listings import Folder, Page

UNFINISHED = (AssetStatus.RECEIVED, AssetStatus.PROCESSING)


class Phase(StrEnum):
    """What is listed, in this order: uploads are recorded before anything is taken for orphaned."""

    WAITING = "waiting"
    """Unfinished entries that have not changed for long."""
    UPLOADS = "uploads"
    """The uploads bucket, against the catalog."""
    CATALOG = "catalog"
    """The catalog, against both buckets, object by object."""
    RENDITIONS = "renditions"
    """The renditions bucket, against the catalog."""


QUICK = (Phase.WAITING, Phase.UPLOADS)
"""What costs a request for a hundred assets, or fewer."""

FULL = tuple(Phase)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a survey is: the phase, and where its next page starts."""

    phase: Phase = Phase.WAITING
    after: str = ""

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.phase}:{self.after}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read a position. Raises ValueError, which says what was expected."""
        phase, _, after = text.partition(":")
        if phase not in list(Phase):
            known = ", ".join(f"{each}:" for each in Phase)
            raise ValueError(f"expected a position that starts with {known} but received {text!r}")
        return cls(Phase(phase), after)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step found among how many it looked at, and where to go on; None at the end."""

    findings: tuple[Finding, ...]
    looked: int
    position: Position | None


def survey(position: Position, stores: Stores, ages: Ages, phases: tuple[Phase, ...]) -> Step:
    """Look at one page of what a phase lists. Raises TransientError."""
    look = {
        Phase.WAITING: _look_at_waiting,
        Phase.UPLOADS: _look_at_uploads,
        Phase.CATALOG: _look_at_entries,
        Phase.RENDITIONS: _look_at_folders,
    }[position.phase]
    page = look(position.after, stores, ages)
    findings = tuple(each for each in page.found if each)
    if page.after is not None:
        return Step(findings, len(page.found), Position(position.phase, page.after))
    later = phases[phases.index(position.phase) + 1 :]
    return Step(findings, len(page.found), Position(later[0]) if later else None)


Looked = Page[Finding | None]
"""What is wrong with each of those that were looked at; None where nothing is."""


def _look_at_waiting(after: str, stores: Stores, ages: Ages) -> Looked:
    now = stores.clock()
    name, _, rest = (after or UNFINISHED[0]).partition(" ")
    status = AssetStatus(name)
    page = stores.entries.unchanged(status, to_iso(now - min(ages.receipt, ages.lease)), rest)
    found = tuple(compare_waiting(asset, now, ages) for asset in page.found)
    if page.after is not None:
        return Page(found, f"{status} {page.after}")
    later = UNFINISHED[UNFINISHED.index(status) + 1 :]
    return Page(found, later[0] if later else None)


def _look_at_uploads(after: str, stores: Stores, ages: Ages) -> Looked:
    """Compare what is in the uploads bucket. What is young is left to its event."""
    page = stores.uploads.page(after)
    due = stores.clock() - ages.lease
    old = {
        asset_id(each.source.bucket, each.source.key): each
        for each in page.found
        if each.modified <= due
    }
    known = stores.entries.find(old)
    found = [
        compare_upload(None if upload.removed else upload.source, known.get(identity))
        for identity, upload in old.items()
        if known.get(identity, upload) is not None
    ]
    others = len(page.found) - len(found)
    return Page((*found, *[None] * others), page.after)


def _look_at_entries(after: str, stores: Stores, ages: Ages) -> Looked:
    """Compare each entry with its upload and its manifest: two requests."""
    page = stores.entries.page(after)
    due = to_iso(stores.clock() - ages.lease)

    def look(asset: Asset) -> Finding | None:
        if asset.status is AssetStatus.DELETED:
            return None
        current = stores.sources.current_version(asset.source.bucket, asset.source.key)
        if current is None:  # a removal that is young is left to its event
            return compare_upload(None, asset) if asset.updated_at <= due else None
        if asset.manifest_key is None or stores.folders.has(asset.manifest_key):
            return compare_folder_list(asset)
        # That of a version which is being replaced will be, too.
        if not asset.status.terminal:
            return None
        kind = Kind.MISSING if is_renewable(asset) else Kind.LOST
        return Finding(kind, asset.asset_id, asset.source, "no manifest", (asset.manifest_key,))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Page(tuple(pool.map(look, page.found)), page.after)


def _look_at_folders(after: str, stores: Stores, ages: Ages) -> Looked:
    page = stores.folders.page(after)
    known = stores.entries.find(each.asset_id for each in page.found)
    now = stores.clock()

    def look(folder: Folder) -> list[Finding]:
        asset = known.get(folder.asset_id)
        if folder.asset_id in known and asset is None:
            return []  # it can't be read, so that nobody knows what is live
        return compare_folder(folder, asset, now, ages, parts_of(asset, stores.renditions))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        looked = list(pool.map(look, page.found))
    nothing: list[Finding | None] = [None]
    return Page(tuple(each for found in looked for each in found or nothing), page.after)
