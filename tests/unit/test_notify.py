"""One event for each asset that reaches a terminal state."""

import json
from dataclasses import replace

import pytest

from lib.application.notify import notify
from lib.domain.asset import AssetStatus, Change
from lib.domain.media import MediaType
from tests.support.fakes import RecordingAssetEvents
from tests.unit.test_sweep import READY_1, asset


@pytest.mark.parametrize("status", [status for status in AssetStatus if status.terminal])
def test_a_terminal_state_is_published_once(status):
    events = RecordingAssetEvents()
    done = asset(1, status, live=1)
    assert notify([Change(asset(1, AssetStatus.PROCESSING), done)], events) == 1
    [event] = events.published
    assert event["type"] == f"asset.{status.value.lower()}"
    assert event["attributes"] == (status, MediaType.UNSUPPORTED)
    assert json.loads(json.dumps(event))["manifest_key"] == done.manifest_key


@pytest.mark.parametrize(
    "change",
    [
        Change(None, asset(1, AssetStatus.RECEIVED)),
        Change(asset(1, AssetStatus.RECEIVED), asset(1, AssetStatus.PROCESSING)),
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
    )
    assert notify([Change(None, READY_1), Change(READY_1, failed)], events) == 2
    ready, [event] = events.published[0], events.published[1:]
    assert ready["error"] is None
    assert event == {
        "schema": 1,
        "type": "asset.failed",
        "asset_id": failed.asset_id,
        "bucket": failed.source.bucket,
        "key": "a.jpg",
        "version_id": "v2",
        "status": "FAILED",
        "media_type": "video",
        "manifest_key": READY_1.manifest_key,
        "error": {"code": "CORRUPT_MEDIA", "message": "", "permanent": True},
        "updated_at": "2027-01-15T08:00:00.000Z",
        "attributes": (AssetStatus.FAILED, MediaType.VIDEO),
    }
