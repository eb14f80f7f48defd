"""Work through a batch of queue messages, each on its own: a failed one fails alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import UploadEvent
from lib.domain.messages import deserialize_event

RETRY_BASE_SECONDS = 1.0
RETRY_CAP_SECONDS = 600.0

Process = Callable[[UploadEvent, bool], None]
"""Process an event; the flag tells that it will not be delivered again."""


class Queue(Protocol):
    """The queue that a batch comes from."""

    def send(self, event: UploadEvent, after_seconds: float) -> None:
        """Send an upload as a new message. Raises TransientError."""
        ...

    def retry_later(self, receipt_handle: str, seconds: float) -> None:
        """Show a received message again in `seconds`. Raises TransientError."""
        ...


def process_batch(
    batch: Mapping[str, Any],
    process: Process,
    queue: Queue,
    *,
    max_receives: int,
    on_retry: Callable[[Exception, str, int], None],
) -> dict[str, list[dict[str, str]]]:
    """Process an SQS event and return its partial batch response.

    A failed message becomes visible again after an exponential delay with full jitter
    (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/), not after
    the queue's whole visibility timeout; that one is for workers that were killed.

    What waits for a budget must not end as a dead letter: before its receives are used up, it is
    sent again as a new message, and this one is acknowledged.
    """
    failed = []
    for record in batch["Records"]:
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            process(deserialize_event(record["body"]), receives >= max_receives)
        except Exception as exc:  # whatever it is, the message goes back
            on_retry(exc, record["messageId"], receives)
            # One receive earlier than needed: where it can't be sent, there is another try.
            if _waits_for_budget(exc) and receives >= max_receives - 1:
                with suppress(TransientError):
                    queue.send(deserialize_event(record["body"]), retry_delay(receives, exc))
                    continue
            failed.append({"itemIdentifier": record["messageId"]})
            # After the last one SQS moves it to the dead-letter queue as soon as it is visible.
            delay = retry_delay(receives, exc) if receives < max_receives else 0
            queue.retry_later(record["receiptHandle"], delay)
    return {"batchItemFailures": failed}


def retry_delay(
    receives: int, exc: Exception, spread: Callable[[], float] = random.random
) -> float:
    """Return the seconds to wait after the given number of receives."""
    if isinstance(exc, TransientError) and exc.retry_after is not None:
        cap = math.inf if _waits_for_budget(exc) else RETRY_CAP_SECONDS
        return min(exc.retry_after + 1, cap)
    return min(RETRY_BASE_SECONDS * 2.0 ** (receives - 1), RETRY_CAP_SECONDS) * (0.5 + spread() / 2)


def _waits_for_budget(exc: Exception) -> bool:
    return isinstance(exc, TransientError) and exc.code is ErrorCode.BUDGET_SPENT
