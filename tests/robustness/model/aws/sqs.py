"""SQS in memory, and what has functions work through queues: visibility, receives, redrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.robustness.model.deployment import Queue
from tests.robustness.model.faults import client_error
from tests.robustness.model.world import World

SERVICE = "sqs"

POLL_SECONDS = 0.05
"""Until a message that is visible is delivered."""


class Message:
    """One message of a queue. Times are epoch seconds."""

    __slots__ = ("attributes", "body", "gone", "name", "receives", "sent", "visible")

    def __init__(
        self, name: str, body: str, attributes: Mapping[str, str], sent: float, visible: float
    ) -> None:
        self.name = name
        self.body = body
        self.attributes = attributes
        self.sent = sent
        self.visible = visible
        self.receives = 0
        self.gone = False


class SQS:
    """All queues of the template, by their logical ids, which are their URLs too."""

    def __init__(self, world: World, queues: Mapping[str, Queue]) -> None:
        self.world = world
        self.queues = queues
        self.messages: dict[str, list[Message]] = {name: [] for name in queues}
        self.expired: list[tuple[str, Message]] = []
        """What nobody deleted within the retention period."""
        self.redriven: list[tuple[str, Message]] = []
        """What was received too often."""
        self.pollers: dict[str, Callable[[], None]] = {}
        self._by_name: dict[str, Message] = {}

    # What the code under test calls.

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        MessageBody: str,  # noqa: N803
        DelaySeconds: int = 0,  # noqa: N803
        MessageAttributes: Mapping[str, Any] | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        """Send a message, to be seen after a delay."""

        def do() -> dict[str, Any]:
            attributes = {
                name: each["StringValue"] for name, each in (MessageAttributes or {}).items()
            }
            return {"MessageId": self.send(QueueUrl, MessageBody, attributes, DelaySeconds).name}

        return self.world.call(SERVICE, "send_message", do)

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> dict[str, Any]:
        """Show a received message again in some seconds."""

        def do() -> dict[str, Any]:
            name, receive = ReceiptHandle.rsplit("#", 1)
            message = self._by_name.get(name)
            if message is None or message.gone or message.receives != int(receive):
                raise client_error("MessageNotInflight", 400, "ChangeMessageVisibility")
            message.visible = self.world.now + VisibilityTimeout
            self._poll_at(QueueUrl, message.visible)
            return {}

        return self.world.call(SERVICE, "change_message_visibility", do)

    # What the world does.

    def send(
        self, queue: str, body: str, attributes: Mapping[str, str], delay: float = 0.0
    ) -> Message:
        """Put a message into a queue; into a queue that repeats, twice."""
        message = self._add(queue, body, attributes, delay)
        if self.world.plan.comes_again(queue):
            self.world.say(f"{queue}: a message is there twice")
            self._add(queue, body, attributes, delay + self.world.random.choice((0.0, 1.0, 90.0)))
        return message

    def receive(self, queue: str) -> Message | None:
        """Take the next visible message, hidden for the queue's time-out; None where none is."""
        now, settings = self.world.now, self.queues[queue]
        for message in self.messages[queue]:
            if message.visible > now:
                continue
            if now - message.sent > settings.retention:
                self.expired.append((queue, message))
                self.delete(queue, message)
                return self.receive(queue)
            if settings.dead_letters and message.receives >= settings.most:
                self.redriven.append((queue, message))
                self.world.say(f"{queue}: a message goes to {settings.dead_letters}")
                self.delete(queue, message)
                self._add(settings.dead_letters, message.body, message.attributes, 0.0)
                return self.receive(queue)
            message.receives += 1
            message.visible = now + settings.visibility
            self._poll_at(queue, message.visible)
            return message
        return None

    def delete(self, queue: str, message: Message) -> None:
        """Delete a message."""
        message.gone = True
        if message in self.messages[queue]:
            self.messages[queue].remove(message)

    def _add(self, queue: str, body: str, attributes: Mapping[str, str], delay: float) -> Message:
        now = self.world.now
        self.world.names += 1
        message = Message(f"m{self.world.names}", body, attributes, now, now + delay)
        self._by_name[message.name] = message
        self.messages[queue].append(message)
        self._poll_at(queue, message.visible)
        return message

    def _poll_at(self, queue: str, when: float) -> None:
        if queue in self.pollers:
            self.world.at(when + POLL_SECONDS, self.pollers[queue])


def record_of(queue: str, message: Message) -> dict[str, Any]:
    """Return a message as Lambda hands it over."""
    return {
        "messageId": message.name,
        "receiptHandle": f"{message.name}#{message.receives}",
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(round(message.sent * 1000)),
            "ApproximateFirstReceiveTimestamp": str(round(message.sent * 1000)),
        },
        "messageAttributes": {
            name: {"stringValue": value, "dataType": "String"}
            for name, value in message.attributes.items()
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:1:{queue}",
    }
