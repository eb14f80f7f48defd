"""What dispatch records and publishes, for every kind of S3 event."""

from dataclasses import replace

import pytest

from lib.application.dispatch import Recording
from lib.domain.asset import AssetStatus, Outcome
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import Action
from lib.domain.keys import pad_sequencer
from lib.domain.media import MediaType
from tests.support.catalog_cases import record
from tests.support.fakes import JPEG_HEAD, MemorySources, received
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
    assert (recorded.state, recorded.rejected) == (Recording.RECORDED, asset.error)
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


def test_a_late_event_tells_nothing_new(world):
    first = world.sources.upload("a.jpg", JPEG_HEAD)
    second = world.sources.upload("a.jpg", JPEG_HEAD + b"2")
    world.dispatch(second)
    [late] = world.dispatch(first)
    assert late.state is Recording.KNOWN
    assert world.find("a.jpg").source == second.source
    assert {each.source for each in world.topic.published} == {second.source}


def test_the_first_event_that_comes_tells_what_is_current_then(world):
    first = world.sources.upload("a.jpg", JPEG_HEAD)
    second = world.sources.upload("a.jpg", JPEG_HEAD + b"2")
    world.dispatch(first)
    assert world.find("a.jpg").source == second.source
    assert world.find("a.jpg").sequencer == pad_sequencer(first.sequencer)
    [known] = world.dispatch(second)
    assert (known.state, known.event.sequencer) == (Recording.KNOWN, first.sequencer)


def test_a_delete_marker_buries_the_asset_and_a_late_upload_cannot_resurrect_it(world):
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    removal = world.sources.remove("a.jpg")
    world.dispatch(removal)
    world.dispatch(upload)
    assert world.find("a.jpg").status is AssetStatus.DELETED
    [message] = world.topic.published
    assert message.action is Action.REMOVED


def test_a_removal_whose_publication_failed_is_published_when_it_comes_again(world):
    world.dispatch(world.sources.upload("a.jpg", JPEG_HEAD))
    removal = world.sources.remove("a.jpg")
    world.topic.failures = 1
    with pytest.raises(TransientError):
        world.dispatch(removal)
    world.dispatch(removal)
    assert [each.action for each in world.topic.published] == [Action.CREATED, Action.REMOVED]


@pytest.mark.parametrize("status", [AssetStatus.PROCESSING, AssetStatus.READY, AssetStatus.FAILED])
def test_what_is_begun_is_not_published_again(world, status):
    event = world.sources.upload("a.jpg", JPEG_HEAD)
    world.dispatch(event)
    [message] = world.topic.published
    world.catalog.claim(message, lease_seconds=60, token="token")
    if status is not AssetStatus.PROCESSING:
        world.catalog.commit(message, "token", Outcome(status))
    before = world.find("a.jpg")
    [known] = world.dispatch(event)
    assert (known.state, known.publish) == (Recording.KNOWN, False)
    assert (world.find("a.jpg"), len(world.topic.published)) == (before, 1)


def test_an_event_from_before_a_tombstone_was_dropped_brings_nothing_back(world):
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    world.sources.remove("a.jpg")
    world.dispatch(upload)
    assert world.find("a.jpg").status is AssetStatus.DELETED


class Changing(MemorySources):
    """A bucket in which something happens while it is looked at."""

    def __init__(self, *meanwhile):
        super().__init__()
        self.meanwhile = list(meanwhile)

    def find_current(self, bucket, key, length):
        found = super().find_current(bucket, key, length)
        if self.meanwhile:
            self.meanwhile.pop(0)(self)
        return found


def test_what_was_seen_before_another_looked_is_looked_at_again(world):
    first = world.sources.upload("a.jpg", JPEG_HEAD)

    def overtake(sources):
        world.dispatch(sources.upload("a.jpg", JPEG_HEAD + b"2"))

    world.sources = Changing(overtake)
    world.sources.versions = {("uploads", "a.jpg"): [(first.source.version_id, JPEG_HEAD)]}
    world.sources.sequence = 1
    [recorded] = world.dispatch(first)
    assert recorded.state is Recording.KNOWN
    assert world.find("a.jpg").source == world.sources.current_version("uploads", "a.jpg")


