"""A stage that was broken is made good again, in one go or step by step, and nothing else is."""

import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from lib.application.make_again import make_again, name_recording
from lib.application.reconcile.findings import Kind
from lib.application.reconcile.mend import examine, mend
from lib.application.reconcile.rounds import MARGIN_SECONDS, Round, Rules, work
from lib.application.reconcile.survey import Phase, Position
from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import Action, ObjectEvent
from lib.domain.keys import version_prefix
from tests.support.fakes import UPLOADS, received
from tests.support.reconciled import AGES, DAY, HOUR, NAMES, RECIPE, ReconciledWorld

PHOTO = b"\xff\xd8\xff\xe0" + bytes(20)
KEYS = ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
RULES = Rules(AGES, most_deletes=3, full_seconds=DAY - HOUR)


@dataclass
class Note:
    """What is remembered between two invocations."""

    text: str | None = None

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


@dataclass
class Told:
    """What was told of findings."""

    lines: list[tuple[str, str | None, str]] = field(default_factory=list)

    def __call__(self, finding, became):
        self.lines.append((finding.kind, finding.source and finding.source.key, became))


@pytest.fixture
def world():
    world = ReconciledWorld()
    for key in KEYS:
        world.upload(key, PHOTO + key.encode())
    return world


@pytest.fixture
def note():
    return Note()


def run(world, note=None, rules=RULES, left=lambda: 900.0):
    """Invoke the function once; return what it did and told."""
    told = Told()
    worked = work(world.stores, rules, note or Note(), left, told)
    return worked, told.lines


def test_nothing_is_wrong_with_a_stage_that_works(world):
    before = dict(world.renditions.objects)
    worked, told = run(world)
    assert (worked.complete, worked.mended, worked.held, told) == (True, 0, 0, [])
    assert worked.looked == 3 * len(KEYS)
    assert (world.renditions.objects, world.topic.published) == (before, [])


def test_an_entry_of_a_release_without_lists_is_listed_in_its_folder(world):
    world.upload("x/old.jpg", PHOTO)
    asset = world.entry("x/old.jpg")
    entry = world.catalog._entries[asset.asset_id]
    world.catalog._entries[asset.asset_id] = replace(entry, asset=replace(asset, folder=None))
    _, told = run(world)
    assert told == [(Kind.UNLISTED, "x/old.jpg", "mended")]
    assert world.entry("x/old.jpg") == asset
    assert run(world, rules=replace(RULES, full_seconds=0.0))[1] == []


def test_an_upload_that_nobody_told_of_is_recorded(world):
    world.sources.upload("new.jpg", PHOTO + b"new")
    _, told = run(world)
    assert told == [(Kind.UNRECORDED, "new.jpg", "mended")]
    assert world.work_off() == 1
    assert set(world.shown()) == {*KEYS, "new.jpg"}


def test_an_upload_whose_event_may_still_come_is_left_to_it(world):
    world.sources.upload("new.jpg", PHOTO)
    world.uploads.ages["new.jpg"] = HOUR - 1
    assert run(world)[1] == []


def test_a_version_that_nobody_told_of_is_recorded(world):
    world.sources.upload("b.jpg", PHOTO + b"second")
    _, told = run(world)
    assert told == [(Kind.OUTDATED, "b.jpg", "mended")]
    world.work_off()
    assert world.shown()["b.jpg"]["320.webp"] == b"320.webp" + PHOTO + b"second"


def test_a_removal_that_was_undone_is_recorded(world):
    world.remove("b.jpg")
    world.sources.versions[UPLOADS, "b.jpg"].pop()
    _, told = run(world)
    assert told == [(Kind.BURIED, "b.jpg", "mended")]
    world.work_off()
    assert world.shown()["b.jpg"]["320.webp"] == b"320.webp" + PHOTO + b"b.jpg"


@pytest.mark.parametrize("destroyed", [False, True])
def test_a_removal_that_nobody_told_of_is_recorded_at_the_end(world, destroyed):
    world.sources.remove("b.jpg")
    if destroyed:
        del world.sources.versions[UPLOADS, "b.jpg"]
    _, told = run(world)
    assert set(told) == {(Kind.GONE, "b.jpg", "held")}
    assert world.entry("b.jpg").status is AssetStatus.DELETED


