"""The budget of a day: charged, refused, and new at midnight UTC."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from lib.application.daily_budget import Budget
from lib.domain.clock import DAY_SECONDS
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.prices import DOLLARS_PER_PUT
from lib.entrypoints.bootstrap.queues import charged
from tests.support.fakes import ManualClock

NOON = 20_000 * DAY_SECONDS + DAY_SECONDS / 2
WAIT_S = 40_000


@dataclass
class MemoryLedger:
    """Sums by day; away while it is told to be."""

    sums: dict[int, float] = field(default_factory=dict)
    works: set[str] = field(default_factory=set)
    reads: int = 0
    away: bool = False

    def read(self, day):
        self._answer()
        self.reads += 1
        return self.sums.get(day, 0.0)

    def add(self, day, dollars):
        self._answer()
        self.sums[day] = self.sums.get(day, 0.0) + dollars
        return self.sums[day]

    def add_once(self, day, dollars, work):
        self._answer()
        if work in self.works:
            return self.sums.get(day, 0.0)
        self.works.add(work)
        return self.add(day, dollars)

    def _answer(self):
        if self.away:
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the table is away")


@pytest.fixture
def ledger():
    return MemoryLedger()


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def budget(ledger, clock):
    return Budget(ledger, 10, WAIT_S * 2, clock=clock, spread=lambda: 0.5)


def test_what_was_charged_up_to_the_limit_refuses_the_next(budget):
    budget.charge(9.99)
    assert budget.refusal() is None
    budget.charge(0.01)
    refusal = budget.refusal()
    assert (refusal.code, refusal.permanent) == (ErrorCode.BUDGET_SPENT, False)
    assert refusal.message == "waiting: the day's budget of $10 is used up"


def test_waits_until_midnight_and_a_little_spread(budget):
    budget.charge(10)
    assert budget.refusal().retry_after == DAY_SECONDS / 2 + 300


def test_looks_again_after_the_longest_wait(ledger, clock):
    budget = Budget(ledger, 10, 3600, clock=clock)
    budget.charge(10)
    refusal = budget.refusal()
    assert refusal
    assert refusal.retry_after == 3600


def test_a_new_day_has_a_budget_of_its_own(budget, clock):
    budget.charge(10)
    clock.now = NOON + DAY_SECONDS / 2 - 1
    assert budget.refusal()
    clock.now += 1
    assert budget.refusal() is None


def test_what_others_charged_counts_and_is_read_only_now_and_then(budget, ledger, clock):
    assert budget.refusal() is None
    ledger.add(20_000, 10)
    clock.now += 4
    assert budget.refusal() is None
    clock.now += 1
    assert budget.refusal()
    assert ledger.reads == 2


def test_who_charges_need_not_read(budget, ledger):
    budget.charge(1)
    assert budget.refusal() is None
    ledger.add(20_000, 9)
    budget.charge(0.1)
    assert budget.refusal()
    assert ledger.reads == 0


def test_what_could_not_be_charged_is_charged_with_the_next(budget, ledger):
    ledger.away = True
    budget.charge(3)
    ledger.away = False
    budget.charge(4)
    budget.charge(1)
    assert ledger.sums == {20_000: 8}


def test_a_named_work_is_charged_once_and_fails_where_that_fails(budget, ledger):
    ledger.away = True
    with pytest.raises(TransientError):
        budget.charge_once(6, "film")
    ledger.away = False
    budget.charge_once(6, "film")
    budget.charge_once(6, "film")
    assert ledger.sums == {20_000: 6}


def test_nothing_is_started_while_the_sum_is_unknown(budget, ledger):
    ledger.away = True
    with pytest.raises(TransientError, match="SERVICE_UNAVAILABLE"):
        budget.refusal()


def test_without_a_limit_nothing_is_asked_and_nothing_noted(ledger, clock):
    ledger.away = True
    budget = Budget(ledger, 0, WAIT_S, clock=clock)
    budget.charge(1_000_000)
    budget.charge_once(1_000_000, "film")
    assert budget.refusal() is None
    ledger.away = False
    budget.charge(1_000_000)
    assert (ledger.reads, ledger.sums) == (0, {})


class Work:
    """Stores objects while it goes on, and may fail."""

    puts = 3

    def do(self, error):
        self.puts += 2
        if error:
            raise error


@pytest.mark.parametrize(
    ("error", "charged_for"),
    [
        (None, 2),
        (ValueError("unforeseen"), 2),
        (TransientError(ErrorCode.DEADLINE_NEAR, "late"), 2),
        (TransientError(ErrorCode.BUDGET_SPENT, "nothing was started"), 0),
    ],
)
def test_work_is_charged_however_it_ends_and_waiting_is_not(ledger, budget, error, charged_for):
    work: Any = Work()
    with suppress(ValueError, TransientError), charged(budget, work, memory_mb=0):
        work.do(error)
    assert sum(ledger.sums.values()) == pytest.approx(charged_for * DOLLARS_PER_PUT)
