"""Derive from the catalog's stream what no asset refers to any more, and delete it."""

from __future__ import annotations

from collections.abc import Iterable

from lib.keys import prefix_of, version_prefix
from lib.model import Asset, AssetStatus, Change
from lib.ports import Storage


def sweep(changes: Iterable[Change], storage: Storage) -> int:
    """Delete the renditions that the changes left behind; return how many there were.

    Every upload event has a prefix of its own, and what is dropped is never referred to again, so
    that this can run late, twice or out of order. Raises TransientError.
    """
    dropped = {
        prefix
        for change in changes
        for prefix in _referred_prefixes(change.old) - _referred_prefixes(change.new)
    }
    return sum(storage.delete_below(prefix) for prefix in sorted(dropped))


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
