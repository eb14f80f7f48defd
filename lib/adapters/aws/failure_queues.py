"""Read failure queues by hand, and send again what waits there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from lib.adapters.aws.errors import translated
from lib.application.redrive.letters import Job, Letter, Target
from lib.domain.errors import ErrorCode, MediaError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

BATCH = 10
"""Messages that SQS takes at once."""
LONG_POLL_SECONDS = 1
"""With any, SQS asks all its servers: what comes back empty is empty."""
LONGEST_VISIBILITY = 12 * 60 * 60
ATTRIBUTES = ("media_type", "action")
"""Of a message that the topic's subscriptions deliver; its body has them too."""
LONGEST_REASON = 300


class SqsLetters:
    """One failure queue, by URL."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def receive(self, most: int, hold_seconds: float) -> list[Letter]:
        """Take some messages and hide them for a while; none where nothing is visible.

        Raises TransientError.
        """
        with translated():
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=LONG_POLL_SECONDS,
                VisibilityTimeout=min(round(hold_seconds), LONGEST_VISIBILITY),
                AttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
        return [_letter(each) for each in answer.get("Messages", [])]

    def delete(self, letter: Letter) -> None:
        """Delete a received message. Raises TransientError."""
        with translated():
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.handle)

    def release(self, letters: Iterable[Letter]) -> None:
        """Show messages again at once. What fails is not told: they return by themselves."""
        handles = [each.handle for each in letters]
        for start in range(0, len(handles), BATCH):
            with suppress(MediaError), translated():
                self._client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                        for number, handle in enumerate(handles[start : start + BATCH])
                    ],
                )

    def hidden(self) -> int:
        """Return how many messages somebody has received just now, about. Raises TransientError."""
        with translated():
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


class AwsTargets:
    """Where messages are sent again: queues by their URLs, functions by the start of their names.

    A function is called and waited for: that it raised nothing is what acknowledges the message.
    """

    def __init__(
        self,
        sqs: SQSClient,
        functions: LambdaClient,
        queues: Mapping[Target, str],
        function_prefix: str,
    ) -> None:
        self._sqs = sqs
        self._functions = functions
        self._queues = queues
        self._prefix = function_prefix

    def send(self, job: Job) -> None:
        """Send a job where it belongs. Raises TransientError, also for what a function raised."""
        if job.target is None:
            raise ValueError(f"expected a target but received none: {job.problem}")
        if job.target.is_queue:
            self._send_message(self._queues[job.target], job.payload)
        else:
            self._invoke(f"{self._prefix}{job.target}", job.payload)

    def _send_message(self, url: str, body: str) -> None:
        told = json.loads(body)
        with translated():
            self._sqs.send_message(
                QueueUrl=url,
                MessageBody=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": told[name]} for name in ATTRIBUTES
                },
            )

    def _invoke(self, name: str, payload: str) -> None:
        with translated():
            answer = self._functions.invoke(FunctionName=name, Payload=payload.encode())
            raised = answer["Payload"].read() if "FunctionError" in answer else b""
        if raised:
            reason = _message_of(raised)
            raise TransientError(ErrorCode.SERVICE_UNAVAILABLE, f"{name} failed: {reason}")


def _letter(message: MessageTypeDef) -> Letter:
    return Letter(
        id=message["MessageId"],
        body=message["Body"],
        sent_at=int(message["Attributes"]["SentTimestamp"]) / 1000,
        handle=message["ReceiptHandle"],
        attributes={
            name: each["StringValue"]
            for name, each in message.get("MessageAttributes", {}).items()
            if "StringValue" in each
        },
    )


def _message_of(raised: bytes) -> str:
    """Return what a function raised, out of Lambda's JSON."""
    text = raised.decode(errors="replace")
    with suppress(ValueError, AttributeError):
        text = str(json.loads(text).get("errorMessage", text))
    return text[:LONGEST_REASON]
