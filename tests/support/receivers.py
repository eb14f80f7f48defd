"""A webhook's receiver on this machine, as good or as bad as it is told to be."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

ENOUGH_SECONDS = 30.0
"""For anything here; a test that needs it has failed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was posted. Names of headers are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: str


Answer = Callable[[socket.socket, threading.Event], None]
"""Answers a request; the event is set when the receiver closes."""


def reply(status: str = "200 OK", *lines: str, body: str = "") -> Answer:
    """Answer at once."""
    head = [f"HTTP/1.1 {status}", *lines, f"content-length: {len(body)}", "", body]

    def answer(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall("\r\n".join(head).encode())

    return answer


def send(content: bytes) -> Answer:
    """Answer with these bytes, and close."""
    return lambda connection, _: connection.sendall(content)


def hang(_: socket.socket, closing: threading.Event) -> None:
    """Never answer."""
    closing.wait(ENOUGH_SECONDS)


def drip(connection: socket.socket, closing: threading.Event) -> None:
    """Answer byte by byte, without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while not closing.wait(0.02):
        connection.sendall(b"x")


@dataclass
class Receiver:
    """Keeps what was posted; `answers` are given in turn, then `usual`.

    `names` are those that clients asked for by SNI.
    """

    listener: socket.socket
    usual: Answer = field(default_factory=reply)
    answers: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    def come_up(self) -> None:
        """Take connections; until then they are refused."""
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:
            plain.settimeout(ENOUGH_SECONDS)
            connection = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            with connection:
                request = read_request(connection)
                with self.lock:
                    self.requests.append(request)
                    answer = self.answers.pop(0) if self.answers else self.usual
                answer(connection, self.closing)


def read_request(connection: socket.socket) -> Request:
    with connection.makefile("rb") as file:
        method, path, _ = file.readline().decode().split()
        assert method == "POST"
        headers: dict[str, str] = {}
        while line := file.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Request(path, headers, file.read(int(headers["content-length"])).decode())


@contextmanager
def receiving(tls: ssl.SSLContext | None = None, *, down: bool = False) -> Iterator[Receiver]:
    """Run a receiver on a port of 127.0.0.1; it may be `down` until it is told to come up."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        receiver = Receiver(listener, tls=tls)
        if tls:

            def note(_: Any, name: str | None, __: Any) -> None:
                receiver.names.append(name)

            tls.sni_callback = note
        if not down:
            receiver.come_up()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
