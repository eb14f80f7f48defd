"""What is told again, from what the catalog says now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.doors.replay import replay
from lib.application.doors.webhook import read_event
from lib.application.notify import notify
from lib.domain.asset import Asset, Change
from lib.domain.clock import to_iso
from lib.domain.events import Source
from tests.support.catalog_cases import NEW, PERMANENT, READY, START, removal, upload
from tests.support.fakes import ManualClock, RecordingAssetEvents


class Events:
    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], Mapping[str, str]]] = []

    def send_body(self, body: str, attributes: Mapping[str, str], after_seconds: float = 0) -> None:
        self.sent.append((read_event(body), attributes))


def source(key: str) -> Source:
    return Source("uploads", key, f"v-{key}", "etag", 9)


@pytest.fixture
def catalog() -> MemoryCatalog:
    """Return a catalog with an asset in each of some states, a second apart."""
    clock = ManualClock()
    made = MemoryCatalog(clock)
    for key in ("old.jpg", "ready.jpg", "working.jpg"):
        event = upload(NEW, source=source(key))
        made.receive(event)
        made.claim(event, lease_seconds=60, token=key)
        if key != "working.jpg":
            made.commit(event, key, READY)
        clock.now += 1
    made.receive(upload(NEW, source=source("waiting.jpg")))
    made.reject(upload(NEW, source=source("rejected.txt")), PERMANENT)
    made.remove(removal(NEW))
    return made


def told(catalog: MemoryCatalog, since: float) -> list[dict[str, Any]]:
    events = Events()
    assert replay(catalog, to_iso(since), events) == len(events.sent)
    return [event for event, _ in events.sent]


def test_what_ended_since_then_is_told(catalog):
    found = told(catalog, START + 1)
    assert sorted((each["key"], each["type"]) for each in found) == [
        ("a b.jpg", "asset.deleted"),
        ("ready.jpg", "asset.ready"),
        ("rejected.txt", "asset.rejected"),
    ]
    assert len(told(catalog, START)) == 4
    assert told(catalog, START + 9) == []


def test_what_is_told_again_is_what_was_told_before(catalog):
    [asset] = [each for each in all_assets(catalog) if each.source.key == "ready.jpg"]
    before = RecordingAssetEvents()
    notify([Change(None, asset)], before)
    events = Events()
    replay(catalog, to_iso(START), events)
    again = [
        {**event, "attributes": by} for event, by in events.sent if event["key"] == "ready.jpg"
    ]
    assert again == json.loads(json.dumps(before.published[-1:]))


def all_assets(catalog: MemoryCatalog) -> list[Asset]:
    return [entry.asset for entry in catalog._entries.values()]
