"""How an upload goes on whose try failed: without end, or until it is its own fault too often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application import fenced_job
from lib.domain.asset import MOST_ENTRIES, Asset, AssetStatus, ClaimState, CommitState, Outcome
from lib.domain.clock import to_iso
from lib.domain.errors import ErrorCode, Failure, PermanentError, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import execution_name, rendition_key
from lib.domain.leases import is_resumed
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made, RenditionKind, Work
from tests.support.world import World

KEY = "a.jpg"
MADE = Made("320.webp", RenditionKind.IMAGE, "image/webp", b"small", 320, 200)
AWAY = TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the catalog is away")
SLOW = TransientError(ErrorCode.THROTTLED, "slow down")
LATE = TransientError(ErrorCode.DEADLINE_NEAR, "too little time is left")


def work(_: object = None) -> Work:
    return Work(ImageProbe(width=640, height=400), iter([MADE]), "default", "recipe")


def failing(error: Exception) -> Callable[[object], Work]:
    def fail(_: object) -> Work:
        raise error

    return fail


class Flaky(MemoryCatalog):
    """Fails the operations that it is told of: before, or after they were done."""

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()

    def _do(self, name: str, operation: Callable[..., Any], *args: Any, **named: Any) -> Any:
        if name in self.before:
            raise AWAY
        answer = operation(*args, **named)
        if name in self.after:
            raise AWAY
        return answer

    def claim(self, *args: Any, **named: Any) -> Any:
        return self._do("claim", super().claim, *args, **named)

    def release(self, *args: Any, **named: Any) -> Any:
        return self._do("release", super().release, *args, **named)

    def commit(self, *args: Any, **named: Any) -> Any:
        return self._do("commit", super().commit, *args, **named)


class Trying(World):
    catalog: Flaky

    def __post_init__(self) -> None:
        self.catalog = Flaky(self.clock)

    def run(self, event: UploadEvent, doing: Any = work, seconds: float = 30.0) -> Any:
        return fenced_job.run(event, doing, self.pipeline, self.delivery(seconds))

    @property
    def asset(self) -> Asset:
        asset = self.find(KEY)
        assert asset is not None
        return asset


@pytest.fixture
def world() -> Trying:
    return Trying()


@pytest.fixture
def event(world: Trying) -> UploadEvent:
    return world.receive(KEY)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("lib.application.fenced_job.time.sleep", slept.append)
    return slept


@pytest.mark.parametrize("error", [SLOW, AWAY])
def test_an_outage_is_waited_out_however_long(
    world: Trying, event: UploadEvent, error: TransientError
) -> None:
    world.max_attempts = 0  # lowered since
    for tries in range(1, 31):
        with pytest.raises(TransientError):
            world.run(event, failing(error))
        assert (world.asset.status, world.asset.error) == ("RECEIVED", Failure.of(error))
        assert world.asset.history.failed == 0
        assert len(world.asset.history.entries) == min(tries, MOST_ENTRIES)
    world.run(event)
    assert world.asset.status is AssetStatus.READY
    assert world.dead_letters.sent == world.queue.sent == []


@pytest.mark.parametrize("error", [LATE, ZeroDivisionError("a bug")])
def test_what_the_upload_may_cause_is_given_up_after_as_many_tries_as_it_may_have(
    world: Trying, event: UploadEvent, error: Exception
) -> None:
    order: list[str] = []
    commit = world.catalog.commit

    def look(event: UploadEvent, token: str, outcome: Outcome) -> CommitState:
        order.append(f"commit after {len(world.dead_letters.sent)} letters")
        state: CommitState = commit(event, token, outcome)
        return state

    world.catalog.commit = look  # type: ignore[method-assign]
    for tries in range(1, world.max_attempts):
        with pytest.raises(type(error)):
            world.run(event, failing(error))
        with pytest.raises(TransientError):
            world.run(event, failing(SLOW))  # does not count
        assert (world.asset.status, world.asset.history.failed) == ("RECEIVED", tries)
    finished = world.run(event, failing(error))
    assert (finished.state, finished.error) == (ClaimState.CLAIMED, error)
    assert order == ["commit after 1 letters"]
    assert (world.asset.status, world.asset.error) == ("FAILED", finished.outcome.error)
    assert world.asset.error is not None
    assert (world.asset.error.code, world.asset.error.permanent) == (ErrorCode.EXHAUSTED, False)
    assert world.dead_letters.sent == [event]
    assert world.dead_letters.reasons == [world.asset.error.message]
    assert world.asset.error.message.startswith("gave up after the last try: ")
    assert "a bug" not in world.asset.error.message
    last = world.asset.history.entries[-1]
    assert (last.at, last.failure.code) == (to_iso(world.clock()), last.failure.code)
    assert (world.asset.history.failed, len(world.asset.history.entries)) == (0, 9)


def test_a_dead_letter_that_is_sent_again_has_all_its_tries(
    world: Trying, event: UploadEvent
) -> None:
    for _ in range(world.max_attempts - 1):
        with pytest.raises(TransientError):
            world.run(event, failing(LATE))
    world.run(event, failing(LATE))
    for _ in range(world.max_attempts - 1):
        with pytest.raises(TransientError):
            world.run(world.dead_letters.sent[0], failing(LATE))
    world.run(world.dead_letters.sent[0])
    assert world.asset.status is AssetStatus.READY
    assert world.dead_letters.sent == [event]


def test_nothing_is_shown_as_given_up_that_is_no_dead_letter(
    world: Trying, event: UploadEvent
) -> None:
    world.max_attempts, world.dead_letters.away = 1, True
    with pytest.raises(TransientError, match="the queue is away"):
        world.run(event, failing(LATE))
    assert (world.asset.status, world.asset.history.failed) == ("RECEIVED", 0)
    world.dead_letters.away = False
    world.run(event, failing(LATE))
    assert (world.asset.status, world.dead_letters.sent) == ("FAILED", [event])


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lease_that_can_not_be_given_back_goes_with_the_message(
    world: Trying, event: UploadEvent, lost: str
) -> None:
    setattr(world.catalog, lost, frozenset({"release"}))
    finished = world.run(event, failing(SLOW))
    assert (finished.state, finished.outcome, finished.error) == (ClaimState.BUSY, None, SLOW)
    [again] = world.queue.sent
    assert again == replace(event, lease=again.lease)
    assert again.lease
    assert world.queue.delays == [fenced_job.RESUMED_AFTER_SECONDS]
    if lost == "before":
        assert is_resumed(world.asset.lease_token, again.lease)
    setattr(world.catalog, lost, frozenset())
    world.run(again)
    assert (world.asset.status, world.asset.abandoned) == (AssetStatus.READY, 0)
    assert world.asset.attempts == 2


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lease_is_resumed_however_often_it_can_not_be_given_back(
    world: Trying, event: UploadEvent, lost: str
) -> None:
    again = event
    for away in ({"release"}, {"claim", "release"}, {"release"}, {"claim", "release"}):
        setattr(world.catalog, lost, frozenset(away - {"release"}))
        world.catalog.before |= {"release"}
        assert world.run(again, failing(SLOW)).state is ClaimState.BUSY
        again = world.queue.sent[-1]
    world.catalog.before = world.catalog.after = frozenset()
    world.run(again)
    assert (world.asset.status, world.asset.abandoned) == (AssetStatus.READY, 0)


def test_a_worker_that_resumed_a_lease_and_was_killed_is_counted(
    world: Trying, event: UploadEvent
) -> None:
    world.catalog.before = frozenset({"release"})
    world.run(event, failing(SLOW))
    world.catalog.before = frozenset()
    [again] = world.queue.sent

    def is_killed(_: object) -> Work:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.run(again, is_killed)
    with pytest.raises(TransientError, match="another worker holds"):
        world.run(again, pytest.fail)
    world.clock.now += 10_000
    world.run(again)
    assert (world.asset.status, world.asset.abandoned) == (AssetStatus.READY, 1)


@pytest.mark.parametrize("back", ["queue", "catalog"])
def test_where_nothing_can_be_written_it_is_tried_again_while_there_is_time(
    world: Trying, event: UploadEvent, monkeypatch: pytest.MonkeyPatch, back: str
) -> None:
    world.catalog.before, world.queue.away = frozenset({"release"}), True

    def come_back(_: float) -> None:
        if back == "queue":
            world.queue.away = False
        else:
            world.catalog.before = frozenset()

    monkeypatch.setattr("lib.application.fenced_job.time.sleep", come_back)
    if back == "queue":
        assert world.run(event, failing(SLOW)).state is ClaimState.BUSY
        assert world.queue.sent[0].lease
    else:
        with pytest.raises(TransientError, match="slow down"):
            world.run(event, failing(SLOW))
        assert world.asset.status is AssetStatus.RECEIVED


def test_where_nothing_can_be_written_the_message_comes_back_as_it_is(
    world: Trying, event: UploadEvent, pauses: list[float]
) -> None:
    world.catalog.before, world.queue.away = frozenset({"release"}), True
    with pytest.raises(TransientError, match="slow down"):
        world.run(event, failing(SLOW), seconds=11.0)
    assert world.asset.status is AssetStatus.PROCESSING
    assert pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_claim_whose_reply_is_lost_is_given_back(
    world: Trying, event: UploadEvent, lost: str
) -> None:
    setattr(world.catalog, lost, frozenset({"claim"}))
    with pytest.raises(TransientError):
        world.run(event, pytest.fail)
    assert (world.asset.status, world.asset.lease_token) == (AssetStatus.RECEIVED, None)
    setattr(world.catalog, lost, frozenset())
    world.run(event)
    assert (world.asset.status, world.asset.abandoned) == (AssetStatus.READY, 0)
    assert world.queue.sent == []


def test_a_claim_whose_reply_is_lost_is_resumed_where_it_can_not_be_given_back(
    world: Trying, event: UploadEvent
) -> None:
    world.catalog.after, world.catalog.before = frozenset({"claim"}), frozenset({"release"})
    assert world.run(event, pytest.fail).error is AWAY
    world.catalog.after = world.catalog.before = frozenset()
    with pytest.raises(TransientError, match="another worker holds"):
        world.run(event, pytest.fail)
    world.run(world.queue.sent[0])
    assert (world.asset.status, world.asset.abandoned) == (AssetStatus.READY, 0)


def test_what_waits_for_the_budget_was_never_claimed(
    world: Trying, event: UploadEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = TransientError(ErrorCode.BUDGET_SPENT, "tomorrow")

    def refuse(*_: object, **__: object) -> None:
        raise spent

    monkeypatch.setattr(world.catalog, "claim", refuse)
    monkeypatch.setattr(world.catalog, "release", pytest.fail)
    with pytest.raises(TransientError) as raised:
        world.run(event, pytest.fail)
    assert raised.value is spent


def test_a_commit_is_tried_for_a_minute_before_the_work_is_thrown_away(
    world: Trying, event: UploadEvent, pauses: list[float]
) -> None:
    commit, failures = world.catalog.commit, [AWAY] * len(fenced_job.COMMIT_PAUSES)

    def write(*args: Any) -> CommitState:
        if failures:
            raise failures.pop()
        state: CommitState = commit(*args)
        return state

    world.catalog.commit = write  # type: ignore[method-assign]
    assert world.run(event, seconds=100).outcome.status is AssetStatus.READY
    assert pauses == list(fenced_job.COMMIT_PAUSES)
    assert (world.asset.status, world.asset.attempts) == (AssetStatus.READY, 1)


@pytest.mark.parametrize("seconds", [100, 12, 1])
def test_a_commit_that_fails_gives_the_lease_back_while_there_is_time(
    world: Trying, event: UploadEvent, pauses: list[float], seconds: float
) -> None:
    world.catalog.before = frozenset({"commit"})
    delivery = replace(world.delivery(), deadline=lambda: seconds - sum(pauses))
    with pytest.raises(TransientError, match="the catalog is away"):
        fenced_job.run(event, work, world.pipeline, delivery)
    assert sum(pauses) <= max(seconds - fenced_job.GIVE_BACK_SECONDS, 0)
    assert (world.asset.status, world.asset.history.failed) == (AssetStatus.RECEIVED, 0)
    world.catalog.before = frozenset()
    world.run(event)
    assert world.asset.status is AssetStatus.READY


def test_a_commit_whose_reply_is_lost_is_not_undone(world: Trying, event: UploadEvent) -> None:
    world.catalog.after = frozenset({"commit"})
    with pytest.raises(TransientError):
        world.run(event, seconds=1)
    assert world.asset.status is AssetStatus.READY
    assert world.run(event, pytest.fail).state is ClaimState.DONE
    assert len(world.renditions.objects) == 2


def left_behind(event: UploadEvent) -> str:
    return rendition_key(event.source, event.sequencer, "of-another-release", "640.webp")


@pytest.mark.parametrize("ending", ["done", "superseded"])
def test_a_delivery_without_work_clears_what_a_killed_worker_left(
    world: Trying, event: UploadEvent, ending: str
) -> None:
    world.run(event)
    live = set(world.renditions.objects)
    world.renditions.objects[left_behind(event)] = b"never listed"
    if ending == "superseded":
        world.receive(KEY, b"newer")
    state = world.run(event, pytest.fail).state
    assert state is (ClaimState.DONE if ending == "done" else ClaimState.STALE)
    assert set(world.renditions.objects) == live


def test_the_commit_of_a_second_try_clears_what_the_first_made_and_it_did_not(
    world: Trying, event: UploadEvent
) -> None:
    world.catalog.claim(event, lease_seconds=30)
    world.renditions.objects[left_behind(event)] = b"its worker was killed"
    world.clock.now += 31
    world.run(event)
    assert left_behind(event) not in world.renditions.objects
    assert len(world.renditions.objects) == 2


def test_who_lost_its_lease_comes_back_and_touches_nothing(
    world: Trying, event: UploadEvent
) -> None:
    def overtaken(_: object) -> Work:
        world.clock.now += 100
        world.run(event)
        return work()

    with pytest.raises(TransientError, match="another worker took the asset over"):
        world.run(event, overtaken)
    assert world.asset.status is AssetStatus.READY
    assert set(world.renditions.objects) >= {each.key for each in world.asset.renditions}


class Starting:
    """What starts executions, and hands over."""

    def __init__(self, event: UploadEvent, error: Exception | None = None) -> None:
        self.event, self.error, self.started = event, error, list[str]()

    def start(self, number: int) -> str:
        if self.error:
            raise self.error
        self.started.append(execution_name(self.event.source, self.event.sequencer, number))
        return self.started[-1]

    def __call__(self, _: object) -> Work:
        raise fenced_job.HandedOver(self.start, 500)


def test_an_execution_is_given_the_lease_and_is_never_a_killed_worker(
    world: Trying, event: UploadEvent
) -> None:
    with pytest.raises(TransientError):
        world.run(event, failing(SLOW))
    long = Starting(event)
    assert world.run(event, long).state is ClaimState.HANDED_OVER
    [name] = long.started
    assert name == execution_name(event.source, event.sequencer, 2)
    assert (world.asset.execution, world.asset.lease_token) == (name, name)
    assert world.asset.lease_expires_at == to_iso(world.clock() + 500)
    assert world.run(event, pytest.fail).state is ClaimState.HANDED_OVER
    world.clock.now += 501
    world.run(event, long)
    assert (world.asset.abandoned, world.asset.execution) == (0, long.started[1])
    assert long.started[1] == execution_name(event.source, event.sequencer, 3)


@pytest.mark.parametrize(
    ("error", "status"),
    [(SLOW, "RECEIVED"), (PermanentError(ErrorCode.LIMIT_EXCEEDED, "too dear"), "REJECTED")],
)
def test_an_execution_that_can_not_be_started_fails_as_work_does(
    world: Trying, event: UploadEvent, error: Exception, status: str
) -> None:
    try:
        world.run(event, Starting(event, error))
    except TransientError as raised:
        assert raised is error  # noqa: PT017 - one of two endings
    assert world.asset.status == status


def test_without_another_delivery_whatever_fails_is_the_end(
    world: Trying, event: UploadEvent
) -> None:
    delivery = replace(world.delivery(), redelivery=None)
    finished = fenced_job.run(event, failing(SLOW), world.pipeline, delivery)
    assert (finished.error, world.asset.status) == (SLOW, AssetStatus.FAILED)
    assert world.asset.error is not None
    assert world.asset.error.message == "gave up after the last try: THROTTLED: slow down"
