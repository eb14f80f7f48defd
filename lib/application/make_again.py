"""Have an upload processed once more, under the name that it is recorded by."""

from __future__ import annotations

from typing import Protocol

from lib.application.dispatch import Recording, record_current
from lib.domain.asset import Asset, AssetStatus
from lib.domain.clock import Clock
from lib.domain.events import Action, ObjectEvent
from lib.domain.ports import Catalog, Sources, Topic

TICKS = 1 << 32
"""Of a second, in what `name_recording` counts."""


class Recorders(Protocol):
    """What says which upload is current, and gets it processed."""

    @property
    def sources(self) -> Sources:
        """Return where uploads lie."""
        ...

    @property
    def catalog(self) -> Catalog:
        """Return where they are recorded."""
        ...

    @property
    def topic(self) -> Topic:
        """Return where they are published."""
        ...

    @property
    def clock(self) -> Clock:
        """Return the time."""
        ...


def make_again(asset: Asset, recorders: Recorders) -> bool:
    """Have an upload processed under the name that it is recorded by; what is live stays live.

    False where the entry is not as it was seen any more, or where what is current is not supported.
    """
    hint = ObjectEvent(Action.REMOVED, asset.source, name_recording(recorders.clock()))
    recorded = record_current(hint, recorders.sources, recorders.catalog, recorders.clock)
    if recorded.state is Recording.KNOWN:
        supported = recorded.event.action is Action.CREATED and recorded.rejected is None
        if not supported or not _reopen(asset, recorders.catalog):
            return False
    elif not recorded.publish:
        return True
    recorders.topic.publish([recorded.event])
    return True


def _reopen(asset: Asset, catalog: Catalog) -> bool:
    """Reopen an entry; True also where that went through, and only its reply was lost."""
    if catalog.reopen(asset):
        return True
    found = catalog.get(asset.asset_id)
    if found is None or found.sequencer != asset.sequencer:
        return False
    return found.status is AssetStatus.RECEIVED


def name_recording(now: float) -> str:
    """Return a sequencer as S3 makes them today, of the time: later than all before, if it can be.

    A name that is lost with its entry is then not given to another recording of the key.
    """
    return f"00{round(now * TICKS):016X}"