def test_who_writes_over_an_entry_looks_whether_that_is_still_current(world):
    first = world.sources.upload("a.jpg", JPEG_HEAD)
    world.dispatch(first)

    def go_back_unnoticed(sources):
        [known] = world.dispatch(sources.destroy(second))
        assert known.state is Recording.KNOWN

    changing = Changing(lambda _: None, go_back_unnoticed)
    changing.versions, changing.sequence = world.sources.versions, world.sources.sequence
    world.sources = changing
    second = world.sources.upload("a.jpg", JPEG_HEAD + b"2")
    [recorded] = world.dispatch(second)
    assert (recorded.state, recorded.event.source) == (Recording.RECORDED, first.source)
    assert world.find("a.jpg").source == first.source
    assert world.topic.published[-1].source == first.source


def test_who_wrote_a_tombstone_looks_again_too(world):
    """The key is restored meanwhile, and whoever heard of that found nothing to write."""
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    world.dispatch(upload)
    marker = world.sources.remove("a.jpg")

    def restore(sources):
        [known] = world.dispatch(sources.destroy(marker))
        assert known.state is Recording.KNOWN

    restoring = Changing(restore)
    restoring.versions, restoring.sequence = world.sources.versions, world.sources.sequence
    world.sources = restoring
    world.dispatch(marker)
    asset = world.find("a.jpg")
    assert (asset.status, asset.source) == (AssetStatus.RECEIVED, upload.source)


def test_who_is_overtaken_each_time_asks_for_another_call(world):
    def overtake(sources):
        event = received(sources.upload("a.jpg", b"x"))
        record(world.catalog, replace(event, source=replace(event.source, etag="other")))

    world.sources = Changing(*[overtake] * 99)
    with pytest.raises(TransientError, match="changes faster"):
        world.dispatch(world.sources.upload("a.jpg", JPEG_HEAD))


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
    before = world.find("a.jpg")
    for lease in ("", "token"):
        if lease:
            message = world.topic.published[-1]
            world.catalog.claim(message, lease_seconds=60, token=lease)
            before, published = world.find("a.jpg"), len(world.topic.published)
        [known] = world.dispatch(world.sources.destroy(old))
        assert known.state is Recording.KNOWN
        assert world.find("a.jpg") == before
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


def test_an_upload_that_is_gone_when_its_event_comes_is_a_removal(world):
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    world.sources.destroy(upload)
    world.dispatch(upload)
    assert world.find("a.jpg").status is AssetStatus.DELETED


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 1)])
@pytest.mark.parametrize("first", ["F", "FF", "FFFFFFFFFFFFFFFFFF", "0000000000000001000"])
def test_the_length_of_sequencers_decides_nothing(world, first, order):
    events = [
        replace(world.sources.upload("a.jpg", JPEG_HEAD), sequencer=first),
        world.sources.upload("a.jpg", JPEG_HEAD + b"2"),
    ]
    for number in order:
        world.dispatch(events[number])
    assert world.find("a.jpg").source == events[1].source


def test_no_name_of_a_recording_comes_twice(world):
    """A version is restored, and an event from before comes again: see also the two lengths."""
    upload = world.sources.upload("a.jpg", JPEG_HEAD)
    names = []
    for _ in range(3):
        marker = world.sources.remove("a.jpg")
        for event in (upload, upload):
            world.dispatch(replace(event, sequencer=event.sequencer + "00"))
        names.append(world.find("a.jpg").sequencer)
        world.sources.destroy(marker)
        world.dispatch(upload)
        names.append(world.find("a.jpg").sequencer)
    assert len(set(names)) == 6
    assert names == sorted(names)


def test_what_is_rejected_follows_what_was_made(world):
    world.dispatch(world.sources.upload("a.jpg", JPEG_HEAD))
    world.dispatch(world.sources.upload("a.jpg", b"just words"))
    assert world.find("a.jpg").status is AssetStatus.REJECTED
    world.dispatch(world.sources.remove("a.jpg"))
    assert world.find("a.jpg").status is AssetStatus.DELETED
