"""Decide by a seed what becomes of each call that a function makes."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from tests.robustness.chaos.calls import Call

REFUSALS = {
    "s3": ((503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")),
    "dynamodb": (
        (400, "ThrottlingException"),
        (500, "InternalServerError"),
        (400, "AccessDeniedException"),
    ),
    "sns": ((500, "InternalFailure"), (400, "Throttled"), (403, "AuthorizationError")),
    "sqs": ((500, "InternalFailure"), (400, "ThrottlingException"), (403, "AccessDenied")),
    "states": ((500, "InternalError"), (400, "ThrottlingException"), (400, "AccessDenied")),
}
"""Statuses and codes by service: two that SDKs try again, and the last that they do not."""

SLOWEST_SECONDS = 2.0


class Kind(StrEnum):
    """What becomes of a call."""

    REFUSED_ONCE = "refused once"
    REFUSED = "refused"
    LOST_ONCE = "reply lost once"
    LOST = "done, but refused"
    SLOW = "slow"


WEIGHTS = {
    Kind.REFUSED_ONCE: 3,
    Kind.REFUSED: 3,
    Kind.LOST_ONCE: 2,
    Kind.LOST: 2,
    Kind.SLOW: 2,
}


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How a service refuses for some seconds: all calls, or those that write."""

    service: str
    seconds: float
    only_writes: bool
    status: int
    code: str

    def hits(self, call: Call) -> bool:
        """Tell whether it is about a call."""
        return call.service == self.service and (call.writes or not self.only_writes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the proxy does with one attempt: wait, forward or not, answer or go away."""

    delay: float = 0.0
    refusal: tuple[int, str] | None = None
    """Answered in place of the emulator, which hears nothing."""
    loses_reply: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to a call, for the story of an asset."""

    at: float
    call: Call
    what: str


@dataclass
class Faults:
    """The faults of one run, drawn from a seed; safe to ask from another thread."""

    seed: int
    share: float
    """Of calls that meet a fault of their own."""
    active: bool = False
    """Nothing fails before the load or after it."""
    done: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Draw from the seed from now on."""
        self._random = random.Random(self.seed)
        self._calls: dict[str, tuple[Kind, tuple[int, str], int]] = {}
        self._lock = threading.Lock()
        self._down: list[tuple[float, Breakdown]] = []

    def break_down(self, how: Breakdown) -> None:
        """Let a service refuse from now on, for its seconds."""
        self._down.append((time.monotonic() + how.seconds, how))

    def judge(self, call: Call) -> Verdict:
        """Return what becomes of an attempt."""
        if not self.active:
            return Verdict()
        with self._lock:
            for until, how in self._down:
                if time.monotonic() < until and how.hits(call):
                    self._note(call, f"refused: {how.code} in an outage", "in an outage")
                    return Verdict(refusal=(how.status, how.code))
            return self._judge_by_chance(call)

    def _judge_by_chance(self, call: Call) -> Verdict:
        known = self._calls.get(call.id)
        if known is None:
            if self._random.random() >= self.share or call.service not in REFUSALS:
                if call.id:
                    self._calls[call.id] = (Kind.SLOW, (0, ""), 1)
                return Verdict()
            kind = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            refusals = REFUSALS[call.service]
            once = kind in (Kind.REFUSED_ONCE, Kind.LOST_ONCE)
            known = (kind, self._random.choice(refusals[:2] if once else refusals), 0)
            self._note(call, kind, kind)
        kind, refusal, attempts = known
        if call.id:
            self._calls[call.id] = (kind, refusal, attempts + 1)
        return _verdict(kind, refusal, attempts, self._random)

    def _note(self, call: Call, what: str, counted: str) -> None:
        self.done.append(Fault(time.time(), call, what))
        self.counts[counted] += 1


def _verdict(kind: Kind, refusal: tuple[int, str], attempts: int, chance: random.Random) -> Verdict:
    first = attempts == 0
    if kind is Kind.SLOW:
        return Verdict(delay=chance.uniform(0.1, SLOWEST_SECONDS)) if first else Verdict()
    if kind is Kind.REFUSED or (kind is Kind.REFUSED_ONCE and first):
        return Verdict(refusal=refusal)
    if kind in (Kind.LOST, Kind.LOST_ONCE) and first:
        return Verdict(loses_reply=True)
    return Verdict(refusal=refusal) if kind is Kind.LOST else Verdict()
