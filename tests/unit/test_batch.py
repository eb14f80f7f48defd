"""Partial batch responses and the delay before a message is seen again."""

from types import SimpleNamespace

import pytest

from lib.domain import messages
from lib.domain.errors import ErrorCode, TransientError
from lib.entrypoints.sqs_batch import RETRY_CAP_SECONDS, process_batch, retry_delay
from tests.support.fakes import JPEG_HEAD, MemorySources, received

UPLOAD = received(MemorySources().upload("a.jpg", JPEG_HEAD))


def record(name, body=None, receives=1):
    return {
        "messageId": name,
        "receiptHandle": f"handle of {name}",
        "body": body or messages.serialize_event(UPLOAD),
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }


def refuse_to_send(event, after_seconds):
    raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, "the queue is away")


def run(*records, process=lambda event, last: None, send_again=refuse_to_send):
    delays: dict[str, float] = {}
    reasons: list[tuple[str, type]] = []
    answer = process_batch(
        {"Records": list(records)},
        process,
        SimpleNamespace(retry_later=delays.__setitem__, send=send_again),
        max_receives=5,
        on_retry=lambda exc, message_id, receives: reasons.append((message_id, type(exc))),
    )
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]], delays, reasons


def test_each_message_is_processed_as_it_was_sent():
    seen = []
    failed, delays, _ = run(record("one"), process=lambda event, last: seen.append((event, last)))
    assert (failed, delays, seen) == ([], {}, [(UPLOAD, False)])


def test_a_failed_message_fails_alone_and_is_seen_again_soon():
    def process(event, last):
        if last:
            raise TransientError(ErrorCode.THROTTLED, "")

    failed, delays, reasons = run(record("one"), record("two", receives=5), process=process)
    assert (failed, reasons) == (["two"], [("two", TransientError)])
    assert delays == {"handle of two": 0}  # at once to the dead-letter queue

    def always(event, last):
        raise TransientError(ErrorCode.THROTTLED, "")

    _, delays, _ = run(record("three", receives=2), process=always)
    assert 1 <= delays["handle of three"] <= 2


def test_a_message_that_is_not_ours_goes_back_until_it_is_a_dead_letter():
    failed, delays, reasons = run(record("poison", body="{}"))
    assert (failed, list(delays)) == (["poison"], ["handle of poison"])
    assert reasons == [("poison", ValueError)]


@pytest.mark.parametrize(("receives", "least", "most"), [(1, 0.5, 1), (2, 1, 2), (4, 4, 8)])
def test_the_delay_doubles_and_is_spread(receives, least, most):
    error = TransientError(ErrorCode.THROTTLED, "")
    assert retry_delay(receives, error, spread=lambda: 0.0) == least
    assert retry_delay(receives, error, spread=lambda: 1.0) == most


def test_the_delay_is_capped_and_a_lease_is_waited_for():
    held = TransientError(ErrorCode.LEASE_HELD, "", retry_after=30)
    assert retry_delay(1, held) == 31
    assert retry_delay(60, ValueError(), spread=lambda: 1.0) == RETRY_CAP_SECONDS


def waits(event, last):
    raise TransientError(ErrorCode.BUDGET_SPENT, "tomorrow", retry_after=40_000)


@pytest.mark.parametrize("receives", [1, 3])
def test_what_waits_for_the_budget_is_seen_again_when_that_is_new(receives):
    failed, delays, _ = run(record("one", receives=receives), process=waits)
    assert (failed, delays) == (["one"], {"handle of one": 40_001})


@pytest.mark.parametrize("receives", [4, 5])
def test_what_waits_for_the_budget_never_becomes_a_dead_letter(receives):
    sent = []
    failed, delays, _ = run(
        record("one", receives=receives),
        process=waits,
        send_again=lambda event, after_seconds: sent.append((event, after_seconds)),
    )
    assert (failed, delays, sent) == ([], {}, [(UPLOAD, 40_001)])


def test_where_it_can_not_be_sent_again_it_is_still_there():
    failed, delays, _ = run(record("one", receives=4), process=waits)
    assert (failed, delays) == (["one"], {"handle of one": 40_001})


def test_only_what_waits_for_the_budget_is_sent_again():
    def fails(event, last):
        raise TransientError(ErrorCode.THROTTLED, "")

    sent = []
    failed, _, _ = run(
        record("one", receives=5), process=fails, send_again=lambda *each: sent.append(each)
    )
    assert (failed, sent) == (["one"], [])
