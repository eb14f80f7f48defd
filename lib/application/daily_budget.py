"""The budget of a UTC day: what was started is charged, and above it nothing more is started."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from lib.domain.clock import DAY_SECONDS, Clock
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.ports import Ledger

FRESH_SECONDS = 5.0
"""How long a sum that was read is believed. What is charged gives the newest sum for nothing."""

SPREAD_SECONDS = 600
"""After midnight uploads come back within this time, not all in the same second."""


@dataclass(slots=True)
class _Sum:
    """What a day's work was known to have cost, and when."""

    day: int
    dollars: float
    at: float


class Budget:
    """The dollars of work that may be started in a UTC day; no limit where they are 0.

    What is refused waits for the next day, or looks again after `longest_wait_s`.
    Work that runs is never stopped, so that a day can end above its limit: by what runs beside
    each other, and by what other processes started within FRESH_SECONDS.
    """

    def __init__(
        self,
        ledger: Ledger,
        dollars: int,
        longest_wait_s: float,
        *,
        clock: Clock = time.time,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._ledger = ledger
        self._dollars = dollars
        self._longest_wait_s = longest_wait_s
        self._clock = clock
        self._spread = spread
        self._sum = _Sum(-1, 0.0, 0.0)
        self._owed = 0.0

    def refusal(self) -> TransientError | None:
        """Return why nothing more may be started today, or None. Raises TransientError."""
        if not self._dollars or self._spent() < self._dollars:
            return None
        now = self._clock()
        tomorrow = (now // DAY_SECONDS + 1) * DAY_SECONDS
        return TransientError(
            ErrorCode.BUDGET_SPENT,
            f"waiting: the day's budget of ${self._dollars} is used up",
            retry_after=min(tomorrow - now + self._spread() * SPREAD_SECONDS, self._longest_wait_s),
        )

    def charge(self, dollars: float) -> None:
        """Add what was spent; where that can't be written now, it is with the next charge."""
        if not self._dollars:
            return
        self._owed += dollars
        with suppress(TransientError):
            self._note(self._ledger.add(self._today(), self._owed))
            self._owed = 0.0

    def charge_once(self, dollars: float, work: str) -> None:
        """Add what a named work will cost, unless it was added before. Raises TransientError."""
        if self._dollars:
            self._note(self._ledger.add_once(self._today(), dollars, work))

    def _spent(self) -> float:
        fresh = self._clock() - self._sum.at < FRESH_SECONDS
        if not fresh or self._sum.day != self._today():
            self._note(self._ledger.read(self._today()))
        return self._sum.dollars

    def _note(self, dollars: float) -> None:
        self._sum = _Sum(self._today(), dollars, self._clock())

    def _today(self) -> int:
        return int(self._clock() // DAY_SECONDS)