def test_a_removal_whose_event_may_still_come_is_left_to_it(world):
    world.dispatch(world.sources.upload("new.jpg", PHOTO))
    world.work_off()
    del world.sources.versions[UPLOADS, "new.jpg"]
    assert run(world)[1] == []
    world.clock.now += HOUR
    assert run(world)[1] == [(Kind.GONE, "new.jpg", "held")]


def test_what_is_lost_just_after_it_was_made_is_made_again(world):
    world.dispatch(world.sources.upload("new.jpg", PHOTO))
    world.work_off()
    world.renditions.delete_below(f"{world.entry('new.jpg').asset_id}/")
    assert run(world)[1] == [(Kind.MISSING, "new.jpg", "mended")]


def waiting(world, key="w.jpg"):
    """Record an upload whose message is lost."""
    world.dispatch(world.sources.upload(key, PHOTO + key.encode()))
    world.topic.published.clear()


def test_an_upload_whose_message_was_lost_is_published_again_once(world):
    waiting(world)
    world.clock.now += 12 * HOUR - 1
    assert run(world)[1] == []
    world.clock.now += 2
    assert run(world)[1] == [(Kind.STUCK, "w.jpg", "mended")]
    assert len(world.topic.published) == 1
    assert run(world)[1] == [], "it waits for its turn now"
    assert world.work_off() == 1
    assert world.entry("w.jpg").status is AssetStatus.READY


def test_work_whose_message_was_lost_is_published_again_and_its_worker_counted(world):
    waiting(world)
    world.dispatch(world.sources.upload("x.jpg", PHOTO))
    [message] = world.topic.published
    world.topic.published.clear()
    world.catalog.claim(message, lease_seconds=60)
    world.clock.now += HOUR + 61
    assert run(world)[1] == [(Kind.STUCK, "x.jpg", "mended")]
    assert world.work_off() == 1
    asset = world.entry("x.jpg")
    assert (asset.status, asset.attempts, asset.abandoned) == (AssetStatus.READY, 2, 1)


def test_renditions_that_are_lost_are_made_again_where_they_were(world):
    before, asset = dict(world.renditions.objects), world.entry("c.jpg")
    world.renditions.delete_below(f"{asset.asset_id}/")
    _, told = run(world)
    assert told == [(Kind.MISSING, "c.jpg", "mended")]
    unfinished = world.entry("c.jpg")
    assert (unfinished.status, unfinished.renditions) == (AssetStatus.RECEIVED, asset.renditions)
    assert world.work_off() == 1
    assert world.renditions.objects == before
    assert world.entry("c.jpg").manifest_key == asset.manifest_key


def test_a_rendition_that_is_cut_short_is_made_again(world):
    before = dict(world.renditions.objects)
    key = world.entry("c.jpg").renditions[0].key
    world.renditions.objects[key] = b"short"
    assert run(world)[1] == [(Kind.MISSING, "c.jpg", "mended")]
    world.work_off()
    assert world.renditions.objects == before


def test_what_nothing_refers_to_is_deleted_and_what_is_live_is_not(world):
    before = dict(world.renditions.objects)
    asset = world.entry("a.jpg")
    world.renditions.put(f"{asset.asset_id}/older/{RECIPE}/x.webp", b"1", "image/webp")
    world.renditions.put(f"{'0' * 32}/older/{RECIPE}/x.webp", b"1", "image/webp")
    world.renditions.put("config/logo.png", b"the operator's", "image/png")
    worked, told = run(world)
    assert sorted(told, key=str) == [(Kind.ORPHANS, "a.jpg", "held"), (Kind.ORPHANS, None, "held")]
    assert (worked.mended, worked.held) == (2, 0)
    assert world.renditions.objects == before | {"config/logo.png": b"the operator's"}


def test_much_is_not_deleted_unasked(world):
    before = dict(world.renditions.objects)
    for number in range(4):
        world.renditions.put(f"{number:032x}/older/{RECIPE}/x.webp", b"1", "image/webp")
    full = dict(world.renditions.objects)
    worked, told = run(world)
    assert (worked.held, worked.mended, len(told)) == (4, 0, 4)
    assert world.renditions.objects == full
    assert run(world, rules=replace(RULES, most_deletes=4))[0].mended == 4
    assert world.renditions.objects == before


