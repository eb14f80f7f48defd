"""Runs the states of a machine as the Amazon States Language has it, one line of them at a time.

Nothing waits: a state that takes time goes on in a callback, of the world's clock or of whoever
does its task. What was stopped ignores what comes later, and what it started is not ended by that.

https://states-language.net/spec.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from tests.robustness.model.aws.states_data import StateError, choose, fill, read, write
from tests.robustness.model.aws.world import World

NEVER_MATCHED = ("States.Runtime", "States.DataLimitExceeded")
"""By States.ALL: the machine itself is wrong."""

NOT_FAILED = "States.Timeout"
"""What States.TaskFailed does not match."""

FIELDS = {
    "Task": {"Resource", "TimeoutSeconds"},
    "Parallel": {"Branches"},
    "Map": {"ItemsPath", "MaxConcurrency", "ItemSelector", "ItemProcessor", "Label"},
    "Pass": {"Result"},
    "Choice": {"Choices", "Default"},
    "Wait": {"Seconds", "SecondsPath"},
    "Fail": {"Error", "Cause"},
    "Succeed": set[str](),
}
EVERY = {"Type", "Comment", "InputPath", "OutputPath", "Next", "End"}
OF_WORK = {"Parameters", "ResultSelector", "ResultPath", "Retry", "Catch"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a task: a value, or an error's name and its cause."""

    value: Any = None
    error: str | None = None
    cause: str = ""


Done: TypeAlias = Callable[[Reply], None]
Invoke: TypeAlias = Callable[[str, Any, Done], None]
"""Starts a function with a payload; its reply comes later, or at once."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the states of one execution work with."""

    world: World
    invoke: Invoke
    function_of: Callable[[Any], str]


