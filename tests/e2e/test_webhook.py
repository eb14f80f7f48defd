"""The webhook on the stage: what a receiver gets that is down, slow, wrong, or wants no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from standardwebhooks import Webhook

from lib.adapters.aws import clients
from lib.adapters.aws.sqs import SqsQueue
from lib.cli import __main__ as cli
from lib.cli import webhook
from lib.tools.stack import use_stage
from tests.e2e.deployed import FUNCTIONS, Deployed, wait_for
from tests.e2e.webhooks import EVERYTHING, NOTHING, tell_webhook
from tests.support import receivers
from tests.support.receivers import Receiver, receiving, reply

IMAGE = Path(__file__).parents[1] / "media" / "cat.jp2"
ASSET_EVENTS = ("asset.received", "asset.playable", "asset.ready", "asset.deleted")
QUICK = {"WEBHOOK_DELAYS": "1", "WEBHOOK_DEADLINE": "1"}
"""Seconds."""


class Media:
    """`media webhook` on this stage."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Run a command; return its exit code and what it prints."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(["webhook", *arguments, "--stage", "local"])
        return int(ended.value.code or 0), self._capsys.readouterr().out.strip()


@pytest.fixture
def media(
    deployed: Deployed,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Media]:
    monkeypatch.setattr(webhook, "use_stage", partial(use_stage, folder=tmp_path))
    clients._make.cache_clear()
    yield Media(capsys)
    clients._make.cache_clear()


@pytest.fixture
def receiver(deployed: Deployed) -> Iterator[Receiver]:
    """Return a receiver that is down, but whose port the stage's webhook posts to."""
    # What other tests' receivers did not take would be tried again for hours.
    deployed.sqs.purge_queue(QueueUrl=deployed.outputs["WebhookQueue"])
    with (
        receiving(down=True) as made,
        deployed.reconfigured("webhook", WEBHOOK_URL=made.url, **QUICK),
    ):
        tell_webhook(deployed.emulator.environment, EVERYTHING)
        yield made
        tell_webhook(deployed.emulator.environment, NOTHING)


def events_of(receiver: Receiver, *secrets: str) -> list[dict[str, Any]]:
    """Return what was posted, each verified with each secret."""
    found = []
    for each in [*receiver.requests]:
        for secret in secrets:
            event = Webhook(secret).verify(each.body, dict(each.headers))
        assert event["data"]["id"] == each.headers["webhook-id"]
        found.append(event["data"])
    return found


def test_a_receiver_misses_nothing_whatever_it_does(
    deployed: Deployed, media: Media, receiver: Receiver
) -> None:
    _, old = media("secret")
    assert media("secret") == (0, old)
    _, new = media("rotate")
    assert media("secret") == (0, f"{new}\n{old}")

    key = "webhook/told.jp2"
    deployed.wait(key, deployed.upload(key, IMAGE))
    queue = deployed.outputs["WebhookQueue"]
    wait_for(lambda: len(refused()) >= 3, "three events to be tried in vain")
    assert receiver.requests == []

    receiver.answers += [
        receivers.send(b""),
        reply("500 Oops"),
        reply("302 Found", f"Location: {receiver.url}"),
        receivers.hang,
        receivers.drip,
        reply("503 Busy", "Retry-After: 1"),
    ]
    receiver.come_up()
    deployed.s3.delete_object(Bucket=deployed.uploads, Key=key)

    def all_told() -> bool:
        # What other tests have left to do is told meanwhile too.
        told = {each["type"] for each in events_of(receiver, new, old) if each["key"] == key}
        return told == {*ASSET_EVENTS} and is_empty(deployed, queue)

    wait_for(all_told, "every event to be delivered")
    events = events_of(receiver, new, old)
    assert len(events) >= len(ASSET_EVENTS) + 6
    by_id = {each["id"]: each for each in events}
    assert all(by_id[each["id"]] == each for each in events), "the same each time"
    own = [each for each in by_id.values() if each["key"] == key]
    assert len(own) == len(ASSET_EVENTS)
    order = sorted(own, key=lambda each: each["revision"])
    assert [each["type"] for each in order if each["type"] != "asset.playable"] == [
        each for each in ASSET_EVENTS if each != "asset.playable"
    ]

    code, said = media("replay", "--since", "1h")
    assert (code, bool(re.fullmatch(r"[1-9]\d* events queued", said))) == (0, True)
    deleted = order[-1]["id"]

    def told_again() -> bool:
        ids = [each["id"] for each in events_of(receiver, new)]
        return ids.count(deleted) > [each["id"] for each in events].count(deleted)

    wait_for(told_again, "the deletion to be told once more")
    wait_for(lambda: is_empty(deployed, queue), "all that was queued to be delivered")

    assert media("rotate", "--finish")[0] == 0
    assert media("secret") == (0, new)
    code, said = media("test")
    assert (code, said.split(": ")[1].split(",")[0]) == (0, "200 OK")
    receiver.answers.append(reply("418 Teapot"))
    code, said = media("test")
    assert (code, "418 Teapot" in said) == (1, True)

    receiver.usual = reply("410 Gone")
    gone = {"id": "evt_gone", "type": "asset.ready", "updated_at": "2026-01-01T00:00:00.000Z"}
    letters = SqsQueue(boto3.client("sqs"), queue)
    letters.send_body(json.dumps(gone), {"type": "asset.ready"})
    letters.send_body("poison", {"type": "asset.ready"})
    dead: dict[str, str] = {}

    def all_dead() -> bool:
        for each in deployed.messages(deployed.outputs["WebhookDeadLetters"]):
            dead[each["Body"]] = each["MessageAttributes"]["reason"]["StringValue"]
        return len(dead) == 2

    wait_for(all_dead, "two dead letters")
    assert dead[json.dumps(gone)] == "410 Gone: the receiver wants no more events"
    assert "Expecting value" in dead["poison"]


def counts(deployed: Deployed, queue: str) -> tuple[int, int]:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = deployed.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def is_empty(deployed: Deployed, queue: str) -> bool:
    return counts(deployed, queue) == (0, 0)


def refused() -> set[str]:
    """Return the ids of the events that a receiver was down for, as the function's log has it."""
    group = f"/aws/lambda/{FUNCTIONS}webhook"
    found = boto3.client("logs").filter_log_events(logGroupName=group)["events"]
    lines = [each["message"] for each in found if "can't be reached" in each["message"]]
    return {json.loads(each)["event_id"] for each in lines if each.startswith("{")}
