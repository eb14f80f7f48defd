"""Lambda in memory: who calls functions, how often again, and where it gives up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.robustness.model.aws.sqs import SQS, Message, record_of
from tests.robustness.model.baton import Invocation
from tests.robustness.model.deployment import Function, QueueSource, Template
from tests.robustness.model.world import World

Handler = Callable[[Any, Any], Any]

Done = Callable[[Any, BaseException | None, str | None], None]
"""Takes what a function returned, what it raised, and what it was killed by."""

ASYNC_DELAYS = (60.0, 120.0)
"""Seconds before the first and the second retry of an asynchronous invocation.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""


MUTE = {"dynamodb", "sqs"}
"""Who reaches neither can tell nobody that its lease is free: it is as good as killed."""


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
            if killed is None and invocation.away >= MUTE:
                world.kills.append((world.now, subject))
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


def describe(payload: Any) -> str:
    """Return what a function is called with, in a few words."""
    if "Records" in payload:
        first = payload["Records"][0]
        if "s3" in first:
            stored = first["s3"]["object"]
            return f"{first['eventName']} {stored['key']} {stored.get('versionId', '')}"
        if "body" in first:
            receives = first["attributes"]["ApproximateReceiveCount"]
            return f"message {first['messageId']}, receive {receives}"
        return f"{len(payload['Records'])} changes"
    return str(payload.get("part") or payload.get("detail", {}).get("status") or "")
