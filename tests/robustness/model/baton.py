"""Invocations as threads of which exactly one runs: whoever waits hands the baton on.

Real threads, because the code under test is plain blocking code; a baton, because what runs beside
each other has to be the same each time. Whoever gives up the baton runs the clock itself, and wakes
another thread only where that one's turn has come: most waits wake nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The invocation has ended, for its memory, its time or by the world's end: no port works."""


class Invocation:
    """One call of a function: `run` is what it does, `done` is told how it ended.

    `done` takes the value and the error of `run`; both are None for a worker that was killed.
    """

    __slots__ = (
        "away",
        "deadline",
        "done",
        "function",
        "killed",
        "number",
        "release",
        "run",
        "subject",
        "worker",
    )

    def __init__(
        self,
        function: str,
        run: Callable[[Invocation], Any],
        done: Callable[[Any, BaseException | None, str | None], None],
    ) -> None:
        self.function = function
        self.run = run
        self.done = done
        self.away: set[str] = set()
        """Services whose calls failed."""
        self.deadline = 0.0
        self.number = 0
        self.killed: str | None = None
        """What the worker was killed by, as Step Functions calls it."""
        self.subject: Any = None
        self.release: str = ""
        """Of the code that it runs."""
        self.worker: Worker | None = None

    def kill(self, reason: str) -> Killed:
        """Have every port refuse from now on; return what to raise."""
        self.killed = self.killed or reason
        return Killed(reason)


class Worker:
    """A thread that runs one invocation after another."""

    __slots__ = ("go", "job")

    def __init__(self) -> None:
        self.go = threading.Lock()
        self.go.acquire()
        self.job: tuple[Any, Invocation] | None = None
        threading.Thread(target=self._loop, daemon=True).start()

    def start(self, world: Any, invocation: Invocation) -> None:
        """Give it an invocation to run, and with it the baton."""
        self.job = (world, invocation)
        self.go.release()

    def _loop(self) -> None:
        while True:
            self.go.acquire()
            assert self.job is not None
            world, invocation = self.job
            self.job = None
            while True:
                world.execute(invocation, self)
                following = world.run_on(self)
                if following is None:
                    break
                invocation = following


IDLE: list[Worker] = []
"""Threads without an invocation."""


def find_worker() -> Worker:
    """Return a thread that has nothing to do."""
    return IDLE.pop() if IDLE else Worker()
