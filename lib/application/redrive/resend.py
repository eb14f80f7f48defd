"""Receive ▸ send ▸ delete: what is interrupted anywhere stays in its queue, or was sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from lib.application.redrive.letters import Job, Letter, Verdict
from lib.domain.clock import Clock
from lib.domain.errors import MediaError

AT_ONCE = 10
"""Messages of one receive, SQS's limit."""
HOLD_SECONDS = 120.0
"""How long what is received stays hidden from others, if this process is killed."""
SLOWEST_SECONDS = 60.0
"""What a call of a function may take."""
FRUITLESS = 200
"""Receives in a row that bring nothing new; more come only where a queue is so long that its
first messages are visible again before its last was seen."""
SAME_FAILURE = 5
"""Messages of one queue in a row that could not be sent: the next ones could not either."""


class Letters(Protocol):
    """One failure queue."""

    def receive(self, most: int, hold_seconds: float) -> list[Letter]:
        """Take some messages and hide them for a while; none where nothing is visible.

        Raises TransientError.
        """
        ...

    def delete(self, letter: Letter) -> None:
        """Delete a received message. Raises TransientError."""
        ...

    def release(self, letters: Iterable[Letter]) -> None:
        """Show messages again at once. What fails is not told: they return by themselves."""
        ...

    def hidden(self) -> int:
        """Return how many messages somebody has received just now, about."""
        ...


class Fate(StrEnum):
    """What became of a message."""

    SENT = "sent"
    MENDED = "mended"
    """What its changes have left behind was looked for and made good."""
    DISCARDED = "discarded"
    KEPT = "kept"
    """It could not be sent, or deleted: it is still there."""
    MISSING = "missing"
    """It was not in the queue any more, or somebody else held it."""


FATES = {
    Verdict.SEND: Fate.SENT,
    Verdict.LOST: Fate.MENDED,
    Verdict.POISON: Fate.DISCARDED,
}


@dataclass(frozen=True, slots=True)
class Done:
    """One message that was worked on; `reason` says why not."""

    job: Job
    fate: Fate
    reason: str = ""


@dataclass(slots=True)
class Pace:
    """At most so many messages a second."""

    rate: float
    clock: Clock = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = field(default=0.0, init=False)

    def wait(self) -> None:
        """Return when the next may be sent."""
        now = self.clock()
        if now < self._next:
            self.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self.rate


def look(letters: Letters) -> list[Letter]:
    """Return all messages that are visible, each once; they are visible again afterwards."""
    found: dict[str, Letter] = {}
    fruitless = 0
    try:
        while fruitless < FRUITLESS and (received := letters.receive(AT_ONCE, HOLD_SECONDS)):
            fruitless = fruitless + 1 if all(each.id in found for each in received) else 0
            # The last handle of a message is the one that counts.
            found |= {each.id: each for each in received}
    finally:
        letters.release(found.values())
    return list(found.values())


def carry_out(
    jobs: Collection[Job],
    letters: Letters,
    send: Callable[[Job], None],
    pace: Pace,
    report: Callable[[Done], None],
) -> None:
    """Send the jobs of one queue, but discard what is poison, and report each.

    A message is deleted only after its sending was acknowledged. Received ones that are none of the
    jobs, or could not be sent, are visible again at the end, however that comes. Stops where
    SAME_FAILURE in a row fail. Raises TransientError where nothing can be received.
    """
    waiting = {each.letter.id: each for each in jobs}
    most, hold = _portion(jobs, pace.rate)
    held: dict[str, Letter] = {}
    gone: set[str] = set()
    failures = fruitless = 0
    try:
        while waiting and failures < SAME_FAILURE and fruitless < FRUITLESS:
            received = letters.receive(most, hold)
            if not received:
                break
            held |= {each.id: each for each in received}
            fruitless = 0 if waiting.keys() & held.keys() else fruitless + 1
            for letter in received:
                if letter.id in gone:  # delivered twice, or the deletion did not reach all copies
                    with suppress(MediaError):
                        letters.delete(letter)
                    held.pop(letter.id, None)
                elif failures < SAME_FAILURE and (job := waiting.pop(letter.id, None)):
                    done = _work(job, letter, letters, send, pace)
                    failures = failures + 1 if done.fate is Fate.KEPT else 0
                    if done.fate is not Fate.KEPT:
                        gone.add(letter.id)
                        held.pop(letter.id, None)
                    report(done)
    finally:
        letters.release(held.values())
    gave_up = failures >= SAME_FAILURE
    for job in waiting.values():
        if gave_up:
            report(Done(job, Fate.KEPT, f"not tried after {SAME_FAILURE} failures in a row"))
        else:
            report(Done(job, Fate.MISSING, "it is not in the queue any more, or somebody has it"))


def _work(
    job: Job, letter: Letter, letters: Letters, send: Callable[[Job], None], pace: Pace
) -> Done:
    try:
        if job.verdict is not Verdict.POISON:
            pace.wait()
            send(job)
    except MediaError as exc:
        return Done(job, Fate.KEPT, str(exc))
    try:
        letters.delete(letter)
    except MediaError as exc:
        # Sent again it does no harm: the catalog knows what is done.
        return Done(job, Fate.KEPT, f"{FATES[job.verdict]}, but not deleted: {exc}")
    return Done(job, FATES[job.verdict])


def _portion(jobs: Iterable[Job], rate: float) -> tuple[int, float]:
    """Return how many messages to take at once, and how long to hold them, to be done by then."""
    functions = any(each.target and not each.target.is_queue for each in jobs)
    seconds_each = 1 / rate + (SLOWEST_SECONDS if functions else 0)
    most = max(1, min(AT_ONCE, int(HOLD_SECONDS / seconds_each)))
    return most, max(HOLD_SECONDS, most * seconds_each + SLOWEST_SECONDS)
