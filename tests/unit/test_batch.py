"""Partial batch responses and the delay before a message is seen again."""

import pytest

from lib import messages
from lib.batch import RETRY_CAP_SECONDS, process_batch, retry_delay
from lib.errors import ErrorCode, TransientError
from tests.fakes import JPEG_HEAD, MemoryStorage, received

UPLOAD = received(MemoryStorage().upload("a.jpg", JPEG_HEAD))


def record(name, body=None, receives=1):
    return {
        "messageId": name,
        "receiptHandle": f"handle of {name}",
        "body": body or messages.encode(UPLOAD),
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }


def run(*records, process=lambda event, last: None):
    delays: dict[str, float] = {}
    reasons: list[tuple[str, type]] = []
    answer = process_batch(
        {"Records": list(records)},
        process,
        max_receives=5,
        retry_later=delays.__setitem__,
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
