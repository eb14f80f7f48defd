"""The least world that the model's services can be in: every call goes through, time is played."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from tests.robustness.model.aws.states import Done, Reply
from tests.robustness.model.aws.step_functions import StepFunctions
from tests.support.fakes import ManualClock


@dataclass
class ManualWorld:
    """A clock that goes from one thing that is due to the next."""

    now: float = ManualClock.now
    random: random.Random = field(default_factory=lambda: random.Random(1))
    due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    planned: int = 0

    def call(self, service: str, operation: str, do: Callable[[], Any]) -> Any:
        return do()

    def at(self, when: float, do: Callable[[], None]) -> None:
        self.planned += 1
        heappush(self.due, (when, self.planned, do))

    def run(self, seconds: float = float("inf")) -> None:
        """Let so many seconds pass, or all that is due."""
        until = self.now + seconds
        while self.due and self.due[0][0] <= until:
            self.now, _, do = heappop(self.due)
            do()
        if until < float("inf"):
            self.now = until


@dataclass
class Functions:
    """Functions that answer what they are told to, after a second; each call is noted.

    `answers` has for each function what it replies one time after the other; the last for ever.
    None is no reply at all.
    """

    world: ManualWorld
    answers: dict[str, list[Reply | None]] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    replies: list[Done] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    def invoke(self, function: str, payload: Any, reply: Done) -> None:
        self.calls.append((function, payload))
        self.replies.append(reply)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        several = self.answers.get(function, [Reply({})])
        answer = several.pop(0) if len(several) > 1 else several[0]

        def end() -> None:
            self.running -= 1
            if answer is not None:
                reply(answer)

        self.world.at(self.world.now + 1, end)

    def of(self, function: str) -> list[Any]:
        """Return the payloads that a function was called with."""
        return [payload for name, payload in self.calls if name == function]


TASK = {"Type": "Task", "Resource": "WorkLambdaFunction", "End": True}
BROKEN = Reply(error="Broken", cause="a cause")
AGAIN = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 4, "MaxAttempts": 3}


class Played:
    """One machine, and one execution of it with the name `x`."""

    def __init__(self, first: dict[str, Any], **others: Any) -> None:
        self.world = ManualWorld()
        self.functions = Functions(self.world)
        self.events: list[dict[str, Any]] = []
        definition = {"StartAt": "First", "States": {"First": first, **others}}
        self.machine = StepFunctions(
            self.world, definition, self.functions.invoke, self.events.append
        )

    def run(self, data: Any, **answers: list[Reply | None]) -> Any:
        """Run the execution to its end; return its output, or its error and cause."""
        self.functions.answers = answers
        self.start(data)
        self.world.run()
        ended = self.machine.executions["x"]
        return json.loads(ended.output) if ended.output else (ended.error, ended.cause)

    def start(self, data: Any, name: str = "x") -> dict[str, Any]:
        return self.machine.start_execution(
            stateMachineArn=self.machine.arn, name=name, input=json.dumps(data)
        )

    @property
    def arn(self) -> str:
        return self.machine.executions["x"].arn

    def status(self) -> str:
        status: str = self.machine.describe_execution(executionArn=self.arn)["status"]
        return status
