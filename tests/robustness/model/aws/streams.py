"""DynamoDB's stream, and what has functions follow it: batches in order, tried again, halved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.robustness.model.aws.lambda_ import Lambda
from tests.robustness.model.deployment import Function, StreamSource

STREAM_SECONDS = 0.2
STREAM_CAP_SECONDS = 60.0
"""Until a record of a stream is delivered; most between two tries of a batch."""


class Stream:
    """Has a function follow the catalog's changes, in order; a batch that fails is halved."""

    def __init__(self, lambda_: Lambda, function: Function, source: StreamSource) -> None:
        self.lambda_ = lambda_
        self.function = function
        self.source = source
        self.patterns = [_compile(each) for each in source.patterns or ({},)]
        self.records: list[dict[str, Any]] = []
        self.waiting: list[tuple[list[dict[str, Any]], int]] = []
        self.busy = False
        self.lost: list[dict[str, Any]] = []
        """Records that were given up."""

    def add(self, record: dict[str, Any]) -> None:
        """Note a change; a filter pattern says whether it is delivered."""
        if any(passes(record) for passes in self.patterns):
            self.records.append(record)
            world = self.lambda_.world
            world.at(world.now + STREAM_SECONDS, self._deliver)

    def _deliver(self) -> None:
        if self.busy:
            return
        if not self.waiting:
            if not self.records:
                return
            batch, self.records = (
                self.records[: self.source.batch],
                self.records[self.source.batch :],
            )
            self.waiting.append((batch, 0))
        self.busy = True
        batch, _ = self.waiting[-1]
        self.lambda_.invoke(
            self.function.name, {"Records": batch}, self._done, subject=batch[0]["eventID"]
        )

    def _done(self, value: Any, error: BaseException | None, killed: str | None) -> None:
        world = self.lambda_.world
        batch, tries = self.waiting.pop()
        self.busy = False
        delay = 0.0
        if error is None and killed is None:
            if world.plan.comes_again(self.function.name):
                world.say(f"{self.function.name}: records that were done come again")
                self.waiting.append((batch, tries))
        elif len(batch) > 1:
            half = len(batch) // 2
            self.waiting += [(batch[half:], tries), (batch[:half], tries)]
            delay = 1.0
        else:
            # Bisecting is no retry; how old the records are counts from the first try on.
            spent = self.source.attempts >= 0 and tries >= self.source.attempts
            age = world.now - batch[0]["dynamodb"]["ApproximateCreationDateTime"]
            if spent or age > self.source.oldest:
                self.lost += batch
                body = {
                    "requestContext": {"functionArn": self.function.name},
                    "DDBStreamBatchInfo": {},
                }
                world.say(f"{self.function.name}: a change is given up")
                self.lambda_.sqs.send(self.source.failures, json.dumps(body), {})
            else:
                self.waiting.append((batch, tries + 1))
                delay = min(2.0 ** min(tries, 10), STREAM_CAP_SECONDS)
        world.at(world.now + delay, self._deliver)


def _compile(pattern: Any) -> Callable[[Any], bool]:
    """Return what tells whether a record passes an event filter: lists of values at the leaves."""
    if not isinstance(pattern, Mapping):
        allowed = frozenset(pattern)
        return lambda found: found in allowed
    parts = [(name, _compile(each)) for name, each in pattern.items()]
    if len(parts) == 1:
        [(name, part)] = parts
        return lambda found: name in found and part(found[name])
    return lambda found: all(name in found and part(found[name]) for name, part in parts)
