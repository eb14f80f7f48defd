"""Hold what makes a test one of this suite: it starts no process and opens no connection."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OUTSIDE = {
    *("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec"),
    *("os.system", "socket.bind", "socket.connect", "socket.getaddrinfo"),
}
"""What the interpreter tells its audit hooks of processes and of sockets."""


class OutsideError(BaseException):
    """A unit test left its process. No handler of an `Exception` hides it."""


class Watch:
    """Refuses what is `OUTSIDE` while a unit test runs, its fixtures included."""

    def __init__(self) -> None:
        self.running = ""
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Raise OutsideError for such an event. Audit hooks stay until the interpreter ends."""
        if self.running and event in OUTSIDE:
            self.seen.append(f"{event} {arguments!r}"[:200])
            raise OutsideError(f"{self.running} belongs to another suite: {self.seen[-1]}")


WATCH = Watch()
sys.addaudithook(WATCH)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Watch from the first fixture to the last. This hook hears of the tests of all suites."""
    WATCH.running = item.nodeid if item.path.is_relative_to(HERE) else ""
    WATCH.seen.clear()
    try:
        return (yield)
    finally:
        WATCH.running = ""


@pytest.fixture(autouse=True)
def outside() -> Iterator[list[str]]:
    """Return what was refused; what is left of it fails the test, whoever caught the error."""
    yield WATCH.seen
    assert not WATCH.seen, "starts a process or opens a connection: not for tests/unit"
