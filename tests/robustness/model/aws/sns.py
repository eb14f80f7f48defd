"""SNS in memory: a topic whose subscriptions filter into queues, and one that keeps all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.robustness.model.aws.sqs import SQS
from tests.robustness.model.deployment import Subscription
from tests.robustness.model.world import World

SERVICE = "sns"
DELIVERY_SECONDS = 0.08


class SNS:
    """What is published goes to the queues whose subscriptions let it through.

    `published` has what went to no queue: the asset events.
    """

    def __init__(
        self, world: World, sqs: SQS, topic: str, subscriptions: Iterable[Subscription]
    ) -> None:
        self.world = world
        self.sqs = sqs
        self.topic = topic
        self.subscriptions = tuple(subscriptions)
        self.published: list[dict[str, Any]] = []

    def publish_batch(
        self,
        *,
        TopicArn: str,  # noqa: N803
        PublishBatchRequestEntries: Iterable[Mapping[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        """Publish up to ten messages."""
        entries = [*PublishBatchRequestEntries]

        def do() -> dict[str, Any]:
            failed = entries[-1:] if self.world.partly else []
            done = entries[: len(entries) - len(failed)]
            for each in done:
                self._publish(TopicArn, each)
            return {
                "Successful": [{"Id": each["Id"]} for each in done],
                "Failed": [{"Id": each["Id"], "Code": "InternalError"} for each in failed],
            }

        return self.world.call(SERVICE, "publish_batch", do)

    def publish(self, *, TopicArn: str, **entry: Any) -> dict[str, Any]:  # noqa: N803
        """Publish one message."""

        def do() -> dict[str, Any]:
            self._publish(TopicArn, entry)
            return {"MessageId": "0"}

        return self.world.call(SERVICE, "publish", do)

    def _publish(self, topic: str, entry: Mapping[str, Any]) -> None:
        if topic != self.topic:
            self.published.append(json.loads(entry["Message"]))
            return
        attributes = {
            name: each["StringValue"] for name, each in entry["MessageAttributes"].items()
        }
        for each in self.subscriptions:
            if all(attributes.get(name) in allowed for name, allowed in each.policy.items()):
                self.sqs.send(each.queue, entry["Message"], attributes, DELIVERY_SECONDS)
