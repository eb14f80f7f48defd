"""Messages as failure queues hold them, and a queue of them in memory that can be interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lib.application.redrive.letters import Letter
from lib.domain import messages
from lib.domain.events import UploadEvent
from tests.support.fakes import ManualClock


def letter(body: object, name: str = "m1", sent_at: float = 1000.0, **attributes: str) -> Letter:
    """Return a message that was just received; what is no text becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Letter(name, text, sent_at, f"handle of {name}", attributes)


def failed_call(event: object, function: str = "dispatch") -> dict[str, Any]:
    """Return Lambda's record of an asynchronous call that it gave up."""
    return {
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "requestContext": {
            "requestId": "r1",
            "functionArn": f"arn:aws:lambda:us-east-1:1:function:media-pipeline-dev-{function}:1",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "it is broken", "errorType": "RuntimeError"},
    }


def failed_batch(
    function: str,
    first: str = "000100",
    last: str = "000101",
    stream_arn: str = "arn:aws:dynamodb:us-east-1:1:table/catalog/stream/2026",
    shard_id: str = "shard-1",
) -> dict[str, Any]:
    """Return Lambda's record of a batch of a stream that it gave up: without the changes."""
    return {
        "version": "1.0",
        "timestamp": "2026-01-01T00:10:00.000Z",
        "requestContext": {
            "requestId": "r1",
            "functionArn": f"arn:aws:lambda:us-east-1:1:function:media-pipeline-dev-{function}",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 6,
        },
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": first,
            "endSequenceNumber": last,
            "approximateArrivalOfFirstRecord": "2027-01-15T08:00:00Z",
            "approximateArrivalOfLastRecord": "2027-01-15T08:00:01Z",
            "batchSize": 2,
            "streamArn": stream_arn,
        },
    }


def ended_execution(event: UploadEvent, name: str = "e1") -> dict[str, Any]:
    """Return what EventBridge tells of an execution that was stopped."""
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "name": name,
            "status": "ABORTED",
            "input": messages.serialize_event(event),
        },
    }


def change_record(asset_key: str, number: str, bucket: str = "uploads") -> dict[str, Any]:
    """Return a record of the catalog's stream, as far as a redrive looks into it."""
    image = {"bucket": {"S": bucket}, "key": {"S": asset_key}}
    return {
        "eventName": "MODIFY",
        "dynamodb": {"NewImage": image, "OldImage": image, "SequenceNumber": number},
    }


@dataclass
class MemoryStream:
    """The records that a stream still holds; None where it has forgotten them."""

    records: list[dict[str, Any]] | None = None

    def read(self, batch: object) -> list[dict[str, Any]] | None:
        return self.records


@dataclass
class Stored:
    """A message and when it is visible."""

    letter: Letter
    visible_at: float = 0.0
    receives: int = 0


@dataclass
class MemoryLetters:
    """A queue of SQS in memory: handles change with each receive, and hidden messages return.

    `step` is called with a name before and after each operation, and may raise.
    """

    clock: ManualClock = field(default_factory=ManualClock)
    stored: dict[str, Stored] = field(default_factory=dict)
    step: Callable[[str], None] = lambda _: None

    def put(self, *letters: Letter) -> None:
        self.stored |= {each.id: Stored(each) for each in letters}

    @property
    def visible(self) -> list[str]:
        return [each.letter.id for each in self._visible()]

    def _visible(self) -> list[Stored]:
        return [each for each in self.stored.values() if each.visible_at <= self.clock()]

    def receive(self, most: int, hold_seconds: float) -> list[Letter]:
        self.step("before receive")
        received = []
        for each in self._visible()[:most]:
            each.receives += 1
            each.visible_at = self.clock() + hold_seconds
            each.letter = replace(each.letter, handle=f"{each.letter.id}/{each.receives}")
            received.append(each.letter)
        self.step("after receive")
        return received

    def delete(self, letter: Letter) -> None:
        self.step("before delete")
        stored = self.stored.get(letter.id)
        if stored and stored.letter.handle == letter.handle:
            del self.stored[letter.id]
        self.step("after delete")

    def release(self, letters: Iterable[Letter]) -> None:
        for each in letters:
            stored = self.stored.get(each.id)
            if stored and stored.letter.handle == each.handle:
                stored.visible_at = 0.0

    def hidden(self) -> int:
        return len(self.stored) - len(self._visible())


@dataclass
class Interruption:
    """Raises at one of all steps, the `at`th; counts them otherwise."""

    at: int
    error: BaseException
    steps: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))
    happened: str = ""

    def __call__(self, name: str) -> None:
        if next(self.steps) == self.at:
            self.happened = name
            raise self.error
