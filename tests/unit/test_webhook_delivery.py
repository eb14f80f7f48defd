"""What becomes of an event by what its receiver answers, and when it is tried again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from lib.application.doors.webhook import (
    LONGEST_DELAY,
    Delivered,
    GivenUp,
    Later,
    Reply,
    Schedule,
    Tried,
    Webhook,
    payload,
    read_event,
)

DAY = 86_400
DELAYS = "5,300,1800,7200,18000,36000"
EVENT = {
    "id": "evt_1",
    "type": "asset.ready",
    "asset_id": "a",
    "revision": 7,
    "key": "été.jpg",
    "updated_at": "2027-01-15T08:00:00.000Z",
}


def schedule(spread: float = 0.0) -> Schedule:
    return Schedule(Schedule.of(DELAYS, DAY).delays, DAY, lambda: spread)


@dataclass
class Answering:
    """A receiver that answers so."""

    reply: Reply
    posted: list[tuple[Mapping[str, str], str]] = field(default_factory=list)

    def post(self, headers: Mapping[str, str], body: str) -> Reply:
        self.posted.append((headers, body))
        return self.reply


class Signing:
    def sign(self, identity: str, seconds: int, body: str) -> str:
        return f"v1,{identity}-{seconds}-{len(body)}"


def webhook(reply: Reply) -> Webhook:
    return Webhook(Answering(reply), Signing(), schedule(), lambda: 1_800_000_000.7)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_what_is_taken_is_at_its_end(status):
    assert webhook(Reply(status)).deliver(EVENT, Tried(1, 0)) == Delivered(Reply(status))


@pytest.mark.parametrize("status", [None, 100, 301, 302, 307, 400, 404, 429, 500, 503])
def test_all_else_is_tried_again(status):
    fate = webhook(Reply(status)).deliver(EVENT, Tried(1, 0))
    assert fate == Later(Reply(status), 5)


def test_a_receiver_that_is_gone_is_left_alone_at_once():
    fate = webhook(Reply(410, "Gone")).deliver(EVENT, Tried(1, 0))
    assert isinstance(fate, GivenUp)
    assert fate.reason == "410 Gone: the receiver wants no more events"


def test_after_a_day_it_is_given_up_with_the_last_reason():
    fate = webhook(Reply(None, "no reply within 15 s")).deliver(EVENT, Tried(9, DAY))
    assert isinstance(fate, GivenUp)
    assert fate.reason == "no reply within 15 s: at the last of 9 tries"


@pytest.mark.parametrize(
    ("status", "asked", "seconds"),
    [
        (429, 60, 60),
        (503, 60, 60),
        (503, 1, 5),  # sooner than it would come anyway
        (500, 60, 5),  # of no meaning there
        (503, 10 * DAY, LONGEST_DELAY),
    ],
)
def test_retry_after_is_waited_for(status, asked, seconds):
    fate = webhook(Reply(status, retry_after=asked)).deliver(EVENT, Tried(1, 0))
    assert fate == Later(Reply(status, retry_after=asked), seconds)


def test_delays_grow_and_the_last_try_is_at_the_end_of_the_day():
    age, tries, delays = 0.0, 1, list[float]()
    while (delay := schedule().next_try(tries, age)) is not None:
        delays.append(delay)
        age, tries = age + delay, tries + 1
    assert delays == [5, 300, 1800, 7200, 18_000, 36_000, DAY - 63_305]
    assert age == DAY


def test_delays_are_spread_by_a_tenth_at_most():
    assert schedule(0.5).next_try(2, 0) == pytest.approx(315)
    assert schedule(1.0).next_try(6, 0) == pytest.approx(39_600)
    assert schedule(1.0).next_try(6, 0, asked=DAY) == LONGEST_DELAY


def test_the_last_second_is_not_full_of_tries():
    assert schedule().next_try(3, DAY - 0.2) == 1
    assert schedule().next_try(3, DAY) is None


def test_a_wait_for_longer_than_there_is_ends_with_a_last_try():
    assert schedule().next_try(1, DAY - 600, asked=3600) == 600


def test_delays_that_are_none_are_refused():
    with pytest.raises(ValueError, match="could not convert"):
        Schedule.of("5,soon", DAY)


def test_each_try_posts_the_same_bytes_with_the_same_id():
    hook = webhook(Reply(500))
    hook.deliver(EVENT, Tried(1, 0))
    hook.deliver(dict(EVENT), Tried(2, 5))
    assert isinstance(hook.receiver, Answering)
    (headers, body), again = hook.receiver.posted
    assert again == (headers, body)
    assert headers == {
        "content-type": "application/json",
        "webhook-id": "evt_1",
        "webhook-timestamp": "1800000000",
        "webhook-signature": f"v1,evt_1-1800000000-{len(body)}",
    }
    assert body.isascii()
    assert json.loads(body) == {
        "type": "asset.ready",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "data": EVENT,
    }


def test_an_event_is_read_as_it_was_published():
    assert read_event(json.dumps(EVENT)) == EVENT
    assert payload(read_event(json.dumps(EVENT))) == payload(EVENT)


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[]", "7", "null", '{"id": "e", "type": "t"}', '{"id": 7, "type": "t"}'),
        *(json.dumps(EVENT | {"id": each}) for each in ("", "a\r\nx: y", "a b", "é", "x" * 201)),
    ],
)
def test_what_is_no_event_is_said_to_be_none(body):
    with pytest.raises(ValueError, match=r"expected|Expecting"):
        read_event(body)


def test_a_reply_is_said_in_a_few_words():
    assert str(Reply(500, "Internal Server Error")) == "500 Internal Server Error"
    assert str(Reply(599)) == "599"
    assert str(Reply(None, "refused")) == "refused"
