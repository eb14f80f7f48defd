"""How the processes talk: the parent with the zygote by requests, with a child by messages."""

from __future__ import annotations

import json
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

FORK, END, DROP = b"F", b"E", b"D"
"""What the zygote is asked for: a child on a socket; a child's end and how it ended; its end."""

REQUEST, STATUS = struct.Struct("!cI"), struct.Struct("!i")
"""Of the zygote: one of those and a process id, and how that ended as `os.waitpid` tells it."""

OUT_OF_MEMORY = 70
"""Exit code of a child that could not even say so."""

SIZES = struct.Struct("!IQ")
"""Bytes of a message's head, and of its body."""

MOST_HEAD_BYTES = 64 * 1024
LONGEST_TEXT = 500
"""Characters in a head."""

NO_END = float("inf")


class ChannelError(Exception):
    """The other side has ended."""


class ProtocolError(ChannelError):
    """The other side does not keep to the form."""


class ChannelTimeoutError(ChannelError):
    """The time for a message is over."""


@dataclass(frozen=True, slots=True)
class Message:
    """JSON that says what, and bytes with it."""

    head: dict[str, Any]
    body: bytes = b""


class Channel:
    """One side of a pair of sockets."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    def send(self, message: Message, until: float = NO_END) -> None:
        """Send a message by a moment of the monotonic clock. Raises ChannelError."""
        head = json.dumps(message.head).encode()
        try:
            self._wait(until)
            self._socket.sendall(SIZES.pack(len(head), len(message.body)) + head)
            if message.body:
                self._wait(until)
                self._socket.sendall(message.body)
        except TimeoutError as exc:
            raise ChannelTimeoutError from exc
        except OSError as exc:
            raise ChannelError(str(exc)) from exc

    def receive(self, max_bytes: int, until: float = NO_END) -> Message:
        """Return the next message, whose body has at most `max_bytes`.

        Raises ChannelError, ProtocolError among them.
        """
        head_bytes, body_bytes = SIZES.unpack(self._read(SIZES.size, until))
        if head_bytes > MOST_HEAD_BYTES or body_bytes > max_bytes:
            raise ProtocolError(f"a message of {head_bytes} + {body_bytes} bytes")
        try:
            head = json.loads(self._read(head_bytes, until))
        except (ValueError, RecursionError) as exc:
            raise ProtocolError("a head that is not JSON") from exc
        if not isinstance(head, dict):
            raise ProtocolError("a head that is not an object")
        return Message(head, self._read(body_bytes, until))

    def close(self) -> None:
        """Close this side."""
        self._socket.close()

    def _read(self, size: int, until: float) -> bytes:
        """Return so many bytes, in one piece where nothing is waited for but them."""
        parts, missing = [], size
        while missing:
            try:
                self._wait(until)
                part = self._socket.recv(missing, socket.MSG_WAITALL)
            except TimeoutError as exc:
                raise ChannelTimeoutError from exc
            except OSError as exc:
                raise ChannelError(str(exc)) from exc
            if not part:
                raise ChannelError("the end")
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _wait(self, until: float) -> None:
        if until == NO_END:
            return
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
