"""What is told of each change of an asset."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lib.application.notify import event_id, notify
from lib.domain.asset import AssetStatus, Change
from lib.domain.media import MediaType
from lib.domain.renditions import Rendition, RenditionKind
from tests.support.fakes import RecordingAssetEvents
from tests.unit.test_sweep import READY_1, asset


def progressed(percent):
    return replace(asset(1, AssetStatus.PROCESSING), progress=percent)


@pytest.mark.parametrize("status", [status for status in AssetStatus if status.terminal])
def test_a_terminal_state_is_published_once(status):
    events = RecordingAssetEvents()
    done = asset(1, status, live=1)
    assert notify([Change(asset(1, AssetStatus.PROCESSING), done)], events) == 1
    [event] = events.published
    assert event["type"] == f"asset.{status.value.lower()}"
    assert event["attributes"] == {
        "type": event["type"],
        "status": status,
        "media_type": MediaType.UNSUPPORTED,
    }
    assert json.loads(json.dumps(event))["manifest_key"] == done.manifest_key


@pytest.mark.parametrize(
    "change",
    [
        Change(asset(1, AssetStatus.RECEIVED), asset(1, AssetStatus.PROCESSING)),
        Change(asset(1, AssetStatus.PROCESSING), asset(1, AssetStatus.RECEIVED)),  # given back
        Change(asset(1, AssetStatus.RECEIVED), asset(1, AssetStatus.RECEIVED)),
        Change(asset(1, AssetStatus.PROCESSING), progressed(40)),
        Change(READY_1, replace(READY_1, processed_ms=7)),
        Change(READY_1, None),
    ],
)
def test_nothing_else_is(change):
    assert notify([change], RecordingAssetEvents()) == 0


def test_a_newer_version_that_ends_alike_is_published_again():
    assert notify([Change(READY_1, asset(2, AssetStatus.READY, live=2))], RecordingAssetEvents())


def test_subscribers_are_told_what_is_known_of_the_asset():
    events = RecordingAssetEvents()
    failed = replace(
        asset(2, AssetStatus.FAILED, live=1),
        media_type=MediaType.VIDEO,
        updated_at="2027-01-15T08:00:00.000Z",
        revision=1_800_000_000_007,
    )
    assert notify([Change(None, READY_1), Change(READY_1, failed)], events) == 2
    ready, [event] = events.published[0], events.published[1:]
    assert ready["error"] is None
    assert event == {
        "schema": 1,
        "id": event_id(failed, "asset.failed"),
        "type": "asset.failed",
        "asset_id": failed.asset_id,
        "revision": 1_800_000_000_007,
        "bucket": failed.source.bucket,
        "key": "a.jpg",
        "version_id": "v2",
        "status": "FAILED",
        "progress": None,
        "media_type": "video",
        "manifest_key": READY_1.manifest_key,
        "error": {"code": "CORRUPT_MEDIA", "message": "", "permanent": True},
        "updated_at": "2027-01-15T08:00:00.000Z",
        "attributes": {"type": "asset.failed", "status": "FAILED", "media_type": "video"},
    }


@pytest.mark.parametrize(
    "change",
    [
        Change(None, asset(1, AssetStatus.RECEIVED)),
        Change(asset(1, AssetStatus.RECEIVED), asset(2, AssetStatus.RECEIVED)),
        Change(READY_1, asset(2, AssetStatus.RECEIVED, live=1)),
        Change(READY_1, asset(1, AssetStatus.RECEIVED, live=1)),  # to be made again
    ],
)
def test_what_is_to_be_made_is_told_when_it_is_recorded(change):
    assert types(change) == ["asset.received"]


def test_progress_is_told_where_it_is_asked_for():
    further = Change(progressed(20), progressed(40))
    assert types(further) == []
    assert types(further, progress=True) == ["asset.progress"]
    assert types(Change(None, progressed(0)), progress=True) == ["asset.progress"]
    for old in (progressed(40), progressed(41)):
        assert types(Change(old, progressed(40)), progress=True) == []
    newer = replace(progressed(10), sequencer="2".zfill(16))
    assert types(Change(progressed(40), newer), progress=True) == ["asset.progress"]


def made(kind, *, live="v1", status=AssetStatus.READY, key="k"):
    """Return an asset that has one rendition live."""
    rendition = Rendition("a", kind, "image/jpeg", key)
    return replace(READY_1, status=status, live_version_id=live, renditions=(rendition,))


WORKING = asset(1, AssetStatus.PROCESSING)


@pytest.mark.parametrize("kind", ["image", "video", "audio", "stream"])
@pytest.mark.parametrize("status", [AssetStatus.READY, AssetStatus.PARTIAL])
def test_what_can_be_shown_is_told_just_before_its_end(kind, status):
    done = made(RenditionKind(kind), status=status)
    assert types(Change(WORKING, done)) == ["asset.playable", f"asset.{status.lower()}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (WORKING, made(RenditionKind.POSTER)),
        (WORKING, made(RenditionKind.STREAM, key=None)),
        (made(RenditionKind.IMAGE, status=AssetStatus.PROCESSING), made(RenditionKind.IMAGE)),
        (
            made(RenditionKind.IMAGE, status=AssetStatus.PROCESSING),
            made(RenditionKind.IMAGE, status=AssetStatus.FAILED),
        ),
    ],
)
def test_what_shows_nothing_or_was_shown_before_is_not_playable_anew(old, new):
    assert types(Change(old, new)) == [f"asset.{new.status.lower()}"]


def test_who_asks_for_statuses_is_told_once():
    done = made(RenditionKind.IMAGE)
    events = RecordingAssetEvents()
    notify([Change(WORKING, done)], events)
    attributes: list[Any] = [each["attributes"] for each in events.published]
    assert [each.get("status") for each in attributes] == [None, "READY"]


def test_an_event_has_the_same_id_each_time_and_no_other_has_it():
    newer = replace(READY_1, revision=8)
    ids = [event_id(each, "asset.ready") for each in (READY_1, newer, newer)]
    assert ids[1] == ids[2] != ids[0]
    assert event_id(newer, "asset.playable") != ids[1]
    assert event_id(replace(newer, asset_id="other"), "asset.ready") != ids[1]


@pytest.mark.parametrize("revision", [0, 7])
def test_a_change_that_did_not_count_is_named_by_its_time(revision):
    times = ("2027-01-15T08:00:00.000Z", "2027-01-15T08:00:00.001Z")
    written = [replace(READY_1, updated_at=each, revision=revision) for each in times]
    assert len({event_id(each, "asset.ready") for each in written}) == 2


def types(change, **how):
    events = RecordingAssetEvents()
    assert notify([change], events, **how) == len(events.published)
    return [each["type"] for each in events.published]
