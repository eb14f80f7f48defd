"""Derive from the catalog's stream what no asset refers to any more: delete it, stop its making."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lib.domain.asset import Asset, AssetStatus, Change
from lib.domain.keys import prefix_of, version_prefix
from lib.domain.ports import Executions, Renditions


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
