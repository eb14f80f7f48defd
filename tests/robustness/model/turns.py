"""Whose turn it is: what is due first, by a virtual clock, in one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from tests.robustness.model.baton import IDLE, Invocation, Killed, Worker, find_worker

START = 1_800_000_000.0
"""Epoch seconds at which each schedule begins."""

MOST_EVENTS = 60_000
"""After which a schedule counts as one that never comes to rest."""


class BrokenError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, message: str) -> None:
        super().__init__(f"{invariant}: {message}")
        self.invariant = invariant
        self.message = message


class Turns:
    """What is to happen, in the order of time; `live` are the invocations that have begun."""

    def __init__(self) -> None:
        self.now = START
        self.running: Invocation | None = None
        self.live: list[Invocation] = []
        self.broken: BaseException | None = None
        self._heap: list[tuple[float, int, Any]] = []
        self._order = 0
        self._events = 0
        self._main = threading.Lock()
        self._main.acquire()
        self._unwinding = False

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something when it is that late."""
        self._order += 1
        heappush(self._heap, (when if when > self.now else self.now, self._order, do))

    def start(self, invocation: Invocation) -> None:
        """Have an invocation run, from now on, beside the others."""
        self._order += 1
        heappush(self._heap, (self.now, self._order, invocation))

    def fail(self, invariant: str, message: str) -> None:
        """End the world: an invariant does not hold."""
        if self.broken is None:
            self.broken = BrokenError(invariant, message)

    def run(self) -> None:
        """Let everything happen until nothing more does. Raises BrokenError."""
        first = self._next()
        if isinstance(first, Invocation):
            self._wake(first)
            self._main.acquire()
        self.running = None
        if self.broken:
            self._unwind()
            raise self.broken

    def _next(self) -> Invocation | None:
        """Do what is due until it is an invocation's turn; None at the end."""
        heap = self._heap
        while heap and self.broken is None:
            when, _, target = heappop(heap)
            self.now = when
            self._events += 1
            if self._events > MOST_EVENTS:
                self.fail("rest", f"{MOST_EVENTS} things happened, and more are to come")
                break
            if isinstance(target, Invocation):
                return target
            self.running = None
            try:
                target()
            except BaseException as exc:
                self.broken = exc
        return None

    def _wait(self, invocation: Invocation, until: float) -> None:
        self._order += 1
        heappush(self._heap, (until, self._order, invocation))
        following = self._next()
        if following is invocation:
            self.running = invocation
            return
        worker = invocation.worker
        assert worker is not None
        if following is None:
            self._main.release()
        else:
            self._wake(following)
        worker.go.acquire()
        self.running = invocation

    def _wake(self, invocation: Invocation) -> None:
        if invocation.worker is None:
            worker = invocation.worker = find_worker()
            worker.start(self, invocation)
        else:
            invocation.worker.go.release()

    def execute(self, invocation: Invocation, worker: Worker) -> None:
        """Run an invocation to its end, in a thread that has the baton."""
        invocation.worker = worker
        self.running = invocation
        self.live.append(invocation)
        value, error = None, None
        try:
            value = invocation.run(invocation)
        except Killed:
            pass
        except BaseException as exc:
            error = exc
        self.live.remove(invocation)
        self.running = None
        if self._unwinding or self.broken:
            return
        try:
            if invocation.killed:
                invocation.done(None, None, invocation.killed)
            else:
                invocation.done(value, error, None)
        except BaseException as exc:
            self.broken = exc

    def run_on(self, worker: Worker) -> Invocation | None:
        """Return an invocation for a thread that has ended one; None where it has nothing to do."""
        following = None if self._unwinding else self._next()
        if following is not None and following.worker is None:
            following.worker = worker
            return following
        IDLE.append(worker)
        if following is None:
            self._main.release()
        else:
            assert following.worker is not None
            following.worker.go.release()
        return None

    def _unwind(self) -> None:
        """End all threads that are in the middle of something."""
        self._unwinding = True
        for invocation in [*self.live]:
            invocation.killed = invocation.killed or "the world's end"
            assert invocation.worker is not None
            invocation.worker.go.release()
            self._main.acquire()
