"""Tell a receiver again what has become of assets, from what the catalog says of them now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Protocol

from lib.application.notify import asset_event, attributes_of, state_type
from lib.domain.asset import Asset, AssetStatus


class Entries(Protocol):
    """The catalog, by status."""

    def by_status(self, status: AssetStatus, *, newest_first: bool = True) -> Iterator[Asset]:
        """Iterate over the entries of one status by `updated_at`."""
        ...


class Events(Protocol):
    """The receiver's queue."""

    def send_body(self, body: str, attributes: Mapping[str, str], after_seconds: float = 0) -> None:
        """Send an event, with attributes that are texts. Raises TransientError."""
        ...


def replay(entries: Entries, since: str, events: Events) -> int:
    """Queue the event of each asset that has ended `since` (ISO UTC); return how many.

    Each is what was told when it ended, with the same id: a receiver that has it drops it. Of what
    came before nothing is told again.
    """
    queued = 0
    for status in AssetStatus:
        if not status.terminal:
            continue
        for asset in takewhile(lambda each: each.updated_at >= since, entries.by_status(status)):
            body = json.dumps(asset_event(asset), separators=(",", ":"))
            events.send_body(body, attributes_of(asset, state_type(asset)))
            queued += 1
    return queued
