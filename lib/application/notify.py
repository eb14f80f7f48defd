"""Tell the rest of the world, from the catalog's stream, when an asset reaches a terminal state."""

from __future__ import annotations

from collections.abc import Iterable

from lib.domain.asset import Asset, Change
from lib.domain.events import SCHEMA
from lib.domain.ports import AssetEvents
from lib.domain.serialized import failure_to_values


def notify(changes: Iterable[Change], events: AssetEvents) -> int:
    """Publish one event per asset that became terminal; return how many.

    At least once, in the order of each asset's changes. Raises TransientError.
    """
    published = 0
    for change in changes:
        asset = change.new
        if asset is None or not asset.status.terminal or _same_state(change.old, asset):
            continue
        events.publish(asset_event(asset), status=asset.status, media=asset.media_type)
        published += 1
    return published


def asset_event(asset: Asset) -> dict[str, object]:
    """Return the body of an asset event; the manifest has the rest."""
    return {
        "schema": SCHEMA,
        "type": f"asset.{asset.status.lower()}",
        "asset_id": asset.asset_id,
        "bucket": asset.source.bucket,
        "key": asset.source.key,
        "version_id": asset.source.version_id,
        "status": asset.status,
        "media_type": asset.media_type,
        "manifest_key": asset.manifest_key,
        "error": failure_to_values(asset.error) if asset.error else None,
        "updated_at": asset.updated_at,
    }


def _same_state(old: Asset | None, new: Asset) -> bool:
    return old is not None and (old.status, old.sequencer) == (new.status, new.sequencer)
