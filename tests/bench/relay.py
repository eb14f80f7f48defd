"""Relay a browser's connections to S3, count the parts that it sends, and break one of them."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
CHUNK = 1 << 18
PUT_PART = re.compile(rb"PUT \S*[?&]partNumber=(\d+)")
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for a connection that ends at once: its peer reads ECONNRESET."""


@dataclass(slots=True)
class Relay:
    """What went through. The connection of `cut_part` is broken once so much of it has come."""

    port: int
    target: int
    cut_part: int
    cut_after: int
    cuts: int
    """How many times that is still to happen."""

    begun: Counter[int] = field(default_factory=Counter)
    """How often each part was begun to be sent."""

    def serve(self, client: socket.socket) -> None:
        """Relay one connection until either side ends it."""
        with client, socket.create_connection((LOOPBACK, self.target)) as server:
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            with suppress(OSError):
                self._send(client, server)
            with suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join()

    def _send(self, client: socket.socket, server: socket.socket) -> None:
        part = sent = 0
        while chunk := client.recv(CHUNK):
            # A browser awaits an answer before its next request: each begins a chunk.
            if found := PUT_PART.match(chunk):
                part, sent = int(found[1]), 0
                self.begun[part] += 1
            elif chunk.startswith((b"GET ", b"POST ", b"OPTIONS ")):
                part = 0
            sent += len(chunk)
            if self.cuts and part == self.cut_part and sent >= self.cut_after:
                self.cuts -= 1
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                client.close()
                server.shutdown(socket.SHUT_RDWR)
                return
            server.sendall(chunk)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def relaying(target: int, cut_part: int, cut_after: int, cuts: int) -> Iterator[Relay]:
    """Relay a port of its own to another for the length of a `with` block."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        relay = Relay(listening.getsockname()[1], target, cut_part, cut_after, cuts)

        def accept() -> None:
            with suppress(OSError):  # the server socket is closed
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=relay.serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield relay
        listening.shutdown(socket.SHUT_RDWR)