def test_a_bucket_that_looks_empty_removes_nothing(world):
    before = dict(world.renditions.objects)
    world.sources.versions.clear()
    worked, _ = run(world)
    assert (worked.held, worked.mended) == (4, 0), "one more than the limit is remembered"
    assert world.renditions.objects == before
    assert {world.entry(key).status for key in KEYS} == {AssetStatus.READY}


def test_an_orphan_is_looked_at_again_before_it_is_deleted(world):
    asset = world.entry("a.jpg")
    world.renditions.put(f"{asset.asset_id}/older/{RECIPE}/x.webp", b"1", "image/webp")
    [found] = [each for each in world.survey() if each.kind is Kind.ORPHANS]
    world.dispatch(world.sources.upload("a.jpg", PHOTO))
    before = dict(world.renditions.objects)
    assert not mend(found, world.stores, AGES)
    assert world.renditions.objects == before


def test_what_is_missing_is_looked_for_again_before_it_is_made_again(world):
    asset = world.entry("a.jpg")
    kept = world.renditions.objects.pop(asset.manifest_key)
    found = next(each for each in world.survey() if each.kind is Kind.MISSING)
    world.renditions.objects[asset.manifest_key] = kept
    assert not mend(found, world.stores, AGES)
    assert world.entry("a.jpg").status is AssetStatus.READY


def test_an_orphan_that_became_live_is_not_deleted_with_the_others(world):
    asset = world.entry("a.jpg")
    keys = [f"{asset.asset_id}/older/{RECIPE}/{name}.webp" for name in "xy"]
    for key in keys:
        world.renditions.put(key, b"1", "image/webp")
    [found] = [each for each in world.survey() if each.kind is Kind.ORPHANS]
    entry = world.catalog._entries[asset.asset_id]
    listed = replace(asset.renditions[0], key=keys[0], bytes=1)
    now = replace(asset, renditions=(*asset.renditions, listed))
    world.catalog._entries[asset.asset_id] = replace(entry, asset=now)
    assert mend(found, world.stores, AGES)
    assert [key in world.renditions.objects for key in keys] == [True, False]


def test_what_is_worked_on_meanwhile_is_not_published(world):
    waiting(world)
    world.clock.now += DAY
    [found] = [each for each in world.survey() if each.kind is Kind.STUCK]
    world.catalog.claim(message_of(world, "w.jpg"), lease_seconds=60)
    assert not mend(found, world.stores, AGES)
    assert world.topic.published == []


def message_of(world, key):
    """Return the message that an entry's upload came with."""
    asset = world.entry(key)
    sequencer = asset.sequencer[: asset.sequencer_length]
    return received(ObjectEvent(Action.CREATED, asset.source, sequencer))


def test_an_entry_that_cannot_be_read_is_left_alone(world):
    asset = world.entry("a.jpg")
    world.entries.unreadable.add(asset.asset_id)
    world.renditions.put(f"{asset.asset_id}/older/{RECIPE}/x.webp", b"1", "image/webp")
    world.sources.upload("a.jpg", PHOTO + b"second")
    assert run(world)[1] == []


def test_what_is_being_replaced_is_not_made_again(world):
    world.dispatch(world.sources.upload("a.jpg", PHOTO + b"second"))
    world.renditions.delete_below(f"{world.entry('a.jpg').asset_id}/")
    assert run(world)[1] == []


def test_what_there_is_no_time_to_delete_is_left_to_the_next_round(world):
    for number in range(3):
        world.renditions.put(f"{number:032x}/older/{RECIPE}/x.webp", b"1", "image/webp")
    left = iter([900.0] * (2 + 3 + 3 + 4) + [900.0])
    worked, _ = run(world, left=lambda: next(left, MARGIN_SECONDS))
    assert (worked.complete, worked.mended) == (True, 1)
    assert run(world)[0].mended == 2


def broken(world):
    """Break all that can be broken."""
    world.sources.upload("new.jpg", PHOTO + b"new")
    world.sources.upload("b.jpg", PHOTO + b"second")
    world.sources.remove("d.jpg")
    waiting(world)
    world.clock.now += DAY
    asset = world.entry("c.jpg")
    world.renditions.delete_below(f"{asset.asset_id}/")
    world.renditions.put(f"{'0' * 32}/older/{RECIPE}/x.webp", b"1", "image/webp")
    world.forget("e.jpg")


