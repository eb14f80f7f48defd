"""Calls that Lambda has given up come again by a queue; and what is told of every retry."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from lib.adapters.telemetry import Telemetry
from lib.application.fenced_job import Finished
from lib.application.outcomes import describe, exhausted
from lib.domain.asset import ClaimState, History
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.keys import asset_id
from lib.domain.messages import parse_object_events
from lib.entrypoints import failed_calls
from lib.entrypoints.failed_calls import handle_calls, read_payload
from lib.entrypoints.settings import QueueSettings
from tests.support.fakes import UPLOADS, MemorySources, received

UPLOAD = received(MemorySources().upload("a.jpg", b"content"))
ABOUT = {
    "asset_id": asset_id(UPLOADS, "a.jpg"),
    "key": "a.jpg",
    "version_id": UPLOAD.source.version_id,
}
SLOW = TransientError(ErrorCode.THROTTLED, "slow down")
NOTIFICATION = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventName": "ObjectCreated:Put",
            "eventSource": "aws:s3",
            "s3": {
                "bucket": {"name": UPLOADS},
                "object": {
                    "key": "a.jpg",
                    "versionId": UPLOAD.source.version_id,
                    "size": 7,
                    "sequencer": "01",
                },
            },
        }
    ]
}
GIVEN_UP = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": NOTIFICATION}
SETTINGS = QueueSettings(
    stage="dev", queue_url="retries", dead_letters_url="failures", max_receives=400
)


class Log:
    """Keeps what was said, in the order of it."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def _say(self, message: str, **more: Any) -> None:
        self.lines.append({"message": message, **more})

    info = warning = error = _say


@pytest.fixture
def telemetry() -> Telemetry:
    telemetry = Telemetry("dev")
    telemetry.logger = Log()  # type: ignore[assignment]
    return telemetry


def said(telemetry: Telemetry) -> list[dict[str, Any]]:
    log: Any = telemetry.logger
    lines: list[dict[str, Any]] = log.lines
    return lines


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": f"handle of {number}",
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "4102444800000"},
            }
            for number, body in enumerate(bodies)
        ]
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was asked of SQS: the operation, and the queue."""
    calls: list[tuple[str, str]] = []

    def client(service: str) -> Any:
        assert service == "sqs"
        return SimpleNamespace(
            send_message=lambda **named: calls.append(("send", named["QueueUrl"])),
            change_message_visibility=lambda **named: calls.append(("later", named["QueueUrl"])),
        )

    monkeypatch.setattr(failed_calls, "client", client)
    return calls


def test_a_notification_is_dispatched_and_makes_no_client_of_a_queue(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_calls, "client", pytest.fail)
    seen: list[Any] = []
    handle_calls(NOTIFICATION, parse_object_events, seen.append, SETTINGS, telemetry)
    assert seen == [parse_object_events(NOTIFICATION)]


def test_a_call_that_lambda_repeats_says_whose_it_was(telemetry: Telemetry) -> None:
    def fail(_: Any) -> None:
        raise SLOW

    with pytest.raises(TransientError):
        handle_calls(NOTIFICATION, parse_object_events, fail, SETTINGS, telemetry)
    [line] = said(telemetry)
    assert line.items() >= {"message": "will be delivered again", **ABOUT}.items()


def test_calls_that_lambda_gave_up_are_dispatched_one_by_one(
    telemetry: Telemetry, asked: list[tuple[str, str]]
) -> None:
    seen: list[Any] = []

    def process(call: Any) -> None:
        seen.append(call)
        if len(seen) == 2:
            raise SLOW

    event = batch(json.dumps(GIVEN_UP), json.dumps(GIVEN_UP), "words")
    answer = handle_calls(event, parse_object_events, process, SETTINGS, telemetry)
    assert seen == [parse_object_events(NOTIFICATION)] * 2
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert asked == [("later", "retries"), ("send", "failures")]
    retried, refused = said(telemetry)
    assert retried.items() >= {**ABOUT, "message_id": "1", "receive_count": 2}.items()
    assert refused["message"] == "no message of ours"


@pytest.mark.parametrize("body", ["words", "[]", "{}", '{"requestPayload": "text"}'])
def test_what_is_no_record_of_a_call_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"expected a requestPayload|Expecting value"):
        read_payload(body)


@pytest.mark.parametrize("error", [SLOW, ZeroDivisionError("a bug")])
def test_every_retry_says_whose_it_was_and_a_bug_comes_with_its_traceback(
    telemetry: Telemetry, error: Exception
) -> None:
    message = SimpleNamespace(message_id="m", receives=3)
    telemetry.retried(error, message, UPLOAD)
    telemetry.finished(UPLOAD, Finished(ClaimState.BUSY, error=error))
    for line in said(telemetry):
        assert line.items() >= {"message": "will be delivered again", **ABOUT}.items()
        assert line["exc_info"] is (None if error is SLOW else error)
    assert [line["receive_count"] for line in said(telemetry)] == [3, None]


def test_what_no_release_of_ours_wrote_is_about_nothing(telemetry: Telemetry) -> None:
    telemetry.retried(SLOW, SimpleNamespace(message_id="m", receives=1), None)
    [line] = said(telemetry)
    assert "asset_id" not in line


def test_an_upload_that_was_given_up_comes_with_the_traceback_of_its_last_try(
    telemetry: Telemetry,
) -> None:
    bug = ZeroDivisionError("a bug")
    outcome = exhausted(History().after(describe(bug), "2026-01-01T00:00:00.000Z", counted=True))
    telemetry.finished(UPLOAD, Finished(ClaimState.CLAIMED, replace(outcome, processed_ms=1), bug))
    [line] = said(telemetry)
    assert (line["status"], line["exc_info"], line["asset_id"]) == (
        "FAILED",
        bug,
        ABOUT["asset_id"],
    )
