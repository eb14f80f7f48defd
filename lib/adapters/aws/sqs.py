"""Send an upload to a queue, show a message again at a chosen time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lib.adapters.aws.errors import translated
from lib.domain import messages
from lib.domain.events import UploadEvent

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_VISIBILITY = 12 * 60 * 60
LONGEST_DELAY = 15 * 60
"""Seconds, SQS's limits."""


class SqsQueue:
    """One queue, by URL."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, event: UploadEvent, after_seconds: float = 0) -> None:
        """Send an upload as the topic's subscription would deliver it, at most 15 minutes later.

        Raises TransientError.
        """
        attributes = {"media_type": event.media_type, "action": event.action}
        with translated():
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=messages.serialize_event(event),
                DelaySeconds=min(round(after_seconds), LONGEST_DELAY),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": str(text)}
                    for name, text in attributes.items()
                },
            )

    def retry_later(self, receipt_handle: str, seconds: float) -> None:
        """Show a received message again in `seconds`, instead of after the queue's own time-out.

        Raises TransientError.
        """
        with translated():
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=min(max(round(seconds), 0), LONGEST_VISIBILITY),
            )
