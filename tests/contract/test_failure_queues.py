"""Failure queues and the catalog's stream as SQS, Lambda and DynamoDB keep them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws

from lib.adapters.aws.dynamodb_stream import DynamoStream
from lib.adapters.aws.failure_queues import AwsTargets, SqsLetters
from lib.application.redrive.letters import Batch, FailureQueue, Job, Target, Verdict
from lib.application.redrive.reading import read_letter
from lib.application.redrive.resend import look
from lib.domain.errors import TransientError
from tests.support.failure_letters import failed_batch, letter

BODY = json.dumps({"media_type": "image", "action": "created", "key": "a.jpg", "more": 1})


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        yield


@pytest.fixture
def sqs() -> Any:
    return boto3.client("sqs")


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName="letters")["QueueUrl"])


def test_a_letter_has_body_age_and_attributes(sqs: Any, url: str) -> None:
    sqs.send_message(
        QueueUrl=url,
        MessageBody="été",
        MessageAttributes={
            "reason": {"DataType": "String", "StringValue": "expected JSON"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"1"},
        },
    )
    (received,) = SqsLetters(sqs, url).receive(10, 60)
    assert (received.body, received.attributes) == ("été", {"reason": "expected JSON"})
    assert abs(received.sent_at - time.time()) < 60


def test_letters_are_hidden_while_they_are_held_and_visible_once_released(
    sqs: Any, url: str
) -> None:
    letters = SqsLetters(sqs, url)
    for number in range(23):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    held = [each for _ in range(3) for each in letters.receive(10, 60)]
    assert (letters.receive(10, 60), letters.hidden()) == ([], 23)
    letters.release(held)
    assert letters.hidden() == 0
    assert sorted(int(each.body) for each in look(letters)) == list(range(23))
    for each in letters.receive(10, 60):
        letters.delete(each)
    assert len(look(letters)) == 13


def test_what_can_not_be_released_any_more_is_no_error(sqs: Any, url: str) -> None:
    letters = SqsLetters(sqs, url)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    (received,) = letters.receive(1, 60)
    letters.delete(received)
    letters.release([received, replace(received, handle="nobody's")])
    assert look(letters) == []


def job(target: Target | None, payload: str = BODY) -> Job:
    return Job(FailureQueue.IMAGE, letter("a"), Verdict.SEND, target, payload)


def test_a_queue_gets_the_body_as_it_was_with_the_topics_attributes(sqs: Any, url: str) -> None:
    targets = AwsTargets(sqs, boto3.client("lambda"), {Target.IMAGE_QUEUE: url}, "p-")
    targets.send(job(Target.IMAGE_QUEUE))
    (received,) = SqsLetters(sqs, url).receive(10, 60)
    assert received.body == BODY
    assert received.attributes == {"media_type": "image", "action": "created"}


def test_nothing_is_sent_without_a_target(sqs: Any, url: str) -> None:
    targets = AwsTargets(sqs, boto3.client("lambda"), {Target.IMAGE_QUEUE: url}, "p-")
    with pytest.raises(ValueError, match="expected a target"):
        targets.send(job(None))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"null", None),
        (b'{"errorMessage": "THROTTLED: slow down"}', "p-dispatch failed: THROTTLED: slow down"),
        (b"no JSON", "p-dispatch failed: no JSON"),
    ],
)
def test_a_function_is_called_and_waited_for(
    sqs: Any, url: str, answer: bytes, says: str | None
) -> None:
    functions = boto3.client("lambda")
    with Stubber(functions) as stub:
        stub.add_response(
            "invoke",
            {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(answer), len(answer))}
            | ({"FunctionError": "Unhandled"} if says else {}),
            {"FunctionName": "p-dispatch", "Payload": b'{"Records": []}'},
        )
        targets = AwsTargets(sqs, functions, {}, "p-")
        if says:
            with pytest.raises(TransientError, match=says):
                targets.send(job(Target.DISPATCH, '{"Records": []}'))
        else:
            targets.send(job(Target.DISPATCH, '{"Records": []}'))
        stub.assert_no_pending_responses()


@pytest.fixture
def table() -> Any:
    table = boto3.client("dynamodb").create_table(
        TableName="catalog",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    for key in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        item = {"pk": key, "bucket": "uploads", "key": key}
        boto3.client("dynamodb").put_item(
            TableName="catalog", Item={name: {"S": text} for name, text in item.items()}
        )
    return table


def told_batch(table: Any, first: int, last: int) -> dict[str, Any]:
    """Return what Lambda would tell of a batch of a stream, by the numbers of its changes."""
    streams = boto3.client("dynamodbstreams")
    arn = table["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    numbers = [each["dynamodb"]["SequenceNumber"] for each in records]
    return failed_batch("sweep", numbers[first], numbers[last], arn, shard["ShardId"])


def test_a_batch_is_read_again_as_a_function_is_given_it(table: Any) -> None:
    stream = DynamoStream(boto3.client("dynamodbstreams"), "catalog")
    found = read_letter(FailureQueue.STREAM, letter(told_batch(table, 1, 2)), stream)
    assert found.verdict is Verdict.SEND
    assert [each.key for each in found.subjects] == ["b.jpg", "c.jpg"]
    records = json.loads(found.payload)["Records"]
    assert [each["dynamodb"]["NewImage"]["pk"] for each in records] == [
        {"S": "b.jpg"},
        {"S": "c.jpg"},
    ]
    assert {each["eventSourceARN"] for each in records} == {table["LatestStreamArn"]}
    assert abs(records[0]["dynamodb"]["ApproximateCreationDateTime"] - time.time()) < 60


ARN = "arn:aws:dynamodb:eu-west-1:1:table/catalog/stream/2026"
A, B, C, D = (f"{number:021}" for number in range(100, 104))
BATCH = Batch(ARN, "shardId-000000000000000000000001", A, B, 2, 0.0, 1.0)


@pytest.mark.parametrize(
    ("code", "lost"),
    [
        ("TrimmedDataAccessException", True),
        ("ResourceNotFoundException", True),
        ("ValidationException", True),
        ("LimitExceededException", False),
        ("InternalServerError", False),
    ],
)
def test_a_forgotten_batch_is_none_and_what_may_pass_is_not(code: str, lost: bool) -> None:
    client = boto3.client("dynamodbstreams")
    with Stubber(client) as stub:
        stub.add_client_error("get_shard_iterator", code, http_status_code=400 if lost else 500)
        if lost:
            assert DynamoStream(client, "catalog").read(BATCH) is None
        else:
            with pytest.raises((TransientError, ClientError)):
                DynamoStream(client, "catalog").read(BATCH)


def test_nothing_is_read_of_another_table_or_of_what_no_stream_can_have() -> None:
    client = boto3.client("dynamodbstreams")
    with Stubber(client):  # nothing is asked
        assert DynamoStream(client, "budget").read(BATCH) is None
    assert DynamoStream(client, "catalog").read(replace(BATCH, first="1")) is None


def test_empty_pages_are_read_over_and_a_shard_that_ends_before_is_forgotten() -> None:
    def record(number: str) -> dict[str, Any]:
        change = {"SequenceNumber": number, "ApproximateCreationDateTime": datetime.now(UTC)}
        return {"eventName": "MODIFY", "dynamodb": change}

    client = boto3.client("dynamodbstreams")
    cases: list[tuple[list[list[str]], list[str] | None]] = [
        ([[], [A], [], [B, C]], [A, B]),
        ([[A]], None),
        ([[A], [D]], [A, D]),  # what the filter left out was the last
    ]
    for pages, numbers in cases:
        with Stubber(client) as stub:
            stub.add_response("get_shard_iterator", {"ShardIterator": "0"})
            for index, page in enumerate(pages, 1):
                last = index == len(pages)
                stub.add_response(
                    "get_records",
                    {"Records": [record(each) for each in page]}
                    | ({} if last else {"NextShardIterator": str(index)}),
                )
            found = DynamoStream(client, "catalog").read(BATCH)
        read = None if found is None else [each["dynamodb"]["SequenceNumber"] for each in found]
        assert read == numbers
