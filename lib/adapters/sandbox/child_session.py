"""A session with one child: the task that it gets, its responses, and why it ended."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import time
from collections.abc import Callable
from typing import Any, TypeVar

from lib.adapters.sandbox import responses
from lib.adapters.sandbox.protocol import (
    OUT_OF_MEMORY,
    ChannelError,
    ChannelTimeoutError,
    Message,
    ProtocolError,
)
from lib.adapters.sandbox.untrusted import InvalidResponseError, text
from lib.adapters.sandbox.zygote_host import ZygoteHost
from lib.domain.errors import ErrorCode, MediaError, PermanentError, TransientError

END_MARGIN_SECONDS = 3.0
"""What is left to the parent when it ends a child: to record the outcome."""

DECODE_SHARE = 0.5
"""Of the time that there is: a decode that takes more is not waited for."""

FAIR_SECONDS = 20.0
"""What had as much and was not done is too slow for good; with less, another try may help."""

Read = TypeVar("Read")

log = logging.getLogger(__name__)


class Session:
    """A child that works on one image, with `left` seconds to do it. `holds` as in `Child`."""

    def __init__(self, zygote: ZygoteHost, measured: dict[str, float], left: float) -> None:
        """Take a child. Raises TransientError.

        `measured`: seconds a megapixel by format, of encodes before; those of this one go in.
        """
        self._started, self._left = time.monotonic(), left
        self._zygote, self._measured = zygote, measured
        self._child = zygote.take()
        self._over = self._has_source = False
        self.holds = self._child.holds

    def send_task(self, what: str, task: object, data: bytes = b"") -> None:
        """Tell what to do with a task, whose bulk is `data`. Raises what `receive_soon` does."""
        head = {
            "do": what,
            "ends": self._started + self._left,
            "cpu_seconds": max(1.0, self._left * _processors()),
            "measured": self._measured,
        }
        self._send(Message(head, pickle.dumps(task)))
        self._send(Message({}, data))
        self.receive_soon(_acknowledged)
        self._has_source = True

    def request(self, what: str, **more: Any) -> None:
        """Ask for the next thing. Raises what `receive_soon` does."""
        self._send(Message({"do": what, **more}))

    def receive_soon(self, read: Callable[[Message], Read], max_bytes: int = 0) -> Read:
        """Return what `read` makes of the next response, which has to come in a share of the time.

        `max_bytes` as in `receive`.
        Raises PermanentError and TransientError.
        """
        try:
            return self.receive(read, max_bytes, DECODE_SHARE)
        except ChannelTimeoutError as exc:
            raise self.too_late() from exc

    def receive(self, read: Callable[[Message], Read], max_bytes: int, share: float = 1.0) -> Read:
        """Return what `read` makes of the next response, whose body has at most `max_bytes`.

        Raises ChannelTimeoutError, PermanentError and TransientError.
        """
        seconds = min(self._left * share, self._left - END_MARGIN_SECONDS)
        try:
            response = self._child.channel.receive(max_bytes, self._started + seconds)
            if response.head.get("what") == "failed":
                raise self._failed(response)
            return read(response)
        except ChannelTimeoutError:
            self.close()
            raise
        except (ProtocolError, InvalidResponseError) as exc:
            self.close()
            raise PermanentError(
                ErrorCode.CORRUPT_MEDIA, f"its decoder gives no sensible answer: {exc}"
            ) from exc
        except ChannelError as exc:
            raise self._ended() from exc

    def learn(self, done: Message) -> None:
        """Take over what the child has measured. Raises InvalidResponseError."""
        self._measured.update(responses.read_measured(done.head))

    def too_late(self) -> MediaError:
        """Return the error of a source that takes too long, if that is its own fault."""
        if self._left < FAIR_SECONDS:
            reason = f"only {max(self._left, 0):.1f} s were left to decode it and to make anything"
            return TransientError(ErrorCode.DEADLINE_NEAR, reason)
        return PermanentError(
            ErrorCode.LIMIT_EXCEEDED, f"takes too much of {self._left:.0f} s to decode"
        )

    def close(self) -> None:
        """End the child, if it is not over."""
        if not self._over:
            self._over = True
            self._zygote.drop(self._child)

    def _send(self, message: Message) -> None:
        try:
            self._child.channel.send(message, self._started + self._left - END_MARGIN_SECONDS)
        except ChannelTimeoutError as exc:
            self.close()
            raise self.too_late() from exc
        except ChannelError:
            self.receive(_acknowledged, 0)  # what it may have sent before it ended; raises

    def _failed(self, response: Message) -> MediaError:
        if "traceback" in response.head:
            lines = str(response.head["traceback"])[:4000].splitlines()
            log.error("unexpected in a decoder:\n%s", "\n".join(map(text, lines)))
        error = responses.read_error(response.head)
        return error if error.permanent or self._left < FAIR_SECONDS else self.too_late()

    def _ended(self) -> MediaError:
        """Return why there is nothing more to come. Raises TransientError where that is unknown."""
        self._over = True
        status = self._zygote.end(self._child)
        if not self._has_source:  # which so has no part in this
            reason = f"a decoder's process ended before it had the source ({status})"
            return TransientError(ErrorCode.SERVICE_UNAVAILABLE, reason)
        if status == -signal.SIGXCPU:
            return self.too_late()
        if status in (-signal.SIGKILL, OUT_OF_MEMORY):
            return PermanentError(ErrorCode.LIMIT_EXCEEDED, "its decoder ran out of memory")
        how = signal.Signals(-status).name if status < 0 else f"exit code {status}"
        return PermanentError(ErrorCode.CORRUPT_MEDIA, f"crashes its decoder ({how})")


def _acknowledged(response: Message) -> None:
    if response.head.get("what") != "received":
        raise InvalidResponseError("a response to nothing")


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1
