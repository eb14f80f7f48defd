"""Work through a batch of asset events for a receiver, each on its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lib.adapters.aws.clients import client
from lib.adapters.aws.sqs import SqsQueue
from lib.adapters.aws.webhook_secrets import SsmSecrets
from lib.adapters.telemetry import Event, Telemetry
from lib.adapters.webhook.sender import HttpsReceiver
from lib.adapters.webhook.signing import StandardSigner
from lib.application.doors.webhook import (
    Delivered,
    Fate,
    GivenUp,
    Later,
    Schedule,
    Tried,
    Webhook,
    read_event,
)
from lib.domain.clock import Clock
from lib.domain.errors import MediaError, TransientError
from lib.entrypoints.settings import WebhookSettings
from lib.entrypoints.sqs_batch import Message, Queue, retry_delay


@dataclass(frozen=True, slots=True)
class EventQueue:
    """The queue of a receiver's events, and where those go that are given up."""

    webhook: Webhook
    queue: Queue
    dead_letters: Queue
    telemetry: Telemetry
    clock: Clock = time.time

    def process_batch(self, batch: Mapping[str, Any]) -> Event:
        """Deliver the events of an SQS event and return its partial batch response."""
        messages = [Message.of(each) for each in batch["Records"]]
        failed = [each.message_id for each in messages if not self._acknowledges(each)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def test(self, event: Mapping[str, Any]) -> Event:
        """Tell the receiver of an event that is in no queue; return what came of it."""
        started = time.monotonic()
        try:
            reply = self.webhook.tell(event)
        except TransientError as exc:
            return {"taken": False, "reply": exc.message, "seconds": 0.0}
        seconds = round(time.monotonic() - started, 3)
        return {"taken": reply.taken, "reply": str(reply), "seconds": seconds}

    def _acknowledges(self, message: Message) -> bool:
        try:
            seconds = self._deliver(message)
        except Exception as exc:  # no secret, no AWS, or a bug: nothing against the receiver
            self.telemetry.logger.warning(
                "will be delivered again",
                message_id=message.message_id,
                reason=str(exc),
                exc_info=None if isinstance(exc, MediaError) else exc,
            )
            seconds = retry_delay(message.receives, exc)
        if seconds is None:
            return True
        with suppress(TransientError):  # else it comes back after the visibility timeout
            self.queue.retry_later(message.receipt_handle, seconds)
        return False

    def _deliver(self, message: Message) -> float | None:
        """Deliver an event; return the seconds after which to try again, None at its end."""
        try:
            event = read_event(message.body)
        except ValueError as poison:
            self._give_up(message, str(poison))
            self.telemetry.refused(poison, message)
            return None
        tried = Tried(message.receives, self.clock() - message.sent_at)
        fate = self.webhook.deliver(event, tried)
        self._tell(fate, event, tried)
        if isinstance(fate, GivenUp):
            self._give_up(message, fate.reason)
        return fate.seconds if isinstance(fate, Later) else None

    def _give_up(self, message: Message, reason: str) -> None:
        self.dead_letters.send_body(message.body, {**message.attributes, "reason": reason})

    def _tell(self, fate: Fate, event: Mapping[str, Any], tried: Tried) -> None:
        facts = {
            "event_id": event["id"],
            "type": event["type"],
            "asset_id": event.get("asset_id"),
            "reply": str(fate.reply),
            "tries": tried.times,
            "age": round(tried.age),
        }
        match fate:
            case Delivered():
                self.telemetry.logger.info("delivered", **facts)
            case Later():
                facts["again_in"] = round(fate.seconds)
                self.telemetry.logger.warning("not taken by the receiver", **facts)
            case GivenUp():
                self.telemetry.logger.error("given up", reason=fate.reason, **facts)


def make_event_queue(settings: WebhookSettings, telemetry: Telemetry) -> EventQueue:
    """Return what the function works with. Raises ValueError for delays that are none."""
    private = settings.webhook_private == "true"
    receiver = HttpsReceiver(settings.webhook_url, settings.webhook_deadline, private)
    signer = StandardSigner(SsmSecrets(client("ssm"), settings.webhook_secret).read)
    schedule = Schedule.of(settings.webhook_delays, settings.webhook_seconds)
    queue, dead_letters = (
        SqsQueue(client("sqs"), url) for url in (settings.queue_url, settings.dead_letters_url)
    )
    return EventQueue(
        Webhook(receiver, signer, schedule, time.time), queue, dead_letters, telemetry
    )
