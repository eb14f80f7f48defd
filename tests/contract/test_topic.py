"""What subscribers of the topics get, through real filter policies and raw delivery."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from lib.adapters.aws.sns import SnsAssetEvents, SnsTopic
from lib.adapters.aws.sqs import SqsQueue
from lib.domain import messages
from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import Action, Source, UploadEvent
from lib.domain.media import MediaType

EVENT = UploadEvent(
    Action.CREATED,
    Source("uploads", "été 1+1.jpg", "v1", "etag", 10),
    "0062E99A88DC407460",
    MediaType.IMAGE,
    "image/jpeg",
    "2026-01-01T00:00:00.000Z",
)


@dataclass
class Fabric:
    """A topic, with queues that subscribe to what a filter policy lets through."""

    sns: Any
    sqs: Any
    topic_arn: str

    def subscribe(self, name: str, policy: dict[str, list[str]]) -> str:
        url: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.sns.subscribe(
            TopicArn=self.topic_arn,
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true", "FilterPolicy": json.dumps(policy)},
        )
        return url

    def received(self, url: str) -> list[str]:
        bodies: list[str] = []
        while got := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [message["Body"] for message in got]
        return bodies


@pytest.fixture
def fabric() -> Iterator[Fabric]:
    with mock_aws():
        sns = boto3.client("sns", region_name="eu-west-1")
        sqs = boto3.client("sqs", region_name="eu-west-1")
        yield Fabric(sns, sqs, sns.create_topic(Name="media")["TopicArn"])


class TestSnsTopic:
    def test_delivers_by_media_type_and_action(self, fabric: Fabric) -> None:
        images = fabric.subscribe("images", {"media_type": ["image"], "action": ["created"]})
        videos = fabric.subscribe(
            "videos", {"media_type": ["video", "audio"], "action": ["created"]}
        )
        removed = replace(EVENT, action=Action.REMOVED)
        sound = replace(EVENT, media_type=MediaType.AUDIO)
        SnsTopic(fabric.sns, fabric.topic_arn).publish([EVENT, removed, sound])
        assert [messages.deserialize_event(body) for body in fabric.received(images)] == [EVENT]
        assert [messages.deserialize_event(body) for body in fabric.received(videos)] == [sound]

    def test_publishes_more_than_a_request_takes(self, fabric: Fabric) -> None:
        url = fabric.subscribe("images", {"media_type": ["image"]})
        sequencers = [f"{number:018X}" for number in range(23)]
        events = (replace(EVENT, sequencer=each) for each in sequencers)
        SnsTopic(fabric.sns, fabric.topic_arn).publish(events)
        bodies = fabric.received(url)
        assert sorted(messages.deserialize_event(body).sequencer for body in bodies) == sequencers

    def test_asks_for_as_many_at_once_as_a_request_takes(self) -> None:
        class Counting:
            def __init__(self) -> None:
                self.counted: list[int] = []

            def publish_batch(self, **arguments: Any) -> dict[str, Any]:
                entries = arguments["PublishBatchRequestEntries"]
                assert len({each["Id"] for each in entries}) == len(entries)
                self.counted.append(len(entries))
                return {"Failed": []}

        client: Any = Counting()
        SnsTopic(client, "arn").publish([EVENT] * 23)
        assert client.counted == [10, 10, 3]

    def test_publishes_nothing_without_asking(self) -> None:
        client: Any = None
        SnsTopic(client, "arn").publish([])

    def test_reports_what_was_not_published(self) -> None:
        class Refusing:
            def publish_batch(self, **arguments: Any) -> dict[str, Any]:
                codes = ("Throttled", "InternalError", "InternalError")
                return {"Failed": [{"Id": "1", "Code": code} for code in codes]}

        client: Any = Refusing()
        with pytest.raises(TransientError) as raised:
            SnsTopic(client, "arn").publish([EVENT] * 4)
        assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE
        assert raised.value.message == "3 of 4 messages not published: InternalError, Throttled"


class TestSnsAssetEvents:
    def test_delivers_by_status_and_media_type(self, fabric: Fabric) -> None:
        failures = fabric.subscribe("failures", {"status": ["FAILED"], "media_type": ["video"]})
        events = SnsAssetEvents(fabric.sns, fabric.topic_arn)
        for status in (AssetStatus.READY, AssetStatus.FAILED):
            for media in (MediaType.IMAGE, MediaType.VIDEO):
                events.publish(
                    {"key": "été", "status": status}, {"status": status, "media_type": media}
                )
        assert fabric.received(failures) == ['{"key":"\\u00e9t\\u00e9","status":"FAILED"}']


@pytest.mark.parametrize(("asked", "given"), [(0.4, 0), (12.6, 13), (-5, 0), (99_999, 43_200)])
def test_retry_later_stays_within_what_sqs_allows(asked: float, given: int) -> None:
    class Recording:
        asked: dict[str, Any]

        def change_message_visibility(self, **arguments: Any) -> None:
            self.asked = arguments

    recording = Recording()
    client: Any = recording
    SqsQueue(client, "url").retry_later("handle", asked)
    assert recording.asked == {
        "QueueUrl": "url",
        "ReceiptHandle": "handle",
        "VisibilityTimeout": given,
    }


@pytest.mark.parametrize(("asked", "given"), [(0, 0), (12.6, 13), (899, 899), (99_999, 900)])
def test_an_upload_is_delayed_within_what_sqs_allows(asked: float, given: int) -> None:
    class Recording:
        asked: dict[str, Any]

        def send_message(self, **arguments: Any) -> None:
            self.asked = arguments

    recording = Recording()
    client: Any = recording
    SqsQueue(client, "url").send(EVENT, asked)
    assert (recording.asked["QueueUrl"], recording.asked["DelaySeconds"]) == ("url", given)
    SqsQueue(client, "url").send(EVENT)
    assert recording.asked["DelaySeconds"] == 0


class Away:
    """A client of a service that no request reaches."""

    def __getattr__(self, request: str) -> Any:
        def ask(**arguments: Any) -> None:
            raise EndpointConnectionError(endpoint_url=request)

        return ask


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: SnsTopic(client, "arn").publish([EVENT]),
        lambda client: SnsAssetEvents(client, "arn").publish({}, {"status": "READY"}),
        lambda client: SqsQueue(client, "url").send(EVENT),
        lambda client: SqsQueue(client, "url").retry_later("handle", 1),
    ],
)
def test_what_no_request_reaches_may_be_tried_again(ask: Callable[[Any], None]) -> None:
    with pytest.raises(TransientError) as raised:
        ask(Away())
    assert raised.value.code is ErrorCode.SERVICE_UNAVAILABLE


def test_retry_later_shows_a_message_again(fabric: Fabric) -> None:
    url = fabric.sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "600"})[
        "QueueUrl"
    ]
    fabric.sqs.send_message(QueueUrl=url, MessageBody="hello")
    (message,) = fabric.sqs.receive_message(QueueUrl=url)["Messages"]
    SqsQueue(fabric.sqs, url).retry_later(message["ReceiptHandle"], 0)
    assert fabric.received(url)[:1] == ["hello"]


def test_a_sent_upload_is_read_as_one_of_the_topic(fabric: Fabric) -> None:
    through_topic = fabric.subscribe("images", {"media_type": ["image"]})
    sent = fabric.sqs.create_queue(QueueName="videos")["QueueUrl"]
    SnsTopic(fabric.sns, fabric.topic_arn).publish([EVENT])
    SqsQueue(fabric.sqs, sent).send(EVENT)
    one, other = (
        fabric.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
        for url in (through_topic, sent)
    )
    assert one["Body"] == other["Body"]
    assert one["MessageAttributes"] == other["MessageAttributes"]
    assert messages.deserialize_event(other["Body"]) == EVENT
