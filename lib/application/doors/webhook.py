"""Deliver an asset event to the stage's receiver, or say when to try again, for as long as a day.

What a message carries is what notify published. It is posted as the Standard Webhooks specification
has it: the same id and the same bytes at each try, signed anew.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from lib.domain.clock import Clock

GONE = 410
"""The receiver wants no more: https://www.rfc-editor.org/rfc/rfc9110#name-410-gone."""
WAITS = frozenset({429, 503})
"""Statuses whose `Retry-After` counts."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")
"""Of an event: it becomes a header."""

LONGEST_DELAY = 11 * 60 * 60.0
"""Seconds: SQS hides a message for 12 hours from when it was received."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a try: an HTTP status, or None and the reason why there is none.

    `retry_after` in seconds, where the receiver asked for it.
    """

    status: int | None
    reason: str = ""
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Tell whether the receiver has the event."""
        return self.status is not None and 200 <= self.status < 300

    def __str__(self) -> str:
        """Say it in a few words."""
        return self.reason if self.status is None else f"{self.status} {self.reason}".strip()


class Receiver(Protocol):
    """Who is told."""

    def post(self, headers: Mapping[str, str], body: str) -> Reply:
        """Post a body once, within a deadline; follow nowhere, and raise nothing."""
        ...


class Signer(Protocol):
    """What the secrets are for. Raises TransientError where there are none."""

    def sign(self, identity: str, seconds: int, body: str) -> str:
        """Return the value of `webhook-signature`: a signature by each secret."""
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Later:
    """To be tried again in `seconds`."""

    reply: Reply
    seconds: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A dead letter, for this reason."""

    reply: Reply
    reason: str


Fate: TypeAlias = Delivered | Later | GivenUp


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an event is tried again: after each of `delays`, in seconds, the last one repeated.

    For `seconds` from when it was queued; the last try is at their end.
    """

    delays: tuple[float, ...]
    seconds: float
    spread: Callable[[], float] = random.random

    @classmethod
    def of(cls, delays: str, seconds: float) -> Schedule:
        """Read delays as `5,300,1800`. Raises ValueError."""
        return cls(tuple(float(each) for each in delays.split(",")), seconds)

    def next_try(self, tries: int, age: float, asked: float | None = None) -> float | None:
        """Return the seconds to wait after so many tries; None where it is given up.

        `asked`: what the receiver wants at the least. Up to a tenth is added, so that what failed
        together does not come back together.
        """
        left = self.seconds - age
        if left <= 0:
            return None
        delay = self.delays[min(max(tries, 1), len(self.delays)) - 1] * (1 + self.spread() / 10)
        return max(min(max(delay, asked or 0.0), left, LONGEST_DELAY), 1.0)


@dataclass(frozen=True, slots=True)
class Tried:
    """How often a message was received, and for how many seconds it has waited."""

    times: int
    age: float


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver, and what is needed to tell it something."""

    receiver: Receiver
    signer: Signer
    schedule: Schedule
    clock: Clock

    def deliver(self, event: Mapping[str, Any], tried: Tried) -> Fate:
        """Tell the receiver of an event once. Raises TransientError where nothing was tried."""
        reply = self.tell(event)
        if reply.taken:
            return Delivered(reply)
        if reply.status == GONE:
            return GivenUp(reply, f"{reply}: the receiver wants no more events")
        asked = reply.retry_after if reply.status in WAITS else None
        seconds = self.schedule.next_try(tried.times, tried.age, asked)
        if seconds is None:
            return GivenUp(reply, f"{reply}: at the last of {tried.times} tries")
        return Later(reply, seconds)

    def tell(self, event: Mapping[str, Any]) -> Reply:
        """Sign an event and post it. Raises TransientError where there is no secret."""
        identity, now, body = event["id"], int(self.clock()), payload(event)
        signature = self.signer.sign(identity, now, body)
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(now),
            "webhook-signature": signature,
        }
        return self.receiver.post(headers, body)


def read_event(body: str) -> dict[str, Any]:
    """Return the asset event of a message. Raises ValueError where it is none."""
    event = json.loads(body)
    if not isinstance(event, dict):
        raise ValueError("expected an asset event but received something else")  # noqa: TRY004
    texts = {name for name, value in event.items() if isinstance(value, str)}
    if missing := [name for name in ("id", "type", "updated_at") if name not in texts]:
        raise ValueError(f"expected {missing[0]} in an asset event but it is missing")
    if not NAME.fullmatch(event["id"]):
        raise ValueError(f"expected a name for an event but received {event['id'][:80]!r}")
    return event


def payload(event: Mapping[str, Any]) -> str:
    """Return what is posted of an event: in ASCII, the same bytes each time."""
    told = {"type": event["type"], "timestamp": event["updated_at"], "data": event}
    return json.dumps(told, separators=(",", ":"))
