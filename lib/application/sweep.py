"""Delete what no asset refers to any more, and never what is live.

`sweep` learns it from the catalog's stream, and stops what makes more of it; a worker deletes what
it wrote itself where its upload turns out not to be wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lib.domain.asset import Asset, AssetStatus, Change
from lib.domain.events import UploadEvent
from lib.domain.keys import MANIFEST_NAME, WORK_FOLDER, asset_id, prefix_of, version_prefix
from lib.domain.ports import Catalog, Executions, Renditions


def sweep(changes: Sequence[Change], renditions: Renditions, executions: Executions) -> int:
    """Delete the renditions that the changes left behind; return how many there were.

    Executions that make more of them are stopped first. Every upload event has a prefix of its own,
    and what is dropped is never referred to again, so that this can run late, twice or out of
    order. Raises TransientError.
    """
    for execution in sorted(set(_superseded_executions(changes))):
        executions.stop(execution, "a newer upload, or a removal, is known")
    dropped = {
        prefix
        for change in changes
        for prefix in _referred_prefixes(change.old) - _referred_prefixes(change.new)
    }
    return sum(renditions.delete_below(prefix) for prefix in sorted(dropped))


def delete_unwanted(
    event: UploadEvent,
    renditions: Renditions,
    catalog: Catalog,
    written: Iterable[str] | None = None,
) -> None:
    """Delete what was made of an upload, except what is live: `written`, or all below its prefix.

    For whoever learnt that the upload is superseded, or has failed for good: sweep may have come
    before the last of it was stored. Superseded does not mean that it is not live: its commit may
    have gone through before the newer event came, and what is live stays until the next commit.

    It is enough to look once. An upload that is superseded, or has failed for good, is never
    committed again, so that what is not live now will not be.
    """
    if written is None:
        written = renditions.keys_below(version_prefix(event.source, event.sequencer))
    asset = catalog.get(asset_id(event.source.bucket, event.source.key))
    renditions.delete(key for key in written if not is_live(key, asset))


def is_live(key: str, asset: Asset | None) -> bool:
    """Tell whether a key lies where the live manifest does; work files are never live."""
    if asset is None or asset.manifest_key is None:
        return False
    folder = asset.manifest_key.removesuffix(MANIFEST_NAME)
    return key.startswith(folder) and not key.startswith(f"{folder}{WORK_FOLDER}/")


def _superseded_executions(changes: Iterable[Change]) -> Iterable[str]:
    """Name the executions that held an upload which is not the newest any more."""
    for old, new in ((each.old, each.new) for each in changes):
        superseded = old and (new is None or new.sequencer != old.sequencer)
        if old and superseded and old.execution and old.lease_token == old.execution:
            yield old.execution


def _referred_prefixes(asset: Asset | None) -> set[str]:
    """Return what must stay: the live version's prefix, and that of a version still to finish."""
    if asset is None or asset.status is AssetStatus.DELETED:
        return set()
    prefixes = {prefix_of(asset.manifest_key)} if asset.manifest_key else set()
    if _may_still_finish(asset):
        prefixes.add(version_prefix(asset.source, asset.sequencer))
    return prefixes


def _may_still_finish(asset: Asset) -> bool:
    if asset.status is AssetStatus.FAILED:
        return asset.error is not None and not asset.error.permanent
    return not asset.status.terminal
