"""Make good what was found. Each looks again first, so that what changed meanwhile stays."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from lib.application.dispatch import record_current
from lib.application.make_again import make_again, name_recording
from lib.application.reconcile.findings import (
    Ages,
    Finding,
    Kind,
    compare_folder,
    compare_folder_list,
    compare_upload,
    compare_waiting,
)
from lib.application.reconcile.parts import parts_of
from lib.application.reconcile.stores import AT_ONCE, Stores
from lib.domain.asset import Asset
from lib.domain.errors import TransientError
from lib.domain.events import Action, ObjectEvent, Source
from lib.domain.keys import asset_id


def examine(asset: Asset | None, source: Source, stores: Stores, ages: Ages) -> list[Finding]:
    """Return all that is wrong with one key, as both buckets are now.

    `source` names bucket and key, `asset` is its entry. Raises TransientError.
    """
    current = stores.sources.current_version(source.bucket, source.key)
    if finding := compare_upload(current, asset):
        return [finding]
    now = stores.clock()
    if asset and (finding := compare_waiting(asset, now, ages)):
        return [finding]
    folder = stores.folders.folder(asset_id(source.bucket, source.key))
    return compare_folder(folder, asset, now, ages, parts_of(asset, stores.renditions))


class Mended(StrEnum):
    """What became of a finding."""

    MENDED = "mended"
    NOTHING = "nothing to do"
    """It was not so any more, or there is nothing that can be done."""
    FAILED = "failed"
    """AWS refused something of it: the next round finds it again."""


def mend_all(findings: Sequence[Finding], stores: Stores, ages: Ages) -> list[Mended]:
    """Make findings good, several at once; one that can't be is no reason to leave the others."""

    def mended(finding: Finding) -> Mended:
        try:
            return Mended.MENDED if mend(finding, stores, ages) else Mended.NOTHING
        except TransientError:
            return Mended.FAILED

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(mended, findings))


def mend(finding: Finding, stores: Stores, ages: Ages) -> bool:
    """Make a finding good; False where there was nothing to do any more. Raises TransientError."""
    if finding.kind is Kind.LOST:
        return False
    if finding.kind in (Kind.MISSING, Kind.ORPHANS):
        return _mend_folder(finding, stores, ages)
    if finding.kind is Kind.UNLISTED:
        asset = stores.catalog.get(finding.asset_id)
        return bool(asset and compare_folder_list(asset) and stores.catalog.index(asset))
    assert finding.source is not None
    if finding.kind is Kind.STUCK:
        asset = stores.catalog.get(finding.asset_id)
        if asset is None or not compare_waiting(asset, stores.clock(), ages):
            return False
        return make_again(asset, stores)
    record(finding.source, stores)
    return True


def mend_asset(identity: str, stores: Stores, ages: Ages) -> int:
    """Look at one asset again and make good what is wrong with it; return how much was."""
    asset = stores.catalog.get(identity)
    if asset:
        findings = examine(asset, asset.source, stores, ages)
    else:
        folder = stores.folders.folder(identity)
        findings = compare_folder(folder, None, stores.clock(), ages)
    return sum(mend(each, stores, ages) for each in findings)


def record(source: Source, stores: Stores) -> None:
    """Write what is current of a key into the catalog, and publish it if it is not finished."""
    hint = ObjectEvent(Action.REMOVED, source, name_recording(stores.clock()))
    recorded = record_current(hint, stores.sources, stores.catalog, stores.clock)
    if recorded.publish:
        stores.topic.publish([recorded.event])


def _mend_folder(finding: Finding, stores: Stores, ages: Ages) -> bool:
    """Look at a folder, then at its entry, and act on that at once."""
    folder = stores.folders.folder(finding.asset_id)
    asset = stores.catalog.get(finding.asset_id)
    parts = parts_of(asset, stores.renditions) if finding.kind is Kind.MISSING else ()
    for found in compare_folder(folder, asset, stores.clock(), ages, parts):
        if found.kind is Kind.ORPHANS and finding.kind is Kind.ORPHANS:
            stores.renditions.delete(found.keys)
            return True
        if found.kind is Kind.MISSING and asset:
            return make_again(asset, stores)
    return False
