"""What the webhook's queue does with its messages: each on its own, and none is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lib.adapters.telemetry import Telemetry
from lib.application.doors.webhook import Reply, Schedule, Webhook
from lib.domain.errors import ErrorCode, TransientError
from lib.entrypoints.bootstrap.webhook import EventQueue

NOW = 1_800_000_000.0
EVENT = {"id": "evt_1", "type": "asset.ready", "updated_at": "2027-01-15T08:00:00.000Z"}
BODY = json.dumps(EVENT)


@dataclass
class Letters:
    """A queue: what was sent there, and when what was received is to be shown again."""

    sent: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    later: list[tuple[str, float]] = field(default_factory=list)
    away: bool = False

    def send_body(self, body: str, attributes: Mapping[str, str], after_seconds: float = 0) -> None:
        if self.away:
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the queue is away")
        self.sent.append((body, attributes))

    def retry_later(self, receipt_handle: str, seconds: float) -> None:
        if self.away:
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the queue is away")
        self.later.append((receipt_handle, seconds))


@dataclass
class Receiver:
    """Answers, and signs, so; or raises."""

    reply: Reply = field(default_factory=lambda: Reply(204))
    unsigned: Exception | None = None

    def post(self, headers: Mapping[str, str], body: str) -> Reply:
        return self.reply

    def sign(self, identity: str, seconds: int, body: str) -> str:
        if self.unsigned:
            raise self.unsigned
        return "v1,x"


@dataclass
class Door:
    """The queue's processor and what surrounds it."""

    receiver: Receiver = field(default_factory=Receiver)
    queue: Letters = field(default_factory=Letters)
    dead: Letters = field(default_factory=Letters)

    def process(self, *records: dict[str, Any]) -> list[str]:
        schedule = Schedule((5.0, 300.0), 86_400, lambda: 0.0)
        webhook = Webhook(self.receiver, self.receiver, schedule, lambda: NOW)
        telemetry = Telemetry("test")
        events = EventQueue(webhook, self.queue, self.dead, telemetry, lambda: NOW)
        failures = events.process_batch({"Records": list(records)})["batchItemFailures"]
        return [each["itemIdentifier"] for each in failures]


def record(body: str = BODY, receives: int = 1, age: float = 0.0) -> dict[str, Any]:
    return {
        "messageId": f"m{receives}",
        "receiptHandle": f"r{receives}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(int((NOW - age) * 1000)),
        },
        "messageAttributes": {"type": {"stringValue": "asset.ready", "dataType": "String"}},
    }


def test_what_is_taken_is_acknowledged():
    door = Door()
    assert door.process(record()) == []
    assert (door.queue.later, door.dead.sent) == ([], [])


def test_what_is_not_comes_back_after_its_delay_and_harms_no_other():
    door = Door(Receiver(Reply(500)))
    assert door.process(record(receives=1), record(receives=2, age=6)) == ["m1", "m2"]
    assert door.queue.later == [("r1", 5), ("r2", 300)]
    assert door.dead.sent == []


def test_what_is_given_up_is_a_dead_letter_with_its_reason():
    door = Door(Receiver(Reply(500, "Oops")))
    assert door.process(record(receives=8, age=86_400)) == []
    [(body, attributes)] = door.dead.sent
    assert body == BODY
    assert attributes == {"type": "asset.ready", "reason": "500 Oops: at the last of 8 tries"}


def test_what_can_be_no_dead_letter_yet_stays_in_the_queue():
    door = Door(Receiver(Reply(410)), dead=Letters(away=True))
    assert door.process(record()) == ["m1"]
    [(_, seconds)] = door.queue.later
    assert 0 < seconds <= 1


def test_what_nobody_can_read_is_a_dead_letter_at_once():
    door = Door()
    assert door.process(record("poison")) == []
    [(body, attributes)] = door.dead.sent
    assert body == "poison"
    assert "Expecting value" in attributes["reason"]


@pytest.mark.parametrize(
    "unsigned", [TransientError(ErrorCode.SERVICE_UNAVAILABLE, "no secret"), KeyError("a bug")]
)
def test_a_day_without_a_secret_loses_nothing(unsigned):
    door = Door(Receiver(Reply(500), unsigned))
    assert door.process(record(receives=12, age=2 * 86_400)) == ["m12"]
    [(_, seconds)] = door.queue.later
    assert 300 <= seconds <= 600
    assert door.dead.sent == []


def test_where_the_queue_is_away_a_message_comes_back_by_itself():
    door = Door(Receiver(Reply(500)), Letters(away=True))
    assert door.process(record()) == ["m1"]


def test_a_test_says_what_came_of_it():
    def test(receiver: Receiver) -> dict[str, Any]:
        schedule = Schedule((5.0,), 86_400)
        webhook = Webhook(receiver, receiver, schedule, lambda: NOW)
        return EventQueue(webhook, Letters(), Letters(), Telemetry("test")).test(EVENT)

    assert test(Receiver()) == {"taken": True, "reply": "204", "seconds": pytest.approx(0, abs=1)}
    assert test(Receiver(Reply(None, "no reply")))["reply"] == "no reply"
    away = TransientError(ErrorCode.SERVICE_UNAVAILABLE, "no secret")
    assert test(Receiver(unsigned=away)) == {"taken": False, "reply": "no secret", "seconds": 0.0}
