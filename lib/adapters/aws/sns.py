"""Publish to SNS: what dispatch received, and what the rest of the world may know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from lib.adapters.aws.errors import translated
from lib.domain import messages
from lib.domain.errors import ErrorCode, TransientError
from lib.domain.events import UploadEvent

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

BATCH = 10
"""Messages that PublishBatch takes."""


class SnsTopic:
    """The `media` topic; its subscriptions filter on the attributes `media_type` and `action`."""

    def __init__(self, client: SNSClient, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, events: Iterable[UploadEvent]) -> None:
        """Publish in batches. Raises TransientError if any one could not be published."""
        for batch in _batches(events):
            with translated():
                response = self._client.publish_batch(
                    TopicArn=self._topic_arn,
                    PublishBatchRequestEntries=[
                        {
                            "Id": str(number),
                            "Message": messages.serialize_event(event),
                            "MessageAttributes": _attributes(
                                {"media_type": event.media_type, "action": event.action}
                            ),
                        }
                        for number, event in enumerate(batch)
                    ],
                )
            if failed := response.get("Failed"):
                reasons = ", ".join(sorted({entry["Code"] for entry in failed}))
                raise TransientError(
                    ErrorCode.SERVICE_UNAVAILABLE,
                    f"{len(failed)} of {len(batch)} messages not published: {reasons}",
                )


class SnsAssetEvents:
    """The `asset-events` topic, with the attributes that subscriptions filter on."""

    def __init__(self, client: SNSClient, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, event: Mapping[str, object], attributes: Mapping[str, str]) -> None:
        """Publish one asset event. Raises TransientError."""
        with translated():
            self._client.publish(
                TopicArn=self._topic_arn,
                # In ASCII: SQS, where subscribers may have it, refuses most control characters.
                Message=json.dumps(event, separators=(",", ":")),
                MessageAttributes=_attributes(attributes),
            )


def _batches(events: Iterable[UploadEvent]) -> Iterator[Sequence[UploadEvent]]:
    remaining = iter(events)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _attributes(texts: Mapping[str, str]) -> dict[str, MessageAttributeValueTypeDef]:
    return {
        # str(): a StrEnum member is not what the serializer expects everywhere.
        name: {"DataType": "String", "StringValue": str(text)}
        for name, text in texts.items()
    }