@dataclass
class Line:
    """One line of states: of an execution, of a branch, or of one item of a map."""

    surroundings: Surroundings
    machine: Mapping[str, Any]
    context: Mapping[str, Any]
    done: Done
    at: str = ""
    """The state that runs."""
    visit: int = 0
    ended: bool = False
    inner: list[Line] = field(default_factory=list)
    failures: dict[int, int] = field(default_factory=dict)
    """Of this visit of the state: how often each of its retriers was used."""

    def start(self, data: Any) -> None:
        """Run from the first state on, unless it was stopped before."""
        self._enter(self.machine["StartAt"], data)

    def stop(self) -> None:
        """End, and say nothing of it."""
        self.ended = True
        self._stop_inner()

    def _stop_inner(self) -> None:
        for each in self.inner:
            each.stop()
        self.inner = []

    def _end(self, reply: Reply) -> None:
        self.stop()
        self.done(reply)

    def _enter(self, name: str, data: Any) -> None:
        self.at = name
        self.failures = {}
        self._run(data)

    def _run(self, data: Any) -> None:
        """Run the state, for the first time or again."""
        if self.ended:
            return
        self.visit += 1
        state = self.machine["States"][self.at]
        kind = state["Type"]
        if unknown := state.keys() - EVERY - OF_WORK - FIELDS[kind]:
            raise NotImplementedError(f"{kind} with {unknown}")
        try:
            self._begin(kind, state, data, partial(self._reply, self.visit, state, data))
        except StateError as failed:
            self._fail(state, data, failed)

    def _begin(self, kind: str, state: Mapping[str, Any], data: Any, reply: Done) -> None:
        given = data if "InputPath" not in state else read(state["InputPath"], data, self.context)
        if kind == "Choice":
            self._enter(choose(state, given, self.context), data)
        elif kind == "Succeed":
            self._end(Reply(given))
        elif kind == "Fail":
            self._end(Reply(error=state.get("Error", ""), cause=state.get("Cause", "")))
        elif kind == "Wait":
            seconds = state.get("Seconds")
            if seconds is None:
                seconds = read(state["SecondsPath"], given, self.context)
            world = self.surroundings.world
            world.at(world.now + seconds, partial(reply, Reply(given)))
        else:
            if "Parameters" in state:
                given = fill(state["Parameters"], given, self.context)
            begin = {
                "Pass": self._pass,
                "Task": self._task,
                "Parallel": self._parallel,
                "Map": self._map,
            }[kind]
            begin(state, given, reply)

    def _pass(self, state: Mapping[str, Any], given: Any, reply: Done) -> None:
        reply(Reply(state.get("Result", given)))

    def _task(self, state: Mapping[str, Any], given: Any, reply: Done) -> None:
        surroundings = self.surroundings
        if "TimeoutSeconds" in state:
            late = partial(reply, Reply(error="States.Timeout"))
            surroundings.world.at(surroundings.world.now + state["TimeoutSeconds"], late)
        surroundings.invoke(surroundings.function_of(state["Resource"]), given, reply)

    def _parallel(self, state: Mapping[str, Any], given: Any, reply: Done) -> None:
        branches = state["Branches"]
        self._run_each([(each, given, self.context) for each in branches], 0, reply)

    def _map(self, state: Mapping[str, Any], given: Any, reply: Done) -> None:
        items = read(state.get("ItemsPath", "$"), given, self.context)
        machine, several = state["ItemProcessor"], []
        for index, value in enumerate(items):
            context = {**self.context, "Map": {"Item": {"Index": index, "Value": value}}}
            item = fill(state["ItemSelector"], given, context) if "ItemSelector" in state else value
            several.append((machine, item, context))
        if machine.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            reply = partial(_as_distributed, reply)
        self._run_each(several, state.get("MaxConcurrency", 0), reply)

    def _run_each(self, several: list[tuple[Any, Any, Any]], at_once: int, reply: Done) -> None:
        """Run lines beside each other, and reply with all results, or the first failure."""
        results: list[Any] = [None] * len(several)
        left, waiting, visit = len(several), [*enumerate(several)], self.visit

        def ended(index: int, found: Reply) -> None:
            nonlocal left
            if found.error is not None:
                waiting.clear()
                reply(found)
                return
            results[index] = found.value
            left -= 1
            if left == 0:
                reply(Reply(results))
            start_next()

        def start_next() -> None:
            if waiting and not self.ended and self.visit == visit:
                index, (machine, data, context) = waiting.pop(0)
                line = Line(self.surroundings, machine, context, partial(ended, index))
                self.inner.append(line)
                line.start(data)

        if not several:
            reply(Reply([]))
        for _ in range(min(at_once or len(several), len(several))):
            start_next()

    def _reply(self, visit: int, state: Mapping[str, Any], data: Any, reply: Reply) -> None:
        """Go on after a state's work, unless something else has become of it by then."""
        if self.ended or visit != self.visit:
            return
        self.visit += 1
        self._stop_inner()
        if reply.error is not None:
            self._fail(state, data, StateError(reply.error, reply.cause))
            return
        try:
            result = reply.value
            if "ResultSelector" in state:
                result = fill(state["ResultSelector"], result, self.context)
            after = write(state.get("ResultPath", "$"), data, result)
            if "OutputPath" in state:
                after = read(state["OutputPath"], after, self.context)
        except StateError as failed:
            self._fail(state, data, failed)
            return
        if state.get("End"):
            self._end(Reply(after))
        else:
            self._enter(state["Next"], after)

    def _fail(self, state: Mapping[str, Any], data: Any, failed: StateError) -> None:
        """Try a state again, or go where its error is caught, or end with it."""
        self.visit += 1
        for number, retrier in enumerate(state.get("Retry", ())):
            if _matches(retrier, failed.error):
                before = self.failures.get(number, 0)
                if before < retrier.get("MaxAttempts", 3):
                    self.failures[number] = before + 1
                    self._again(data, self._delay(retrier, before))
                    return
                break
        for catcher in state.get("Catch", ()):
            if _matches(catcher, failed.error):
                caught = {"Error": failed.error, "Cause": failed.cause}
                self._enter(catcher["Next"], write(catcher.get("ResultPath", "$"), data, caught))
                return
        self._end(Reply(error=failed.error, cause=failed.cause))

    def _again(self, data: Any, delay: float) -> None:
        visit, world = self.visit, self.surroundings.world

        def again() -> None:
            if self.visit == visit:
                self._run(data)

        world.at(world.now + delay, again)

    def _delay(self, retrier: Mapping[str, Any], before: int) -> float:
        delay: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2) ** before
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        full = retrier.get("JitterStrategy") == "FULL"
        return self.surroundings.world.random.uniform(0, delay) if full else delay


def _matches(matcher: Mapping[str, Any], error: str) -> bool:
    for each in matcher["ErrorEquals"]:
        if each == error or (each == "States.ALL" and error not in NEVER_MATCHED):
            return True
        if each == "States.TaskFailed" and error not in (*NEVER_MATCHED, NOT_FAILED):
            return True
    return False


def _as_distributed(reply: Done, found: Reply) -> None:
    """Tell of a distributed map: whatever failed in one of its executions."""
    if found.error is not None:
        error = "States.ExceedToleratedFailureThreshold"
        found = Reply(error=error, cause="The specified tolerated failure threshold was exceeded")
    reply(found)
