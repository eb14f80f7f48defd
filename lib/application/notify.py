"""Tell the rest of the world, from the catalog's stream, what becomes of each asset.

    asset.received   a version is recorded, or one that had ended is to be worked on again
    asset.progress   how far the work is, where a stage asks for it
    asset.playable   another version is live than before, of which something can be shown
    asset.ready, .partial, .failed, .rejected, .deleted   the terminal states

Each is made of one change of the entry, whose `revision` it has: that grows with each write, so
that whoever hears of an asset in another order knows the newest. Its `id` is always the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from lib.domain.asset import Asset, AssetStatus, Change
from lib.domain.events import SCHEMA
from lib.domain.ports import AssetEvents
from lib.domain.renditions import RenditionKind
from lib.domain.serialized import failure_to_values

PLAYABLE, PROGRESS = "asset.playable", "asset.progress"

SHOWN = frozenset(
    {RenditionKind.IMAGE, RenditionKind.VIDEO, RenditionKind.AUDIO, RenditionKind.STREAM}
)
"""Kinds of renditions that stand for the asset itself."""


def notify(changes: Iterable[Change], events: AssetEvents, *, progress: bool = False) -> int:
    """Publish what the changes are told as; return how many events.

    At least once, in the order of each asset's changes. `progress`: also how far the work is.
    Raises TransientError.
    """
    published = 0
    for change in changes:
        asset = change.new
        if asset is None:
            continue
        for kind in event_types(change.old, asset):
            if kind != PROGRESS or progress:
                events.publish(asset_event(asset, kind), attributes_of(asset, kind))
                published += 1
    return published


def event_types(old: Asset | None, new: Asset) -> Iterator[str]:
    """Iterate over the types of the events that a change is told as, in their order."""
    if new.status is AssetStatus.PROCESSING and _is_further(old, new):
        yield PROGRESS
    if new.status is AssetStatus.RECEIVED and _is_to_be_made(old, new):
        yield state_type(new)
    if new.status.terminal and not _same_state(old, new):
        if _is_playable(new) and (old is None or _live(old) != _live(new)):
            yield PLAYABLE
        yield state_type(new)


def state_type(asset: Asset) -> str:
    """Return the type of the event that says which status an asset has."""
    return f"asset.{asset.status.lower()}"


def asset_event(asset: Asset, kind: str | None = None) -> dict[str, object]:
    """Return the body of an asset event, of its status or another; the manifest has the rest."""
    kind = kind or state_type(asset)
    return {
        "schema": SCHEMA,
        "id": event_id(asset, kind),
        "type": kind,
        "asset_id": asset.asset_id,
        "revision": asset.revision,
        "bucket": asset.source.bucket,
        "key": asset.source.key,
        "version_id": asset.source.version_id,
        "status": asset.status,
        "progress": asset.progress,
        "media_type": asset.media_type,
        "manifest_key": asset.manifest_key,
        "error": failure_to_values(asset.error) if asset.error else None,
        "updated_at": asset.updated_at,
    }


def event_id(asset: Asset, kind: str) -> str:
    """Return the name of an event: the same whenever it is made of the same change.

    A revision may come twice, with another time: a release that counts none wrote over it, or the
    table was restored to what it was before.
    """
    name = f"{asset.asset_id} {asset.revision} {asset.updated_at} {kind}"
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"evt_{digest[:32]}"


def attributes_of(asset: Asset, kind: str) -> dict[str, str]:
    """Return what filter policies select by.

    `asset.playable` has no status: who asks for READY and PARTIAL is told once.
    """
    status = {} if kind == PLAYABLE else {"status": asset.status}
    return {"type": kind, "media_type": asset.media_type, **status}


def _same_state(old: Asset | None, new: Asset) -> bool:
    return old is not None and (old.status, old.sequencer) == (new.status, new.sequencer)


def _is_to_be_made(old: Asset | None, new: Asset) -> bool:
    """Tell whether a recording is new, or had ended; what a worker gives back is neither."""
    return old is None or old.sequencer != new.sequencer or old.status.terminal


def _is_further(old: Asset | None, new: Asset) -> bool:
    """Tell whether more of the work is done than before."""
    before = old.progress if old is not None and _same_state(old, new) else None
    return new.progress is not None and (before is None or new.progress > before)


def _live(asset: Asset) -> tuple[str | None, str | None]:
    return asset.live_version_id, asset.manifest_key


def _is_playable(asset: Asset) -> bool:
    return any(each.kind in SHOWN and each.key for each in asset.renditions)
