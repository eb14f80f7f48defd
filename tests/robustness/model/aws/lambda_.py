"""Lambda in memory: who calls functions, how often again, and where it gives up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.robustness.model.aws.sqs import SQS, Message, record_of
from tests.robustness.model.baton import Invocation
from tests.robustness.model.template import Function, QueueSource, StreamSource, Template
from tests.robustness.model.world import World

Handler = Callable[[Any, Any], Any]

Done = Callable[[Any, BaseException | None, str | None], None]
"""Takes what a function returned, what it raised, and what it was killed by."""

ASYNC_DELAYS = (60.0, 120.0)
"""Seconds before the first and the second retry of an asynchronous invocation.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

STREAM_SECONDS = 0.2
STREAM_CAP_SECONDS = 60.0
"""Until a record of a stream is delivered; most between two tries of a batch."""


class Context:
    """What a handler may ask of its invocation."""

    __slots__ = ("_invocation", "_world", "aws_request_id", "function_name")

    def __init__(self, world: World, invocation: Invocation) -> None:
        self._world = world
        self._invocation = invocation
        self.function_name = invocation.function
        self.aws_request_id = f"{invocation.function}-{invocation.number}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left."""
        return max(0, round((self._invocation.deadline - self._world.now) * 1000))


class Lambda:
    """All functions of the template; `handlers` are the real ones."""

    def __init__(
        self, world: World, template: Template, sqs: SQS, handlers: Mapping[str, Handler]
    ) -> None:
        self.world = world
        self.template = template
        self.sqs = sqs
        self.handlers = handlers
        self.numbers: dict[str, int] = {}
        self.release = "A"
        """Of the code that is deployed."""
        for name, function in template.functions.items():
            for source in function.queues:
                if name in handlers:
                    sqs.pollers[source.queue] = _Poller(self, function, source).poll

    def invoke(self, name: str, payload: Any, done: Done, subject: Any = None) -> None:
        """Call a function; `done` is told how it ended."""
        world, function = self.world, self.template.functions[name]

        def run(invocation: Invocation) -> Any:
            number = self.numbers[name] = self.numbers.get(name, 0) + 1
            invocation.number = number
            invocation.deadline = world.now + function.timeout
            invocation.subject = subject
            invocation.release = self.release
            if world.trace is not None:
                world.say(f"{name} {number} starts: {describe(payload)}")
            return self.handlers[name](payload, Context(world, invocation))

        def ended(value: Any, error: BaseException | None, killed: str | None) -> None:
            if world.trace is not None:
                how = killed or (f"{type(error).__name__}: {error}" if error else f"{value}")
                world.say(f"{name} {invocation.number} ends: {how[:160]}")
            done(value, error, killed)

        invocation = Invocation(name, run, ended)
        world.start(invocation)

    def invoke_async(
        self, name: str, payload: Any, delay: float = 0.0, subject: Any = None
    ) -> None:
        """Call a function as an event: again where it fails, then its failure queue."""
        function, world = self.template.functions[name], self.world

        def attempt(tries: int) -> None:
            def done(value: Any, error: BaseException | None, killed: str | None) -> None:
                failed = error is not None or killed is not None
                if not failed:
                    if world.plan.comes_again(name):
                        world.say(f"{name}: the same event comes again")
                        world.at(world.now + 1.0, lambda: attempt(tries))
                    return
                if tries < function.retries:
                    world.at(world.now + ASYNC_DELAYS[tries], lambda: attempt(tries + 1))
                elif function.failures:
                    body = {
                        "version": "1.0",
                        "requestContext": {
                            "functionArn": name,
                            "condition": "RetriesExhausted",
                            "approximateInvokeCount": tries + 1,
                        },
                        "requestPayload": payload,
                        "responsePayload": {"errorMessage": str(error or killed)},
                    }
                    world.say(f"{name}: given up, to {function.failures}")
                    self.sqs.send(function.failures, json.dumps(body), {})

            self.invoke(name, payload, done, subject)

        world.at(world.now + delay, lambda: attempt(0))


class _Poller:
    """Has a function work through a queue, one message at a time, some beside each other."""

    def __init__(self, lambda_: Lambda, function: Function, source: QueueSource) -> None:
        self.lambda_ = lambda_
        self.function = function
        self.queue = source.queue
        self.concurrency = source.concurrency
        self.busy = 0

    def poll(self) -> None:
        """Hand over what is visible, as long as workers are free."""
        sqs = self.lambda_.sqs
        while self.busy < self.concurrency:
            message = sqs.receive(self.queue)
            if message is None:
                return
            self.busy += 1
            self._deliver(message)

    def _deliver(self, message: Message) -> None:
        world, sqs = self.lambda_.world, self.lambda_.sqs
        receives = message.receives

        def done(value: Any, error: BaseException | None, killed: str | None) -> None:
            self.busy -= 1
            failed = error is not None or killed is not None
            if not failed and not (value or {}).get("batchItemFailures"):
                if world.plan.comes_again(f"{self.queue} again"):
                    world.say(f"{self.queue}: a message that was done comes again")
                    message.visible = world.now
                    message.receives = receives
                else:
                    sqs.delete(self.queue, message)
            world.at(world.now, self.poll)

        payload = {"Records": [record_of(self.queue, message)]}
        self.lambda_.invoke(self.function.name, payload, done, subject=message.body)


class Stream:
    """Has a function follow the catalog's changes, in order; a batch that fails is halved."""

    def __init__(self, lambda_: Lambda, function: Function, source: StreamSource) -> None:
        self.lambda_ = lambda_
        self.function = function
        self.source = source
        self.records: list[dict[str, Any]] = []
        self.waiting: list[tuple[list[dict[str, Any]], int]] = []
        self.busy = False
        self.lost: list[dict[str, Any]] = []
        """Records that were given up."""

    def add(self, record: dict[str, Any]) -> None:
        """Note a change; a filter pattern says whether it is delivered."""
        if any(_matches(each, record) for each in self.source.patterns or ({},)):
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
        batch, tries = self.waiting[-1]
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
                body = {"requestContext": {"functionArn": self.function.name}, "DDBStreamBatchInfo": {}}
                world.say(f"{self.function.name}: a change is given up")
                self.lambda_.sqs.send(self.source.failures, json.dumps(body), {})
            else:
                self.waiting.append((batch, tries + 1))
                delay = min(2.0**tries, STREAM_CAP_SECONDS)
        world.at(world.now + delay, self._deliver)


def _matches(pattern: Any, found: Any) -> bool:
    """Tell whether a record passes an event filter: lists of values at the leaves."""
    if isinstance(pattern, Mapping):
        return isinstance(found, Mapping) and all(
            _matches(each, found.get(name)) for name, each in pattern.items()
        )
    return found in pattern


def describe(payload: Any) -> str:
    """Return what a function is called with, in a few words."""
    if "Records" in payload:
        first = payload["Records"][0]
        if "s3" in first:
            stored = first["s3"]["object"]
            return f"{first['eventName']} {stored['key']} {stored.get('versionId', '')}"
        if "body" in first:
            return f"message {first['messageId']}, receive {first['attributes']['ApproximateReceiveCount']}"
        return f"{len(payload['Records'])} changes"
    return str(payload.get("part") or payload.get("detail", {}).get("status") or "")
