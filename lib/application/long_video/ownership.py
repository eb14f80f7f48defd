"""What an execution may still do: it works as long as the upload's lease is its own."""

from __future__ import annotations

from enum import StrEnum

from lib.domain.asset import Asset, AssetStatus
from lib.domain.events import UploadEvent
from lib.domain.keys import asset_id, pad_sequencer
from lib.domain.ports import Catalog


class Standing(StrEnum):
    """How an execution stands to its upload."""

    OWNER = "OWNER"
    """It holds the lease."""
    FINISHED = "FINISHED"
    """The upload has an outcome, or another holds its lease: touch nothing."""
    UNWANTED = "UNWANTED"
    """A newer upload or a removal is known, or it failed for good: `superseded.clear` it."""


def look_up(event: UploadEvent, catalog: Catalog) -> Asset | None:
    """Return the catalog's entry of an upload's key."""
    return catalog.get(asset_id(event.source.bucket, event.source.key))


def standing(event: UploadEvent, execution: str, asset: Asset | None) -> Standing:
    """Tell how an execution stands, from the entry as it is."""
    if asset is None or asset.sequencer != pad_sequencer(event.sequencer):
        return Standing.UNWANTED
    if asset.lease_token == execution:
        return Standing.OWNER
    failed = asset.status in (AssetStatus.FAILED, AssetStatus.REJECTED)
    final = failed and asset.error is not None and asset.error.permanent
    return Standing.UNWANTED if final else Standing.FINISHED
