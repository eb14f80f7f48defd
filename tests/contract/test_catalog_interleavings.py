"""The fence under any order: S3, SNS, SQS and Lambda deliver late, twice and in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.domain.asset import Asset, AssetStatus, Claim, ClaimState, CommitState, Outcome
from lib.domain.events import Action, UploadEvent
from lib.domain.keys import asset_id, pad_sequencer
from lib.domain.leases import next_lease
from lib.domain.ports import Catalog
from tests.support.catalog_cases import (
    PASSING,
    PERMANENT,
    READY,
    create_table,
    record,
    upload,
)
from tests.support.fakes import ManualClock

LEASE_SECONDS = 60
UPLOAD, REMOVAL, TEXT_FILE = "upload", "removal", "text file"
KINDS = (UPLOAD, REMOVAL, UPLOAD, TEXT_FILE, UPLOAD)
ACTIONS = {REMOVAL: Action.REMOVED}
EVENTS = tuple(
    upload(f"{number:016X}", action=ACTIONS.get(kind, Action.CREATED))
    for number, kind in enumerate(KINDS)
)
OUTCOMES = (
    READY,
    replace(READY, status=AssetStatus.PARTIAL),
    Outcome(AssetStatus.FAILED, error=PERMANENT),
    Outcome(AssetStatus.FAILED, error=PASSING),
)
OPEN = (AssetStatus.RECEIVED, AssetStatus.PROCESSING)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


NewCatalog = Callable[[ManualClock], Catalog]


@pytest.fixture(scope="module", params=["memory", "dynamodb"])
def new_catalog(request: pytest.FixtureRequest) -> NewCatalog:
    if request.param == "memory":
        return MemoryCatalog
    client = request.getfixturevalue("dynamodb")
    return lambda clock: DynamoCatalog(client, create_table(client), clock)


def bounded(examples: int) -> settings:
    """A table is made for each example, which costs time and nothing else."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@dataclass
class Workers:
    """A catalog, its clock, and the workers that hold a token or believe that they do."""

    catalog: Catalog
    clock: ManualClock
    working: list[tuple[UploadEvent, str]]

    def asset(self) -> Asset | None:
        return self.catalog.get(asset_id("uploads", "a b.jpg"))

    def dispatch(self, number: int) -> Asset | None:
        """Record an event where none that comes after it in S3 is: it shows what is current."""
        asset = self.asset()
        if asset and asset.sequencer >= pad_sequencer(EVENTS[number].sequencer):
            return asset
        return record(
            self.catalog, EVENTS[number], PERMANENT if KINDS[number] == TEXT_FILE else None
        )

    def overtaken(self, number: int, after: int) -> Asset | None:
        """Record an event after having seen another, which may be there no more."""
        return self.catalog.receive(EVENTS[number], after=pad_sequencer(EVENTS[after].sequencer))

    def claim(self, event: UploadEvent, resumes: str | None = None) -> Claim:
        lease = None if resumes is None else next_lease(resumes)
        claim = self.catalog.claim(event, lease_seconds=LEASE_SECONDS, resumes=lease)
        if claim.lease_token:
            self.working.append((event, claim.lease_token))
        return claim


Steps = list[tuple[str, int, int]]


def steps_of(*kinds: str) -> st.SearchStrategy[Steps]:
    """One step is (what, which, and a choice): dispatch or claim an event, a worker's end, or time.

    A worker that ends what it has just claimed, or what another took from it, is too rare among
    them to leave it to chance.
    """
    numbers, choices = st.integers(0, len(EVENTS) - 1), st.integers(0, len(OUTCOMES) - 1)
    step = st.tuples(st.sampled_from(kinds), numbers, choices)
    worked = st.builds(
        lambda number, choice: [
            ("dispatch", number, 0),
            ("claim", number, 0),
            ("commit", LAST, choice),
        ],
        numbers,
        choices,
    )
    superseded = st.builds(
        lambda number, choice: [
            ("dispatch", number, 0),
            ("claim", number, 0),
            ("dispatch", len(EVENTS) - 1, 0),
            ("commit", LAST, choice),
        ],
        numbers,
        choices,
    )
    overtaken = st.builds(
        lambda number, choice: [
            ("dispatch", number, 0),
            ("claim", number, 0),
            ("tick", 2, 0),
            ("claim", number, 0),
            ("commit", LAST_BUT_ONE, choice),
        ],
        numbers,
        choices,
    )
    single = step.map(lambda each: [each])
    runs = st.lists(single | worked | superseded | overtaken, min_size=6, max_size=12)
    return runs.map(lambda each: [*chain.from_iterable(each)])


LAST, LAST_BUT_ONE = -1, -2
"""Which worker: the one that claimed last, and the one before."""
steps = steps_of("dispatch", "claim", "commit", "release", "tick")
all_steps = steps_of("dispatch", "overtaken", "claim", "resume", "commit", "release", "tick")
Answer = Asset | Claim | CommitState | None


