"""A virtual account in a virtual time: what happens when, and what becomes of each call.

Every client's method is one `call`. Time passes in it, so that others may come between, and a
fault may be planned for it: an error before or after, the same twice, a kill, a stall.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from tests.robustness.model import faults
from tests.robustness.model.baton import Invocation, Killed
from tests.robustness.model.turns import Turns

T = TypeVar("T")


class World(Turns):
    """The clock, whose turn it is, and the faults that are planned."""

    def __init__(self, seed: int, plan: faults.Plan, *, traced: bool = False) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.names = 0
        self.clients: dict[str, Any] = {}
        self.assets: dict[int, tuple[Any, Any]] = {}
        """What was read of which item of the catalog."""
        self.partly = False
        """Whether a part of the next batch fails."""
        self.plan = plan
        self.trace: list[tuple[float, str]] | None = [] if traced else None
        self.kills: list[tuple[float, Any]] = []
        """When which upload's worker was killed; or could reach neither the catalog nor its queue.

        Nobody can tell the two apart.
        """
        self._salt = seed * 2654435761 & 0xFFFFFFFF
        self._calls: dict[str, int] = {}

    def say(self, line: str) -> None:
        """Note what happens, where somebody wants to read it."""
        if self.trace is not None:
            self.trace.append((self.now, line))

    def fail(self, invariant: str, message: str) -> None:
        """End the world: an invariant does not hold."""
        super().fail(invariant, message)
        self.say(f"BROKEN {invariant}: {message}")

    def call(self, service: str, operation: str, do: Callable[[], T]) -> T:
        """Return what a call to AWS returns: `do` is its effect, all at once."""
        invocation = self.running
        if invocation is None:
            return do()
        if invocation.killed:
            raise Killed(invocation.killed)
        function = invocation.function
        number = self._calls.get(function, 0) + 1
        self._calls[function] = number
        self._pass(invocation, ((number * 40503 ^ self._salt) % 997) * 3e-5 + 0.002)
        fault = self.plan.fault(function, number)
        if fault is None:
            fault = self.plan.outage(service, operation, self.now)
            if fault is None:
                if self.trace is None:
                    result = do()
                else:
                    result = self._traced(invocation, service, operation, do)
                if self.broken:
                    raise invocation.kill("the world's end")
                return result
        return self._faulty(invocation, fault, (service, operation), do)

    def work(self, seconds: float, what: str) -> None:
        """Let an invocation work for a time: as a call, but there is nothing that could fail."""
        invocation = self.running
        if invocation is None:
            return
        if invocation.killed:
            raise Killed(invocation.killed)
        function = invocation.function
        number = self._calls.get(function, 0) + 1
        self._calls[function] = number
        fault = self.plan.fault(function, number)
        if fault is not None:
            if fault.kind == "stall":
                seconds += fault.seconds
                self._note(invocation, f"stalls {fault.seconds:g} s while it {what}")
            elif fault.kind in ("kill", "kill after"):
                self._kill(invocation, f"is killed while it {what}")
        self._pass(invocation, seconds)

    def sleep(self, seconds: float) -> None:
        """Let an invocation wait."""
        if self.running is not None:
            self._pass(self.running, seconds)

    def die(self, why: str) -> None:
        """Kill the worker that runs: the source was too much for it."""
        if self.running is not None:
            self._kill(self.running, why)

    def _faulty(
        self,
        invocation: Invocation,
        fault: faults.Fault,
        called: tuple[str, str],
        do: Callable[[], T],
    ) -> T:
        service, operation = called
        name = f"{service}.{operation}"
        kind = fault.kind
        if kind == "stall":
            self._note(invocation, f"stalls {fault.seconds:g} s before {name}")
            self._pass(invocation, fault.seconds)
            return self._traced(invocation, service, operation, do)
        if kind == "kill":
            self._kill(invocation, f"is killed before {name}")
        if kind == "partly":
            self.partly = operation in faults.BATCHES
            if self.partly:
                self._note(invocation, f"a part of {name} fails")
            result = self._traced(invocation, service, operation, do)
            self.partly = False
            return result
        invocation.away.add(service)
        if kind in faults.BEFORE:
            self._note(invocation, f"{name} fails before it happens: {kind}")
            raise faults.error(kind, service, operation)
        if kind == "kill after":
            with suppress(Exception):
                self._traced(invocation, service, operation, do)
            self._kill(invocation, f"is killed after {name}")
        self._traced(invocation, service, operation, do)
        if kind == "twice":
            self._note(invocation, f"the reply to {name} is lost, botocore sends it again")
            self._pass(invocation, 0.5)
            return self._traced(invocation, service, operation, do)
        self._note(invocation, f"the reply to {name} is lost")
        raise faults.error("lost", service, operation)

    def _traced(
        self, invocation: Invocation, service: str, operation: str, do: Callable[[], T]
    ) -> T:
        try:
            result = do()
        except Exception as exc:
            self._note(invocation, f"{service}.{operation} ▸ {str(exc)[:90]}")
            raise
        if self.trace is not None:
            self._note(invocation, f"{service}.{operation}")
        if self.broken:
            raise invocation.kill("the world's end")
        return result

    def _note(self, invocation: Invocation, line: str) -> None:
        if self.trace is not None:
            self.trace.append((self.now, f"{invocation.function} {invocation.number}: {line}"))

    def _kill(self, invocation: Invocation, why: str, name: str = "Runtime.ExitError") -> None:
        self._note(invocation, why)
        self.kills.append((self.now, invocation.subject))
        raise invocation.kill(name)

    def _pass(self, invocation: Invocation, seconds: float) -> None:
        """Let time pass for an invocation, and others come between. Raises Killed."""
        if invocation.killed:
            raise Killed(invocation.killed)
        until = self.now + seconds
        late = until > invocation.deadline
        if late:
            until = invocation.deadline if invocation.deadline > self.now else self.now
        heap = self._heap
        if heap and heap[0][0] <= until:
            self._wait(invocation, until)
        else:
            self.now = until
        if self.broken:
            raise invocation.kill("the world's end")
        if late:
            self._kill(invocation, "runs out of time", "Sandbox.Timedout")
