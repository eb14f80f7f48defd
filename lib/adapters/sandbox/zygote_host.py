"""The parent's side of `zygote.py`: start it, and ask it for children.

That module is not imported here: it imports the decoders.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

from lib.adapters.sandbox.protocol import DROP, END, FORK, REQUEST, STATUS, Channel, ChannelError
from lib.domain.errors import ErrorCode, TransientError
from lib.process_limits import child_environment

START = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from importlib import import_module
module, _, function = sys.argv[2].partition(":")
getattr(import_module(module), function)(int(sys.argv[3]), int(sys.argv[4]))
"""

END_SECONDS = 2.0

ZYGOTE = "lib.adapters.sandbox.zygote:serve"

READY_SECONDS = 30.0
"""In which a child is there: the first one waits until everything is imported."""


@dataclass(frozen=True, slots=True)
class Child:
    """One child, locked down; `holds` tells what it has given up, by name."""

    pid: int
    channel: Channel
    holds: dict[str, Any]


class ZygoteHost:
    """The process that forks, started when it is first needed, and one child that waits."""

    def __init__(self, memory: int, program: str = ZYGOTE) -> None:
        """`memory`: bytes that a child may have. `program`: what serves, another one in tests."""
        self._memory, self._program = memory, program
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._waiting: Channel | None = None

    def start(self) -> None:
        """Start the process, ask for the first child, wait for neither. Raises TransientError."""
        with self._lock, self._restarting():
            self._prepare()

    def take(self) -> Child:
        """Return the child that waits. Raises TransientError."""
        with self._lock, self._restarting():
            self._prepare()
            channel = self._waiting
            assert channel
            ready = channel.receive(0, time.monotonic() + READY_SECONDS).head
            self._waiting = None
            return Child(int(ready["pid"]), channel, ready["holds"])

    def end(self, child: Child) -> int:
        """Make sure that a child is over. Return how it ended, below 0 for a signal.

        Raises TransientError where that cannot be known.
        """
        child.channel.close()
        with self._lock, self._restarting():
            self._ask(END, child.pid)
            assert self._control
            (status,) = STATUS.unpack(self._control.recv(STATUS.size, socket.MSG_WAITALL))
            self._prepare()
            return os.waitstatus_to_exitcode(status)

    def drop(self, child: Child) -> None:
        """Make sure that a child is over, and do not wait for that."""
        child.channel.close()
        with self._lock, suppress(TransientError), self._restarting():
            self._ask(DROP, child.pid)
            self._prepare()  # while the parent stores what was made

    def close(self) -> None:
        """End the process and its children. It is started again where it is needed again."""
        with self._lock:
            self._close()

    def _prepare(self) -> None:
        """Have one child wait."""
        if self._control is None:
            self._start()
        if self._waiting is None:
            ours, theirs = socket.socketpair()
            self._waiting = Channel(ours)
            assert self._control
            with theirs:
                socket.send_fds(self._control, [REQUEST.pack(FORK, 0)], [theirs.fileno()])

    def _ask(self, kind: bytes, pid: int) -> None:
        if self._control is None:
            raise OSError("it is gone")
        self._control.sendall(REQUEST.pack(kind, pid))

    def _start(self) -> None:
        command = [sys.executable, "-I", "-S", "-c", START, json.dumps(sys.path), self._program]
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [*command, str(theirs.fileno()), str(self._memory)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=child_environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def _close(self) -> None:
        for each in (self._waiting, self._control):
            if each is not None:
                each.close()
        self._waiting = self._control = None
        if self._process is not None:
            try:  # it ends its children first
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    @contextmanager
    def _restarting(self) -> Iterator[None]:
        """Have the process started again next time where it does not do what it should."""
        try:
            yield
        except (OSError, ChannelError, struct.error) as exc:
            self._close()
            raise TransientError(
                ErrorCode.SERVICE_UNAVAILABLE, f"the decoders' process is gone: {exc}"
            ) from exc
