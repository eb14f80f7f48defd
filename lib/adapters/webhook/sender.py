"""Post one request over a connection of its own, within one deadline, and read a head of a reply.

Not by an HTTP client: those look names up themselves, follow redirects, and their time-outs begin
anew with each byte, so that a receiver that sends one a second holds them for ever. Of the reply
the status and `Retry-After` are of interest, and nothing behind its head is read.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache

from lib.adapters.webhook.addresses import AddressError, Target, parse_target, resolve
from lib.application.doors.webhook import Reply
from lib.domain.clock import Clock

MOST_HEAD = 16 * 1024
"""Bytes of a reply that are read."""
CHUNK = 4096


class ReplyError(Exception):
    """What came back is no reply."""


@dataclass(frozen=True, slots=True)
class HttpsReceiver:
    """A receiver by its URL. `private`: it may be in a network of one's own, and without TLS.

    `seconds` for all of a try; a connection has to be made in half of them.
    """

    url: str
    seconds: float
    private: bool = False
    clock: Clock = field(default=time.time)

    def post(self, headers: Mapping[str, str], body: str) -> Reply:
        """Post a body once. See `lib.application.doors.webhook.Receiver`."""
        deadline = time.monotonic() + self.seconds
        try:
            target = parse_target(self.url, private=self.private)
            with _connect(target, deadline, self.seconds, private=self.private) as connection:
                connection.settimeout(_left(deadline))
                connection.sendall(_request(target, headers, body))
                return read_reply(_read_head(connection, deadline), self.clock())
        except TimeoutError:
            return Reply(None, f"no reply within {self.seconds:g} s")
        except (AddressError, ReplyError, OSError) as exc:  # ssl's errors are OSErrors
            return Reply(None, str(exc) or type(exc).__name__)


def _connect(target: Target, deadline: float, seconds: float, *, private: bool) -> socket.socket:
    """Return a connection to one of the addresses that were looked at. Raises AddressError."""
    connected_by = deadline - seconds / 2
    addresses = resolve(target, _left(connected_by), private=private)
    problem: OSError = TimeoutError()
    for number, address in enumerate(addresses):
        share = _left(connected_by) / (len(addresses) - number)
        try:
            plain = _open(address, target.port, share)
        except OSError as exc:
            problem = exc
            continue
        if target.scheme == "http":
            return plain
        try:
            plain.settimeout(_left(deadline))  # of the handshake as a whole
            return _trust().wrap_socket(plain, server_hostname=target.host)
        except BaseException:
            plain.close()
            raise
    if isinstance(problem, TimeoutError):
        raise AddressError(f"{target.authority} does not answer") from problem
    raise AddressError(f"{target.authority} can't be reached: {problem}") from problem


def _open(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _request(target: Target, headers: Mapping[str, str], body: str) -> bytes:
    content = body.encode()
    lines = {
        "host": target.authority,
        "user-agent": "media-pipeline-webhook",
        "accept": "*/*",
        "connection": "close",
        "content-length": str(len(content)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + content


def _read_head(connection: socket.socket, deadline: float) -> bytes:
    """Return a reply as far as its head reaches. Raises ReplyError, TimeoutError."""
    received = b""
    while True:
        # Heads that are no reply yet: 100 Continue, 103 Early Hints.
        while received.startswith(b"HTTP/1.1 1") and b"\r\n\r\n" in received:
            received = received.partition(b"\r\n\r\n")[2]
        if b"\r\n\r\n" in received:
            return received
        if len(received) > MOST_HEAD:
            raise ReplyError(f"a reply's head has more than {MOST_HEAD} bytes")
        connection.settimeout(_left(deadline))
        chunk = connection.recv(CHUNK)
        if not chunk:
            raise ReplyError("the connection was closed without a reply")
        received += chunk


def read_reply(received: bytes, now: float) -> Reply:
    """Return what a reply's head says. Raises ReplyError."""
    head, _, _ = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status, _, reason = rest.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or len(status) != 3 or not status.isdecimal():
        raise ReplyError(f"expected a reply in HTTP/1.1 but received {first[:80]!r}")
    fields = {
        name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
    }
    said = ascii(reason[:80])[1:-1]
    if 300 <= int(status) < 400:
        said = f"{said} (redirects are not followed)".strip()
    return Reply(int(status), said, _retry_after(fields.get("retry-after"), now))


def _retry_after(text: str | None, now: float) -> float | None:
    """Return seconds of a number or a date; https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    with suppress(ValueError, TypeError, OverflowError):
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    return None


def _left(deadline: float) -> float:
    """Return the seconds that are left. Raises TimeoutError."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
