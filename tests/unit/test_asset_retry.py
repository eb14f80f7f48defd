"""Have an asset made again, or removed: by whom it belongs to, and once."""

from contextlib import suppress
from dataclasses import replace

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.doors.assets import find_asset, find_by_key, remove_asset
from lib.application.doors.refusals import RefusalCode, Refused
from lib.application.doors.retry import LARGEST_COPY, retry_asset, retry_with_preset
from lib.domain.asset import AssetStatus
from lib.domain.caller import Caller
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.events import Current
from lib.domain.keys import asset_id
from tests.support.catalog_cases import PERMANENT, READY
from tests.support.fakes import JPEG_HEAD, UPLOADS, MemorySources
from tests.support.library import LibraryWorld
from tests.support.world import PRESETS

ANYBODY, MINE, YOURS = Caller(), Caller("mine"), Caller("yours")
KEY = "mine/a.jpg"
ID = asset_id(UPLOADS, KEY)
FAILED = replace(READY, status=AssetStatus.FAILED, error=PERMANENT)
TWO = replace(PRESETS, by_name={**PRESETS.by_name, "small": PRESETS.named(None)})


@pytest.fixture
def world():
    return LibraryWorld()


def refused(call, *arguments):
    with pytest.raises(Refused) as raised:
        call(*arguments)
    return raised.value.code


def retry(world, caller=MINE, preset=None):
    if preset is None:
        return retry_asset(ID, caller, world.library)
    return retry_with_preset(ID, preset, caller, world.library, TWO)


@pytest.mark.parametrize("call", [find_asset, remove_asset, retry_asset])
def test_anothers_asset_is_as_if_there_were_none(world, call):
    world.finish(KEY)
    for identity in (ID, asset_id(UPLOADS, "none"), "", "x", ID.upper(), "../" + ID, ID + "\n"):
        code = refused(call, identity, YOURS, world.library)
        assert code is RefusalCode.NOT_FOUND, identity
    assert world.originals.events == []
    assert world.entry(KEY).status is AssetStatus.READY


def test_what_is_no_id_is_not_asked_for(world):
    class Unasked(MemoryCatalog):
        def get(self, asset_id):
            raise AssertionError(f"DynamoDB takes no {asset_id!r}")

    library = replace(world.library, catalog=Unasked())
    for identity in ("", "x", "x" * 3000, "é" * 32):
        assert refused(find_asset, identity, MINE, library) is RefusalCode.NOT_FOUND


@pytest.mark.parametrize("call", [find_asset, remove_asset, retry_asset])
def test_what_was_deleted_is_gone_for_its_owner_and_unknown_to_others(world, call):
    world.finish(KEY)
    world.dispatch(world.sources.remove(KEY))
    assert refused(call, ID, MINE, world.library) is RefusalCode.GONE
    assert refused(call, ID, YOURS, world.library) is RefusalCode.NOT_FOUND


def test_a_key_names_the_asset_of_its_bucket(world):
    world.finish(KEY)
    assert find_by_key(KEY, MINE, world.library).asset_id == ID
    for key in ("mine/A.jpg", "mine//a.jpg", "mine/%61.jpg", "/mine/a.jpg", "", "mine/a.jpg/"):
        assert refused(find_by_key, key, MINE, world.library) is RefusalCode.NOT_FOUND, key


def test_what_is_removed_is_removed_in_s3_and_the_rest_follows_from_that(world):
    world.finish(KEY)
    assert remove_asset(ID, MINE, world.library).status is AssetStatus.READY
    world.dispatch(*world.originals.events)
    assert world.entry(KEY).status is AssetStatus.DELETED


@pytest.mark.parametrize("outcome", [READY, FAILED, replace(READY, status=AssetStatus.PARTIAL)])
def test_what_is_finished_is_made_again_and_stays_live(world, outcome):
    world.finish(KEY)
    world.clock.now += 1
    live = world.finish(KEY, outcome)
    assert retry(world).status is AssetStatus.RECEIVED
    assert world.entry(KEY).renditions == live.renditions
    assert world.work_off() == 1
    assert world.entry(KEY).status is AssetStatus.READY
    assert world.entry(KEY).source == live.source, "it is no new version"


@pytest.mark.parametrize("preset", [None, "small", "default"])
def test_what_is_worked_on_is_not_retried(world, preset):
    world.drop(KEY)
    published = len(world.topic.published)
    assert refused(retry, world, MINE, preset) is RefusalCode.CONFLICT
    world.catalog.claim(world.topic.published[0], lease_seconds=60)
    assert refused(retry, world, MINE, preset) is RefusalCode.CONFLICT
    assert len(world.topic.published) == published
    assert world.originals.events == []


@pytest.mark.parametrize("preset", [None, "small"])
def test_who_retries_twice_gets_one_new_outcome(world, preset):
    world.finish(KEY)
    retry(world, preset=preset)
    assert refused(retry, world, MINE, preset) is RefusalCode.CONFLICT
    world.dispatch(*world.originals.events)
    assert world.work_off() == 1
    assert world.work_off() == 0
    assert len(world.originals.events) == (preset is not None)


