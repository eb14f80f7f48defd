"""What dispatch records and publishes, for every kind of S3 event."""

from dataclasses import replace

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.domain.asset import AssetStatus, ClaimState
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import Action
from lib.domain.media import MediaType
from tests.support.fakes import JPEG_HEAD
from tests.support.world import World


@pytest.fixture
def world():
    return World()


def test_an_upload_is_recorded_by_its_bytes_and_published(world):
    event = world.sources.upload("holiday.txt", JPEG_HEAD)
    world.dispatch(event)
    assert world.find("holiday.txt").status is AssetStatus.RECEIVED
    [message] = world.topic.published
    assert (message.media_type, message.mime) == (MediaType.IMAGE, "image/jpeg")
    assert message.source == event.source
    assert message.received_at == "2027-01-15T08:00:00.000+00:00"


def test_a_preset_that_the_upload_asks_for_goes_with_the_message(world):
    world.sources.presets["a.jpg"] = "avatar"
    world.dispatch(*(world.sources.upload(name, JPEG_HEAD) for name in ("a.jpg", "b.jpg")))
    assert [each.preset for each in world.topic.published] == ["avatar", None]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"just words\n", "text"),
        (b"", "empty"),
        (b"<svg/>", "SVG"),
        (b"\1\2\3\4" * 8, "not a known image, video or audio file"),
    ],
)
def test_an_unsupported_upload_is_rejected_with_its_reason_and_not_published(
    world, content, reason
):
    event = world.sources.upload("photo.jpg", content)
    [recorded] = world.dispatch(event)
    asset = world.find("photo.jpg")
    assert asset.status is AssetStatus.REJECTED
    assert (asset.error.code, asset.error.permanent) == (ErrorCode.UNSUPPORTED_MEDIA, True)
    assert (recorded.state, recorded.rejected) == (ClaimState.CLAIMED, asset.error)
    assert recorded.event.source == event.source
    assert reason in asset.error.message
    assert world.topic.published == []


def test_a_repeated_event_is_published_again_because_the_first_may_not_have_been(world):
    event = world.sources.upload("a.jpg", JPEG_HEAD)
    world.topic.failures = 1
    with pytest.raises(TransientError):
        world.dispatch(event)
    world.dispatch(event)
    assert [each.source for each in world.topic.published] == [event.source]
    assert world.find("a.jpg").status is AssetStatus.RECEIVED


def test_a_late_event_is_neither_recorded_nor_published(world):
    first = world.sources.upload("a.jpg", JPEG_HEAD)
    second = world.sources.upload("a.jpg", JPEG_HEAD + b"2")
    world.dispatch(second)
    [late] = world.dispatch(first)
    assert late.state is ClaimState.STALE
    assert world.find("a.jpg").source == second.source
    assert [each.source for each in world.topic.published] == [second.source]


def test_a_delete_marker_buries_the_asset_and_a_late_upload_cannot_resurrect_it(world):
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    removal = world.sources.remove("a.jpg")
    world.dispatch(removal)
    world.dispatch(upload)
    assert world.find("a.jpg").status is AssetStatus.DELETED
    [message] = world.topic.published
    assert message.action is Action.REMOVED


def test_a_removal_is_published_with_what_the_asset_was(world):
    world.dispatch(world.sources.upload("a.jpg", JPEG_HEAD))
    world.dispatch(world.sources.remove("a.jpg"))
    removal = world.topic.published[-1]
    assert (removal.media_type, removal.mime) == (MediaType.IMAGE, "image/jpeg")
    world.dispatch(world.sources.remove("never-seen.jpg"))
    removal = world.topic.published[-1]
    assert (removal.media_type, removal.mime) == (MediaType.UNSUPPORTED, "")


def test_destroying_an_old_version_changes_nothing(world):
    old = world.sources.upload("a.jpg", JPEG_HEAD)
    new = world.sources.upload("a.jpg", JPEG_HEAD + b"2")
    world.dispatch(old, new)
    published = len(world.topic.published)
    assert world.dispatch(world.sources.destroy(old)) == []
    assert world.find("a.jpg").source == new.source
    assert len(world.topic.published) == published


def test_destroying_the_delete_marker_brings_the_version_below_back(world):
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    marker = world.sources.remove("a.jpg")
    world.dispatch(upload, marker)
    world.dispatch(world.sources.destroy(marker))
    asset = world.find("a.jpg")
    assert (asset.status, asset.source) == (AssetStatus.RECEIVED, upload.source)
    assert world.topic.published[-1].action is Action.CREATED


def test_destroying_the_only_version_buries_the_asset(world):
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    world.dispatch(upload)
    world.dispatch(world.sources.destroy(upload))
    assert world.find("a.jpg").status is AssetStatus.DELETED


def test_an_upload_whose_version_is_gone_is_rejected(world):
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    world.sources.destroy(upload)
    world.dispatch(upload)
    assert world.find("a.jpg").error.code is ErrorCode.SOURCE_GONE


@pytest.mark.parametrize("current_is_long", [True, False])
def test_where_sequencers_differ_in_length_s3_decides(world, current_is_long):
    first = world.sources.upload("a.jpg", JPEG_HEAD)
    second = world.sources.upload("a.jpg", JPEG_HEAD + b"2")
    # Padded, the older event's sequencer is the larger string.
    first = replace(first, sequencer="F" if current_is_long else "FFFFFFFFFFFFFFFFFF")
    for order in ((first, second), (second, first)):
        world.catalog = MemoryCatalog()
        world.dispatch(*order)
        assert world.find("a.jpg").source == second.source


def test_what_is_rejected_goes_over_what_it_cannot_be_compared_with(world):
    world.dispatch(replace(world.sources.upload("a.jpg", JPEG_HEAD), sequencer="F"))
    world.dispatch(replace(world.sources.upload("a.jpg", b"just words"), sequencer="FF"))
    assert world.find("a.jpg").status is AssetStatus.REJECTED
    world.dispatch(replace(world.sources.remove("a.jpg"), sequencer="FFF"))
    assert world.find("a.jpg").status is AssetStatus.DELETED
