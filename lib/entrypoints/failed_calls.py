"""Go on with the calls of a function that Lambda has given up: it tries for minutes, SQS for days.

Lambda sends a record of such a call to the function's on-failure queue, which the function itself
is called with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lib.adapters.aws.clients import client
from lib.adapters.aws.sqs import SqsQueue
from lib.adapters.telemetry import Content, Event, Telemetry
from lib.entrypoints.settings import QueueSettings
from lib.entrypoints.sqs_batch import Consumer, Queues

Call = TypeVar("Call", bound=Content)

FROM_QUEUE = "aws:sqs"


def handle_calls(
    event: Event,
    read: Callable[[Mapping[str, Any]], Call],
    process: Callable[[Call], Any],
    settings: QueueSettings,
    telemetry: Telemetry,
) -> Any:
    """Process what `read` makes of a call; or of those that failed, which come by the batch.

    Returns what `process` returns; of a batch, its partial response. Raises what they raise, where
    the call is repeated by who made it.
    """
    if not _is_batch(event):
        call = read(event)
        try:
            return process(call)
        except Exception as exc:
            telemetry.retried(exc, content=call)
            raise
    sqs = client("sqs")  # not before it is needed: it takes a cold start 25 ms
    queues = Queues(
        SqsQueue(sqs, settings.queue_url),
        SqsQueue(sqs, settings.dead_letters_url),
        settings.max_receives,
    )
    consumer = Consumer(lambda body: read(read_payload(body)), process, queues, telemetry)
    return consumer.process_batch(event)


def read_payload(body: str) -> Mapping[str, Any]:
    """Return what a call was made with, by Lambda's record. Raises ValueError where it is none.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    record = json.loads(body)
    payload = record.get("requestPayload") if isinstance(record, dict) else None
    if isinstance(payload, dict):
        return payload
    raise ValueError(f"expected a requestPayload but received {body[:80]!r}")


def _is_batch(event: Event) -> bool:
    records = event.get("Records")
    if not isinstance(records, list):
        return False
    return any(isinstance(each, dict) and each.get("eventSource") == FROM_QUEUE for each in records)
