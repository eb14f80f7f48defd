"""Work through a batch of queue messages, each on its own: a failed one fails alone.

A message is retried without end: no receive is the last one. What has to be given up is given up
by who processes it. SQS's own redrive is left for functions that never run.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from lib.domain.clock import DAY_SECONDS, Clock
from lib.domain.errors import ErrorCode, MediaError, TransientError

RETRY_BASE_SECONDS = 1.0
RETRY_CAP_SECONDS = 600.0

RENEWED_AFTER_SECONDS = 7 * DAY_SECONDS
"""Half of what SQS keeps a message for: there is as much again to send it anew in."""

Content = TypeVar("Content")
"""What a message carries."""


class Queue(Protocol):
    """A queue, for bodies as they were received."""

    def send_body(self, body: str, attributes: Mapping[str, str], after_seconds: float = 0) -> None:
        """Send a message, with attributes that are texts. Raises TransientError."""
        ...

    def retry_later(self, receipt_handle: str, seconds: float) -> None:
        """Show a received message again in `seconds`. Raises TransientError."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A received message. `sent_at` is in epoch seconds; `attributes` are those that are texts."""

    message_id: str
    receipt_handle: str
    body: str
    receives: int
    sent_at: float
    attributes: Mapping[str, str]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Message:
        """Read a record of the event that Lambda is invoked with."""
        attributes = record["attributes"]
        return cls(
            record["messageId"],
            record["receiptHandle"],
            record["body"],
            int(attributes["ApproximateReceiveCount"]),
            int(attributes["SentTimestamp"]) / 1000,
            {
                name: each["stringValue"]
                for name, each in record.get("messageAttributes", {}).items()
                if each.get("stringValue") is not None
            },
        )


class Report(Protocol):
    """Who hears of what is not acknowledged as usual."""

    def retried(self, exc: Exception, message: Message, content: Any) -> None:
        """Tell why a message is delivered again; without content where it could not be read."""
        ...

    def refused(self, poison: ValueError, message: Message) -> None:
        """Tell why a message is a dead letter."""
        ...


@dataclass(frozen=True, slots=True)
class Queues:
    """Where messages come from, and where those go that are given up.

    SQS moves them there by itself after `max_receives`, whether a function could run or not.
    """

    queue: Queue
    dead_letters: Queue
    max_receives: int


@dataclass(frozen=True, slots=True)
class Consumer(Generic[Content]):
    """What a queue's messages are for.

    `read` makes of a body what `process` takes. It raises ValueError for poison, which is a dead
    letter at once: no release can read it.
    """

    read: Callable[[str], Content]
    process: Callable[[Content], None]
    queues: Queues
    report: Report
    clock: Clock = time.time

    def process_batch(self, batch: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Process an SQS event and return its partial batch response."""
        messages = [Message.of(each) for each in batch["Records"]]
        failed = [each.message_id for each in messages if not self._acknowledges(each)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def _acknowledges(self, message: Message) -> bool:
        content = None
        try:
            try:
                content = self.read(message.body)
            except ValueError as poison:
                reason = {"reason": str(poison)}
                self.queues.dead_letters.send_body(message.body, {**message.attributes, **reason})
                self.report.refused(poison, message)
                return True
            self.process(content)
        except Exception as exc:  # whatever it is, the message goes back
            self.report.retried(exc, message, content)
            return self._goes_back(message, exc)
        return True

    def _goes_back(self, message: Message, exc: Exception) -> bool:
        """Have a message delivered again, as a new one where it is old; tell whether it is that.

        A failed one becomes visible again after an exponential delay with jitter
        (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/), not
        after the queue's whole visibility timeout; that one is for workers that were killed.
        """
        delay = retry_delay(message.receives, exc)
        # A bug ends where SQS's redrive is, but for an outage that may be too soon.
        if isinstance(exc, MediaError) and self._is_old(message):
            with suppress(TransientError):
                self.queues.queue.send_body(message.body, message.attributes, delay)
                return True
        with suppress(TransientError):  # else it comes back after the visibility timeout
            self.queues.queue.retry_later(message.receipt_handle, delay)
        return False

    def _is_old(self, message: Message) -> bool:
        """Tell whether a message is half way to where SQS would drop it, or give it up."""
        age = self.clock() - message.sent_at
        return age >= RENEWED_AFTER_SECONDS or message.receives >= self.queues.max_receives / 2


def retry_delay(
    receives: int, exc: Exception, spread: Callable[[], float] = random.random
) -> float:
    """Return the seconds to wait after the given number of receives."""
    if isinstance(exc, TransientError) and exc.retry_after is not None:
        waits_for_budget = exc.code is ErrorCode.BUDGET_SPENT
        return min(exc.retry_after + 1, math.inf if waits_for_budget else RETRY_CAP_SECONDS)
    return min(RETRY_BASE_SECONDS * 2.0 ** min(receives - 1, 10), RETRY_CAP_SECONDS) * (
        0.5 + spread() / 2
    )
