"""What AWS is in the way of waits and goes on by itself; what nobody can read is a dead letter."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from lib.domain import messages
from lib.domain.asset import AssetStatus
from lib.domain.keys import execution_name
from tests.e2e.deployed import FUNCTIONS, event_of, record, wait_for
from tests.e2e.grants import read_decisions

MEDIA = Path(__file__).parent.parent / "media"
NOBODY = "http://127.0.0.1:9"
"""An endpoint that refuses connections."""


def queue_of(deployed, function):
    """Return the URL of the queue that a function is given messages of."""
    found = deployed.functions.get_function_configuration(FunctionName=FUNCTIONS + function)
    return found["Environment"]["Variables"]["QUEUE_URL"]


def asked(deployed, role, action, queue):
    """Tell whether a role asked for something of a queue."""
    name = queue.rsplit("/", 1)[-1]
    return any(
        role in each.role and each.action == action and name in each.resource
        for each in read_decisions(deployed.emulator)
    )


@contextmanager
def away(deployed, function, service, **variables):
    """Let a function not reach a service for the length of a `with` block."""
    endpoint = {f"AWS_ENDPOINT_URL_{service}": NOBODY, "AWS_MAX_ATTEMPTS": "1"}
    with deployed.reconfigured(function, **endpoint, **variables):
        yield


def test_an_outage_of_s3_is_waited_out(deployed):
    key = "retries/waits.png"
    with away(deployed, "processImage", "S3"):
        version = deployed.upload(key, MEDIA / "rocket-alpha.png")
        waiting = wait_for(
            lambda: (asset := deployed.asset(key)) and len(asset.history.entries) > 1 and asset,
            "two tries to fail",
        )
    assert waiting.error.code == "SERVICE_UNAVAILABLE"
    ready = deployed.wait(key, version)
    assert (ready.status, ready.error, ready.history.failed) == (AssetStatus.READY, None, 0)
    assert not deployed.messages(deployed.outputs["ImageDeadLetters"])


def given_up(payload):
    """Return Lambda's record of a call that it gave up."""
    context = {"condition": "RetriesExhausted", "approximateInvokeCount": 3}
    return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": payload})


def test_an_event_that_lambda_gave_up_is_dispatched_once_that_can_be_done(deployed):
    key = "retries/given-up.png"
    first = deployed.wait(key, deployed.upload(key, MEDIA / "rocket-alpha.png"))
    marker = deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)["VersionId"]
    deployed.wait(key, marker, AssetStatus.DELETED)
    queue = queue_of(deployed, "dispatch")
    # As S3 has it now: the event of the removal is not told to a dispatch that can't read it.
    with away(deployed, "dispatch", "S3"):
        deployed.s3.delete_object(Bucket=deployed.uploads, Key=key, VersionId=marker)
        again = {"Records": [record(first)]}
        deployed.sqs.send_message(QueueUrl=queue, MessageBody=given_up(again))
        wait_for(
            lambda: asked(deployed, "DispatchRole", "sqs:ChangeMessageVisibility", queue),
            "dispatch to give the event back",
        )
        assert deployed.asset(key).status is AssetStatus.DELETED
    ready = deployed.wait(key, first.source.version_id, AssetStatus.READY)
    assert ready.sequencer > first.sequencer


def test_the_end_of_an_execution_that_lambda_gave_up_is_recorded_once_that_can_be_done(deployed):
    key = "retries/ended.m4a"
    version = deployed.upload(key, MEDIA / "voice.m4a")
    ready = deployed.wait(key, version)
    event = event_of(ready)
    assert deployed.catalog.reopen(ready)
    detail = {
        "name": execution_name(event.source, event.sequencer, 2),
        "status": "TIMED_OUT",
        "input": messages.serialize_event(event),
    }
    queue = queue_of(deployed, "failVideo")
    with away(deployed, "failVideo", "DYNAMODB"):
        body = given_up({"source": "aws.states", "detail": detail})
        deployed.sqs.send_message(QueueUrl=queue, MessageBody=body)
        wait_for(
            lambda: asked(deployed, "FailVideoRole", "sqs:ChangeMessageVisibility", queue),
            "failVideo to give the end back",
        )
    # It sends the upload to its queue, and that is worked on again.
    again = deployed.wait(key, version, AssetStatus.READY)
    [tried] = again.history.entries
    assert tried.failure.message == "unexpected TIMED_OUT"


@pytest.mark.parametrize(
    ("function", "letters"),
    [
        ("processVideo", "VideoDeadLetters"),
        ("dispatch", "DispatchFailures"),
        ("failVideo", "ExecutionFailures"),
    ],
)
def test_what_nobody_can_read_is_a_dead_letter_at_once(deployed, function, letters):
    queue = queue_of(deployed, function)
    deployed.sqs.send_message(QueueUrl=queue, MessageBody="just words")
    [letter] = wait_for(lambda: deployed.messages(deployed.outputs[letters]), "the dead letter")
    assert letter["Body"] == "just words"
    assert letter["MessageAttributes"]["reason"]["StringValue"].startswith(("expected", "Expect"))
