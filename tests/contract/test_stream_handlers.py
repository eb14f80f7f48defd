"""The functions behind the catalog's stream, as Lambda calls them, with records of any release."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lib.adapters.aws import clients
from lib.adapters.telemetry import Telemetry
from tests.unit.test_other_releases import entry, image, listed

BUCKET, MACHINE = "renditions", "arn:aws:states:eu-west-1:123456789012:stateMachine:long"
CONTEXT = SimpleNamespace(
    function_name="stream",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:stream",
    aws_request_id="request",
)

Call = Callable[..., Any]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Return a bucket with the renditions of three versions, and a queue that hears of assets."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients._make.cache_clear()
    with mock_aws():
        s3, sns, sqs = boto3.client("s3"), boto3.client("sns"), boto3.client("sqs")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        for version in (1, 2, 3):
            for key in listed(version):
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
        topic, queue = sns.create_topic(Name="told")["TopicArn"], sqs.create_queue(QueueName="told")
        arn = sqs.get_queue_attributes(QueueUrl=queue["QueueUrl"], AttributeNames=["QueueArn"])
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )
        for name, value in {
            "STAGE": "test",
            "RENDITIONS_BUCKET": BUCKET,
            "LONG_VIDEO_ARN": MACHINE,
            "ASSET_EVENTS_TOPIC_ARN": topic,
        }.items():
            monkeypatch.setenv(name, value)
        yield SimpleNamespace(s3=s3, sqs=sqs, queue=queue["QueueUrl"])
    clients._make.cache_clear()


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what handlers log from now on; whoever logged first in this process chose where."""
    logged = io.StringIO()
    told = Telemetry("test").logger
    monkeypatch.setattr(told.registered_handler, "stream", logged)
    return logged


@pytest.fixture
def call(aws: SimpleNamespace) -> Iterator[Call]:
    """Return a function that calls a handler with the old and the new image of each record."""

    def call_handler(name: str, *changes: tuple[dict[str, Any] | None, dict[str, Any]]) -> None:
        records = [
            {"dynamodb": {"OldImage": image(old or {}), "NewImage": image(new)}}
            for old, new in changes
        ]
        import_module(f"handlers.{name}").handler({"Records": records}, CONTEXT)

    yield call_handler
    for name in ("handlers.sweep", "handlers.notify"):
        sys.modules.pop(name, None)


def stored(aws: SimpleNamespace) -> set[int]:
    found = aws.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    keys = {each["Key"] for each in found}
    return {version for version in (1, 2, 3) if set(listed(version)) <= keys}


ELSEWHERE = {"pk": "a-cursor", "at": 7}
LATER = {
    "hdr": {"a": 1},
    "media_type": "model",
    "placeholder": {"blurhash": "LEHV6nWB2yk8"},
    "error": {"code": "QUARANTINED", "message": "later", "permanent": True},
}
"""What a later release may write into an entry."""


def test_sweep_goes_on_behind_what_a_later_release_wrote(
    aws: SimpleNamespace, call: Call, logs: io.StringIO
) -> None:
    archived = entry(2, "ARCHIVED", 2) | LATER
    call(
        "sweep",
        (entry(2, "PROCESSING", 1), ELSEWHERE),
        (entry(2, "PROCESSING", 2), archived),
        (entry(3, "PROCESSING", 1), entry(3, "READY", 3) | LATER),
    )
    assert stored(aws) == {2, 3}
    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert [(each["message"], each.get("reason")) for each in lines] == [
        ("skipped", "SERVICE_UNAVAILABLE: expected bucket in a source but it is missing"),
        ("swept", None),
    ]
    assert lines[-1]["renditions"] == 2


def test_notify_goes_on_behind_what_a_later_release_wrote(aws: SimpleNamespace, call: Call) -> None:
    call(
        "notify",
        (None, ELSEWHERE),
        (entry(2, "PROCESSING"), entry(2, "ARCHIVED") | LATER),
        (entry(2, "ARCHIVED") | LATER, entry(3, "FAILED", 2) | LATER),
    )
    received = aws.sqs.receive_message(QueueUrl=aws.queue, MaxNumberOfMessages=10)["Messages"]
    [told] = [json.loads(each["Body"]) for each in received]
    assert (told["status"], told["media_type"]) == ("FAILED", "model")
    assert told["error"] == LATER["error"]
