"""Partial batch responses: what goes back and when, what is sent anew, what is a dead letter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from lib.domain import messages
from lib.domain.clock import DAY_SECONDS
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import SCHEMA, UploadEvent
from lib.entrypoints.sqs_batch import RETRY_CAP_SECONDS, Consumer, Message, Queues, retry_delay
from tests.support.fakes import JPEG_HEAD, MemorySources, received

UPLOAD = received(MemorySources().upload("a.jpg", JPEG_HEAD))
BODY = messages.serialize_event(UPLOAD)
NOW = 1_800_000_000.0
MAX_RECEIVES = 40
ATTRIBUTES = {"media_type": "image", "action": "created"}


def throttled(_: object = None) -> None:
    raise TransientError(ErrorCode.THROTTLED, "slow down")


def waits(_: object) -> None:
    raise TransientError(ErrorCode.BUDGET_SPENT, "tomorrow", retry_after=40_000)


@dataclass
class Line:
    """A queue; `away` fails all that is asked of it."""

    sent: list[tuple[str, Mapping[str, str], float]] = field(default_factory=list)
    delays: dict[str, float] = field(default_factory=dict)
    away: bool = False

    def send_body(self, body: str, attributes: Mapping[str, str], after_seconds: float = 0) -> None:
        if self.away:
            throttled()
        self.sent.append((body, attributes, after_seconds))

    def retry_later(self, receipt_handle: str, seconds: float) -> None:
        if self.away:
            throttled()
        self.delays[receipt_handle] = seconds


@dataclass
class Batch:
    """What a batch is worked through with, and what was said of it."""

    queue: Line = field(default_factory=Line)
    letters: Line = field(default_factory=Line)
    processed: list[UploadEvent] = field(default_factory=list)
    told: list[tuple[str, str, UploadEvent | None]] = field(default_factory=list)

    def retried(self, exc: Exception, message: Message, content: Any) -> None:
        self.told.append((message.message_id, type(exc).__name__, content))

    def refused(self, poison: ValueError, message: Message) -> None:
        self.told.append((message.message_id, f"refused: {poison}", None))

    def run(self, *records: dict[str, Any], process: Any = None) -> list[str]:
        consumer = Consumer(
            messages.deserialize_event,
            process or self.processed.append,
            Queues(self.queue, self.letters, MAX_RECEIVES),
            self,
            clock=lambda: NOW,
        )
        answer = consumer.process_batch({"Records": list(records)})
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def record(
    name: str, body: str = BODY, receives: int = 1, age_seconds: float = 1
) -> dict[str, Any]:
    return {
        "messageId": name,
        "receiptHandle": f"handle of {name}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(round((NOW - age_seconds) * 1000)),
        },
        "messageAttributes": {
            name: {"stringValue": text, "dataType": "String"} for name, text in ATTRIBUTES.items()
        },
    }


def test_each_message_is_processed_as_it_was_sent() -> None:
    batch = Batch()
    assert batch.run(record("one")) == []
    assert (batch.processed, batch.queue.delays, batch.told) == ([UPLOAD], {}, [])


def test_a_failed_message_fails_alone_and_is_seen_again_soon() -> None:
    batch, first = Batch(), [True]

    def process(_: UploadEvent) -> None:
        if not first:
            throttled()
        first.clear()

    assert batch.run(record("one"), record("two", receives=2), process=process) == ["two"]
    assert batch.told == [("two", "TransientError", UPLOAD)]
    assert list(batch.queue.delays) == ["handle of two"]
    assert 1 <= batch.queue.delays["handle of two"] <= 2
    assert batch.queue.sent == batch.letters.sent == []


def test_no_receive_is_the_last() -> None:
    batch = Batch()
    assert batch.run(record("one", receives=19), process=throttled) == ["one"]
    assert 300 <= batch.queue.delays["handle of one"] <= RETRY_CAP_SECONDS
    assert batch.letters.sent == []


@pytest.mark.parametrize("old", [{"age_seconds": 7 * DAY_SECONDS}, {"receives": MAX_RECEIVES // 2}])
@pytest.mark.parametrize("process", [throttled, waits])
def test_what_sqs_would_drop_or_give_up_is_sent_anew(old: dict[str, Any], process: Any) -> None:
    batch = Batch()
    assert batch.run(record("one", **old), process=process) == []
    [(body, attributes, delay)] = batch.queue.sent
    assert (body, attributes) == (BODY, ATTRIBUTES)
    assert delay >= 0.5
    assert (batch.queue.delays, batch.letters.sent) == ({}, [])


def test_where_it_can_not_be_sent_it_is_still_there() -> None:
    batch = Batch(queue=Line(away=True))
    old = record("one", age_seconds=8 * DAY_SECONDS)
    assert batch.run(old, process=throttled) == ["one"]


def test_a_queue_that_is_away_fails_no_other_message() -> None:
    batch = Batch(queue=Line(away=True))
    assert batch.run(record("one"), record("two"), process=throttled) == ["one", "two"]


def test_a_bug_is_not_sent_anew_so_that_it_ends_somewhere() -> None:
    def bug(_: UploadEvent) -> None:
        raise ZeroDivisionError

    batch = Batch()
    old = record("one", receives=MAX_RECEIVES - 1, age_seconds=8 * DAY_SECONDS)
    assert batch.run(old, process=bug) == ["one"]
    assert batch.queue.sent == []


@pytest.mark.parametrize("body", ["", "words", "[]", '{"schema": 1, "this": "is not ours"}'])
def test_poison_is_a_dead_letter_at_once_with_the_reason(body: str) -> None:
    batch = Batch()
    assert batch.run(record("poison", body), record("one")) == []
    [(kept, attributes, _)] = batch.letters.sent
    assert kept == body
    assert dict(attributes) == {**ATTRIBUTES, "reason": attributes["reason"]}
    assert attributes["reason"].startswith("expected ")
    assert batch.told == [("poison", f"refused: {attributes['reason']}", None)]
    assert (batch.queue.delays, batch.processed) == ({}, [UPLOAD])


def test_poison_goes_back_where_the_dead_letters_are_away() -> None:
    batch = Batch(letters=Line(away=True))
    assert batch.run(record("poison", "words")) == ["poison"]
    assert list(batch.queue.delays) == ["handle of poison"]


def test_a_message_of_a_newer_release_waits_for_that_and_is_sent_anew_as_it_is() -> None:
    newer = json.dumps({**json.loads(BODY), "schema": SCHEMA + 1, "more": "fields"})
    batch = Batch()
    assert batch.run(record("newer", newer)) == ["newer"]
    assert batch.run(record("newer", newer, age_seconds=8 * DAY_SECONDS)) == []
    assert [body for body, *_ in batch.queue.sent] == [newer]
    assert batch.letters.sent == []
    assert batch.told == [("newer", "TransientError", None)] * 2


@pytest.mark.parametrize(("receives", "least", "most"), [(1, 0.5, 1), (2, 1, 2), (4, 4, 8)])
def test_the_delay_doubles_and_is_spread(receives: int, least: float, most: float) -> None:
    error = TransientError(ErrorCode.THROTTLED, "")
    assert retry_delay(receives, error, spread=lambda: 0.0) == least
    assert retry_delay(receives, error, spread=lambda: 1.0) == most


def test_the_delay_is_capped_and_a_lease_is_waited_for() -> None:
    held = TransientError(ErrorCode.LEASE_HELD, "", retry_after=30)
    assert retry_delay(1, held) == 31
    assert retry_delay(1, TransientError(held.code, "", retry_after=9000)) == RETRY_CAP_SECONDS
    assert retry_delay(400, ValueError(), spread=lambda: 1.0) == RETRY_CAP_SECONDS


def test_what_waits_for_the_budget_is_seen_again_when_that_is_new() -> None:
    batch = Batch()
    assert batch.run(record("one", receives=3), process=waits) == ["one"]
    assert batch.queue.delays == {"handle of one": 40_001}


def test_a_lease_that_comes_with_a_message_is_read_and_stays_in_it() -> None:
    leased = replace(UPLOAD, lease="0123")
    batch = Batch()
    batch.run(record("one", messages.serialize_event(leased)))
    assert batch.processed == [leased]
    assert "lease" not in json.loads(BODY)
