"""What a caller may know of one asset, and have done with it."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass

from lib.application.doors.links import Links
from lib.application.doors.ports import AssetIndex, Originals
from lib.application.doors.refusals import RefusalCode, Refused
from lib.domain.asset import Asset, AssetStatus
from lib.domain.caller import Caller
from lib.domain.clock import Clock, from_iso
from lib.domain.keys import asset_id, is_asset_id
from lib.domain.ports import Catalog, Sources, Topic

SHAPE = 1
"""Counts what `asset_values` says of an asset: whoever has the answer of before gets it anew."""

SHORTEST_WAIT, LONGEST_WAIT = 1, 30
"""Seconds between two looks at an asset that is worked on."""

AWAITED = 0.5
"""Of the time for which nothing has changed: so long at most nothing more is heard."""


@dataclass(frozen=True, slots=True)
class Library:
    """A stage's assets: what is known of them, where they lie and how they are processed."""

    bucket: str
    """Of the uploads."""
    catalog: Catalog
    index: AssetIndex
    sources: Sources
    originals: Originals
    topic: Topic
    links: Links
    clock: Clock = time.time


def find_asset(identity: str, caller: Caller, library: Library) -> Asset:
    """Return an asset by its id. Raises Refused: NOT_FOUND, also for another's, and GONE."""
    asset = library.catalog.get(identity) if is_asset_id(identity) else None
    if asset is None or not caller.owns(asset.source.key):
        raise Refused(RefusalCode.NOT_FOUND, "there is no such asset")
    if asset.status is AssetStatus.DELETED:
        raise Refused(RefusalCode.GONE, "the asset was deleted")
    return asset


def find_by_key(key: str, caller: Caller, library: Library) -> Asset:
    """Return an asset by its upload's key. Raises as `find_asset`."""
    return find_asset(asset_id(library.bucket, key), caller, library)


def remove_asset(identity: str, caller: Caller, library: Library) -> Asset:
    """Remove an asset's upload, and return it as it was: its renditions follow. Raises Refused."""
    asset = find_asset(identity, caller, library)
    library.originals.remove(asset.source.bucket, asset.source.key)
    return asset


def edition_of(asset: Asset, links: Links) -> str:
    """Return what another answer about the same asset has not got: 16 hex digits."""
    # Releases without revisions have written entries of which these tell two states apart.
    before = (asset.updated_at, asset.status, asset.sequencer)
    inputs = (SHAPE, asset.asset_id, asset.revision, *before, links.edition)
    return hashlib.sha256(repr(inputs).encode()).hexdigest()[:16]


def seconds_until_change(asset: Asset, now: float) -> int | None:
    """Return when to look at an asset again, None where nothing more will happen by itself.

    The longer nothing has changed, the longer that may still last; but what is nearly done is not
    waited for as long.
    """
    if asset.status.terminal:
        return None
    silent = now - from_iso(asset.updated_at) if asset.updated_at else 0.0
    left = LONGEST_WAIT * (100 - (asset.progress or 0)) / 100
    return math.floor(max(SHORTEST_WAIT, min(silent * AWAITED, left, LONGEST_WAIT)))