def take_step(workers: Workers, what: str, which: int, choice: int) -> Answer:
    if what == "dispatch":
        return workers.dispatch(which)
    if what == "overtaken":
        return workers.overtaken(which, choice)
    if what == "claim" and KINDS[which] == UPLOAD:
        return workers.claim(EVENTS[which])
    if what == "resume" and workers.working:
        event, token = workers.working[which % len(workers.working)]
        return workers.claim(event, token)
    if what == "tick":
        workers.clock.now += which * LEASE_SECONDS / 2
    if what in ("commit", "release") and workers.working:
        # Not taken off the list: a worker that commits twice, or late, is part of the game.
        event, token = workers.working[which % len(workers.working)]
        if what == "commit":
            return workers.catalog.commit(event, token, OUTCOMES[choice])
        return workers.catalog.release(event, token, PASSING)
    return None


def deliver_until_acknowledged(workers: Workers, number: int) -> None:
    """Do what dispatch and a processor do with an event, as often as it takes."""
    workers.dispatch(number)
    while KINDS[number] == UPLOAD:
        claim = workers.claim(EVENTS[number])
        if claim.lease_token:
            workers.catalog.commit(EVENTS[number], claim.lease_token, READY)
        if claim.state is not ClaimState.BUSY:
            return
        workers.clock.now += claim.busy_for


@bounded(25)
@given(played=steps, order=st.permutations(range(len(EVENTS))), last=st.sampled_from(range(1, 5)))
def test_any_order_ends_with_the_newest_event(
    new_catalog: NewCatalog, played: Steps, order: list[int], last: int
) -> None:
    clock = ManualClock()
    workers = Workers(new_catalog(clock), clock, [])
    for what, which, choice in played:
        take_step(workers, what, min(which, last), choice)
    for number in order:
        if number <= last:
            deliver_until_acknowledged(workers, number)

    asset = workers.asset()
    assert asset is not None
    assert asset.source == EVENTS[last].source
    assert asset.lease_token is None
    if KINDS[last] == REMOVAL:
        assert asset.status is AssetStatus.DELETED
        assert (asset.renditions, asset.live_version_id) == ((), None)
    elif KINDS[last] == TEXT_FILE:
        assert (asset.status, asset.error) == (AssetStatus.REJECTED, PERMANENT)
    elif asset.status is AssetStatus.FAILED:
        assert asset.error == PERMANENT
    else:
        assert asset.status in (AssetStatus.READY, AssetStatus.PARTIAL)
        assert asset.live_version_id == EVENTS[last].source.version_id


def test_steps_lead_to_outcomes_and_to_lost_leases() -> None:
    answers: list[Answer] = []

    @bounded(25)
    @given(played=steps)
    def play(played: Steps) -> None:
        clock = ManualClock()
        workers = Workers(MemoryCatalog(clock), clock, [])
        answers.extend(take_step(workers, *each) for each in played)

    play()
    for expected in CommitState:
        assert expected in answers


@bounded(25)
@given(played=steps)
def test_nothing_terminal_regresses(new_catalog: NewCatalog, played: Steps) -> None:
    clock = ManualClock()
    workers = Workers(new_catalog(clock), clock, [])
    committed: dict[str, set[str]] = {}
    for what, which, choice in played:
        before = workers.asset()
        answer = take_step(workers, what, which, choice)
        after = workers.asset()
        if before is not None:
            assert after is not None
            assert after.sequencer >= before.sequencer
            same = after.sequencer == before.sequencer
            passing = before.status is AssetStatus.FAILED and before.error == PASSING
            if same and before.status not in OPEN and not passing:
                assert after == before
        if what == "commit" and answer is CommitState.COMMITTED:
            event, token = workers.working[which % len(workers.working)]
            if after is not None and after.error != PASSING:
                committed.setdefault(event.sequencer, set()).add(token)
    assert all(len(tokens) == 1 for tokens in committed.values())


@bounded(40)
@given(played=all_steps)
def test_both_catalogs_answer_alike(dynamodb: Any, played: Steps) -> None:
    def play(catalog: Catalog, clock: ManualClock) -> list[tuple[Answer, Answer]]:
        workers = Workers(catalog, clock, [])
        story: list[tuple[Answer, Answer]] = []
        for what, which, choice in played:
            answer = take_step(workers, what, which, choice)
            story.append((masked(answer), masked(workers.asset())))
        return story

    memory_clock, dynamo_clock = ManualClock(), ManualClock()
    dynamo = DynamoCatalog(dynamodb, create_table(dynamodb), dynamo_clock)
    assert play(MemoryCatalog(memory_clock), memory_clock) == play(dynamo, dynamo_clock)


def masked(answer: Answer) -> Answer:
    """Return an answer whose token, which is chance, is the same for all."""
    if isinstance(answer, (Asset, Claim)) and answer.lease_token:
        return replace(answer, lease_token="token")
    return answer
