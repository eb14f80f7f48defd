"""Send an upload to a queue, or a body as it was received; show a message again later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lib.adapters.aws.errors import translated
from lib.domain import messages
from lib.domain.events import UploadEvent

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_VISIBILITY = 12 * 60 * 60
LONGEST_DELAY = 15 * 60
"""Seconds, SQS's limits."""

LONGEST_REASON = 1000
"""Characters: who looks at a dead letter reads it, and a message has room for its body too."""


class SqsQueue:
    """One queue, by URL."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(
        self, event: UploadEvent, after_seconds: float = 0, *, reason: str | None = None
    ) -> None:
        """Send an upload as the topic's subscription would deliver it, at most 15 minutes later.

        `reason` goes with what is given up. Raises TransientError.
        """
        attributes = {"media_type": event.media_type, "action": event.action}
        because = {"reason": reason} if reason else {}
        self.send_body(messages.serialize_event(event), attributes | because, after_seconds)

    def send_body(self, body: str, attributes: Mapping[str, str], after_seconds: float = 0) -> None:
        """Send any body, at most 15 minutes later; attributes are texts. Raises TransientError."""
        with translated():
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=body,
                DelaySeconds=min(round(after_seconds), LONGEST_DELAY),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": _printable(text)}
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


def _printable(text: str) -> str:
    """Return a text as an attribute may hold it: in ASCII, since SQS refuses some characters."""
    return ascii(str(text))[1:-1][:LONGEST_REASON] or "-"