def mended(world):
    """Return what a page shows when everything is made good and worked off."""
    world.work_off()
    for _ in range(4):
        world.clock.now += 2 * DAY
        run(world, rules=replace(RULES, most_deletes=10))  # nothing sweeps in this world
        world.work_off()
    assert world.survey() == []
    return world.shown()


RIGHT = {
    key: {name: name.encode() + PHOTO + content for name in NAMES}
    for key, content in (
        ("a.jpg", b"a.jpg"),
        ("b.jpg", b"second"),
        ("c.jpg", b"c.jpg"),
        ("e.jpg", b"e.jpg"),
        ("new.jpg", b"new"),
        ("w.jpg", b"w.jpg"),
    )
}


def test_all_of_it_together_is_made_good(world):
    broken(world)
    run(world)
    assert mended(world) == RIGHT


def test_a_round_goes_on_where_time_was_short(world, note):
    broken(world)
    steps = []
    for _ in range(100):
        left = iter((900.0, MARGIN_SECONDS))
        worked, _ = run(world, note, left=lambda left=left: next(left, MARGIN_SECONDS))
        steps.append(worked.round.position)
        if worked.complete:
            break
    assert len(set(steps)) == len(steps) > 10
    assert {each.phase for each in steps if each} == set(Phase)
    assert mended(world) == RIGHT


@contextmanager
def failing_once(world, call, when, error):
    """Let one call that changes something fail, before or after it went through."""
    calls = itertools.count(1)
    with pytest.MonkeyPatch.context() as patched:
        for port, name in (
            (world.topic, "publish"),
            (world.catalog, "reopen"),
            (world.catalog, "receive"),
            (world.catalog, "remove"),
            (world.renditions, "delete"),
        ):
            whole = getattr(port, name)

            def failing(*arguments, whole=whole, **named):
                fails = next(calls) == call
                if fails and when == "before":
                    raise error
                answer = whole(*arguments, **named)
                if fails:
                    raise error
                return answer

            patched.setattr(port, name, failing)
        yield


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 14))
def test_a_round_that_is_killed_is_made_up_for(world, note, call, when):
    broken(world)
    with failing_once(world, call, when, KilledError()):
        with pytest.raises(KilledError):
            run(world, note)
        assert run(world, note)[0].complete
    assert mended(world) == RIGHT


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 14))
def test_what_aws_refuses_keeps_nothing_else_from_being_made_good(world, note, call, when):
    broken(world)
    with failing_once(world, call, when, TransientError(ErrorCode.SERVICE_UNAVAILABLE, when)):
        assert run(world, note)[0].complete
    world.clock.now += 24 * HOUR
    assert run(world, note)[0].complete
    assert mended(world) == RIGHT


def test_what_can_never_be_read_is_told_in_each_round_and_stops_none(world, note, monkeypatch):
    """As an object that is encrypted with somebody else's key."""
    look = world.sources.find_current

    def refuse(bucket, key, length):
        if key == "a.jpg":
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "AccessDenied")
        return look(bucket, key, length)

    monkeypatch.setattr(world.sources, "find_current", refuse)
    world.forget("a.jpg", "b.jpg")
    worked, told = run(world, note)
    assert worked.complete
    assert sorted(each for each in told if each[0] is Kind.UNRECORDED) == [
        (Kind.UNRECORDED, "a.jpg", "failed"),
        (Kind.UNRECORDED, "b.jpg", "mended"),
    ]


class KilledError(Exception):
    """What ends a function in the midst of its work."""


def test_rounds_look_at_every_object_once_a_day_and_quickly_between(world, note):
    assert run(world, note)[0].round.full
    asset = world.entry("c.jpg")
    world.renditions.delete_below(f"{asset.asset_id}/")
    for _ in range(22):
        world.clock.now += HOUR
        worked, told = run(world, note)
        assert (worked.round.full, worked.looked, told) == (False, len(KEYS), [])
    world.clock.now += HOUR
    assert run(world, note)[1] == [(Kind.MISSING, "c.jpg", "mended")]


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"full": 1}', "no JSON"])
def test_a_note_that_cannot_be_read_is_a_new_beginning(world, text):
    assert run(world, Note(text))[0].complete


def test_a_note_says_what_it_was_told():
    state = Round(False, 1.5, Position(Phase.CATALOG, "a:b c"), ("x",), {"GONE": 2})
    assert Round.deserialize(state.serialize()) == state