@pytest.mark.parametrize("preset", [None, "small"])
def test_of_two_retries_at_once_one_outcome_comes(world, preset):
    world.finish(KEY)
    seen, catalog = world.entry(KEY), world.catalog

    class Late(MemoryCatalog):
        """A catalog that says first what it said before the other retry."""

        first = True

        def get(self, identity):
            if self.first:
                self.first = False
                return seen
            return catalog.get(identity)

        def __getattribute__(self, name):
            own = name in ("get", "first", "__class__")
            return object.__getattribute__(self, name) if own else getattr(catalog, name)

    retry(world, preset=preset)
    late = replace(world.library, catalog=Late())
    with suppress(Refused):
        if preset is None:
            retry_asset(ID, MINE, late)
        else:
            retry_with_preset(ID, preset, MINE, late, TWO)
    world.dispatch(*world.originals.events)
    assert world.work_off() == 1
    assert world.work_off() == 0
    assert len(world.originals.events) <= 1


def test_another_preset_is_a_new_version_that_asks_for_it(world):
    before = world.finish(KEY)
    assert retry(world, preset="small").status is AssetStatus.RECEIVED
    world.dispatch(*world.originals.events)
    [message] = world.topic.published
    assert message.preset == "small"
    assert message.source.version_id != before.source.version_id
    assert world.sources.read(message.source) == world.sources.read(before.source)


@pytest.mark.parametrize("asked", ["default", "small"])
def test_the_same_preset_needs_no_new_version(world, asked):
    world.sources.presets[KEY] = asked
    world.finish(KEY, replace(READY, preset=asked))
    retry(world, preset=asked)
    assert world.originals.events == []
    assert [each.preset for each in world.topic.published] == [asked]


def test_the_preset_that_made_what_is_live_is_the_same(world):
    world.finish(KEY)
    assert world.entry(KEY).preset == "default"
    retry(world, preset="default")
    assert world.originals.events == []


def test_an_unknown_preset_is_refused_with_the_words_of_its_job(world):
    world.finish(KEY)
    with pytest.raises(PermanentError) as raised:
        retry(world, preset="nope")
    with pytest.raises(PermanentError) as later:
        TWO.named("nope")
    assert raised.value.code is ErrorCode.UNKNOWN_PRESET
    assert raised.value.message == later.value.message
    assert world.entry(KEY).status is AssetStatus.READY


def test_what_s3_does_not_copy_at_once_keeps_its_preset(world):
    world.finish(KEY)

    class Large(MemorySources):
        def find_current(self, bucket, key, length):
            current = world.sources.find_current(bucket, key, length)
            assert current is not None
            return Current(replace(current.source, size=LARGEST_COPY + 1), current.head)

    library = replace(world.library, sources=Large())
    code = refused(retry_with_preset, ID, "small", MINE, library, TWO)
    assert code is RefusalCode.CONFLICT
    assert world.entry(KEY).status is AssetStatus.READY


def test_what_can_not_be_copied_now_is_made_again_by_its_old_preset(world):
    world.finish(KEY)
    world.originals.refusal = TransientError(ErrorCode.SERVICE_UNAVAILABLE, "S3 is away")
    with pytest.raises(TransientError, match="S3 is away"):
        retry(world, preset="small")
    assert world.work_off() == 1
    assert world.entry(KEY).status is AssetStatus.READY


def test_an_upload_that_comes_meanwhile_wins(world):
    world.finish(KEY)
    world.originals.refusal = Refused(RefusalCode.CONFLICT, "another came")
    assert refused(retry, world, MINE, "small") is RefusalCode.CONFLICT
    newer = world.sources.upload(KEY, JPEG_HEAD + b"newer")
    world.dispatch(newer)
    world.work_off()
    entry = world.entry(KEY)
    assert (entry.status, entry.source.version_id) == (AssetStatus.READY, newer.source.version_id)


def test_what_is_not_replaced_for_another_upload_does_not_wait_for_ever(world):
    world.finish(KEY)
    world.originals.refusal = Refused(RefusalCode.CONFLICT, "another came")
    assert refused(retry, world, MINE, "small") is RefusalCode.CONFLICT
    assert world.work_off() == 1
    assert world.entry(KEY).status is AssetStatus.READY


@pytest.mark.parametrize("preset", [None, "small"])
def test_an_upload_that_is_gone_is_gone(world, preset):
    world.finish(KEY)
    world.sources.remove(KEY)  # of which nobody has heard yet
    assert refused(retry, world, MINE, preset) is RefusalCode.GONE


def test_what_is_not_supported_is_not_tried_again(world):
    world.drop(KEY, b"text")
    assert world.entry(KEY).status is AssetStatus.REJECTED
    assert refused(retry, world) is RefusalCode.CONFLICT
    assert world.topic.published == []
