"""Wait until nothing moves on a stage any more, and look at what it has come to."""

from __future__ import annotations

import time
from collections.abc import Iterable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lib.domain.keys import asset_id
from tests.e2e.deployed import Deployed
from tests.robustness.chaos.invocations import Invocations
from tests.robustness.chaos.truth import Facts, find_current, list_stored

LOOK_SECONDS = 1.0
CALM_SECONDS = 5.0
"""Longer than the emulator waits before it invokes a function again that failed (1 s, then 2 s)."""

COUNTS = {
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
}
FAILURE_QUEUES = ("DeadLetters", "Failures")


class Stage:
    """What a stage is doing, and what it holds."""

    def __init__(self, deployed: Deployed, invocations: Invocations) -> None:
        self._deployed = deployed
        self._invocations = invocations
        self._executions = boto3.client("stepfunctions")
        self._sources = self._find_sources()

    def wait_for_rest(self, seconds: float) -> str:
        """Wait until it has been calm for a while; return what still moved at the end, or ""."""
        deadline = time.monotonic() + seconds
        calm_since, seen = time.monotonic(), -1
        while True:
            try:
                moving = self.moving()
            except (ClientError, BotoCoreError) as exc:
                moving = str(exc)
            count = len(self._invocations.refresh())
            if moving or count != seen:
                calm_since, seen = time.monotonic(), count
            elif time.monotonic() - calm_since > CALM_SECONDS:
                return ""
            if time.monotonic() > deadline:
                return moving or "invocations that come and go"
            time.sleep(LOOK_SECONDS)

    def moving(self) -> str:
        """Say what is on its way, "" for nothing."""
        parts = [f"{count} in {name}" for name, count in self.count_waiting().items() if count]
        working = [each for each in self._invocations.refresh() if each.end is None]
        parts += [f"{each.function} {each.request}" for each in working]
        parts += self.running_executions()
        return ", ".join(parts)

    def count_waiting(self) -> dict[str, int]:
        """Return how many messages wait, or are taken, in each queue that invokes a function."""
        return {name: self._count(url) for name, url in self._sources.items()}

    def running_executions(self) -> list[str]:
        """Return the names of executions that have not ended."""
        return [
            each["name"]
            for machine in self._executions.list_state_machines()["stateMachines"]
            for each in self._executions.list_executions(
                stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
            )["executions"]
        ]

    def look(self, keys: Iterable[str]) -> Facts:
        """Return what the stage has come to. Takes the letters out of the failure queues."""
        deployed = self._deployed
        current = find_current(deployed, keys)
        return Facts(
            current,
            {key: deployed.catalog.get(asset_id(deployed.uploads, key)) for key in current},
            list_stored(deployed),
            {
                name: [each["Body"] for each in self._take_all(url)]
                for name, url in deployed.outputs.items()
                if name.endswith(FAILURE_QUEUES)
            },
            tuple(self.running_executions()),
        )

    def _take_all(self, url: str) -> list[dict[str, str]]:
        taken: list[dict[str, str]] = []
        while found := self._deployed.messages(url):
            taken += [{"Body": each["Body"]} for each in found]
        return taken

    def _find_sources(self) -> dict[str, str]:
        mappings = self._deployed.functions.list_event_source_mappings()["EventSourceMappings"]
        names = {
            each["EventSourceArn"].rsplit(":", 1)[1]
            for each in mappings
            if ":sqs:" in each["EventSourceArn"]
        }
        sqs = self._deployed.sqs
        return {name: sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in sorted(names)}

    def _count(self, url: str) -> int:
        found = self._deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        counts = dict(found["Attributes"].items())
        return sum(int(value) for name, value in counts.items() if name in COUNTS)