@pytest.mark.parametrize("text", ["catalog:", "waiting:RECEIVED x y", "uploads:v k:e y"])
def test_a_position_is_read_as_it_was_written(text):
    assert str(Position.parse(text)) == text


@pytest.mark.parametrize("text", ["", "nowhere:", "1"])
def test_what_is_no_position_is_refused(text):
    with pytest.raises(ValueError, match="waiting:, uploads:, catalog:, renditions: but received"):
        Position.parse(text)


class TestCatastrophes:
    """Each ends with what a page showed before, byte for byte."""

    def test_the_renditions_bucket_is_emptied(self, world):
        before, objects = world.shown(), dict(world.renditions.objects)
        world.renditions.objects.clear()
        run(world)
        assert world.work_off() == len(KEYS)
        assert world.shown() == before
        assert world.renditions.objects == objects, "the URLs are the same"

    def test_the_tables_items_are_deleted(self, world):
        before = world.shown()
        world.forget(*KEYS)
        worked, told = run(world)
        assert {each[0] for each in told} == {Kind.UNRECORDED}
        assert worked.held == 0, "what nothing is made of yet is kept"
        assert world.work_off() == len(KEYS)
        assert world.shown() == before
        worked, _ = run(world)
        assert worked.held == 4, "what was live before is much"
        assert worked.mended == 0

    def test_the_table_is_restored_to_yesterday(self, world):
        yesterday = dict(world.catalog._entries)
        world.upload("a.jpg", PHOTO + b"overwritten")
        world.remove("b.jpg")
        world.upload("new.jpg", PHOTO + b"new")
        before = world.shown()
        world.catalog._entries = yesterday
        assert world.shown() != before
        run(world)
        world.work_off()
        assert mended(world) == before
        assert len({key.split("/")[1] for key in world.renditions.objects}) == len(before)


def test_the_name_of_a_recording_is_as_s3_makes_them_and_grows():
    names = [name_recording(now) for now in (1_790_000_000.0, 1_790_000_000.001, 1_790_000_001.0)]
    assert names == sorted(set(names))
    assert {len(each) for each in names} == {18}
    assert names[0].startswith("00" + f"{1_790_000_000:08X}")


def test_an_upload_that_was_forgotten_gets_a_prefix_of_its_own(world):
    before = world.entry("a.jpg")
    world.forget("a.jpg")
    run(world)
    after = world.entry("a.jpg")
    assert version_prefix(after.source, after.sequencer) != version_prefix(
        before.source, before.sequencer
    )


class TestOneAsset:
    def test_examined_alone_is_right(self, world):
        asset = world.entry("a.jpg")
        assert examine(asset, asset.source, world.stores, AGES) == []

    @pytest.mark.parametrize("status", ["READY", "FAILED", "REJECTED"])
    def test_is_made_again_on_demand(self, world, status):
        asset = world.entry("a.jpg")
        entry = world.catalog._entries[asset.asset_id]
        changed = replace(entry.asset, status=AssetStatus(status))
        world.catalog._entries[asset.asset_id] = replace(entry, asset=changed)
        assert make_again(changed, world.stores)
        assert world.work_off() == 1
        assert world.entry("a.jpg").manifest_key == asset.manifest_key

    def test_is_not_made_again_where_its_upload_is_not_supported_any_more(self, world):
        asset = world.entry("a.jpg")
        version, _ = world.sources.versions[UPLOADS, "a.jpg"][-1]
        world.sources.versions[UPLOADS, "a.jpg"][-1] = (version, b"text")
        etag = world.sources.current_version(UPLOADS, "a.jpg").etag
        entry = world.catalog._entries[asset.asset_id]
        changed = replace(entry.asset, source=replace(asset.source, etag=etag))
        world.catalog._entries[asset.asset_id] = replace(entry, asset=changed)
        assert not make_again(changed, world.stores)
        assert world.entry("a.jpg").status is AssetStatus.READY

    def test_is_not_made_again_where_it_changed_meanwhile(self, world):
        asset = world.entry("a.jpg")
        assert make_again(asset, world.stores)
        assert world.work_off() == 1
        assert not make_again(asset, world.stores)
        assert world.topic.published == []

    def test_is_published_where_the_reply_was_lost(self, world):
        asset = world.entry("a.jpg")
        assert world.catalog.reopen(asset)
        assert make_again(asset, world.stores)
        assert world.work_off() == 1
