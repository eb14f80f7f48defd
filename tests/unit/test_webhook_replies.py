"""What a receiver's reply says: its status, and for how long to wait."""

from __future__ import annotations

import ssl
import time
from typing import Any

import pytest

from lib.adapters.webhook import sender
from lib.adapters.webhook.sender import ReplyError, read_reply
from lib.application.doors.webhook import Reply

NOW = 1_800_000_000.0
"""Fri, 15 Jan 2027 08:00:00 GMT"""


def read(*lines: str) -> Reply:
    return read_reply("\r\n".join((*lines, "", "a body")).encode("latin-1"), NOW)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("HTTP/1.1 204 No Content", Reply(204, "No Content")),
        ("HTTP/1.0 500 ", Reply(500)),
        ("HTTP/1.1 200", Reply(200)),
        ("HTTP/1.1 302 Found", Reply(302, "Found (redirects are not followed)")),
        ("HTTP/1.1 400 \x1b[31mred\xe9", Reply(400, "\\x1b[31mred\\xe9")),
    ],
)
def test_a_status_and_its_words(line, reply):
    assert read(line) == reply


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("9" * 400, 999_999_999.0),
        ("Fri, 99 Jan 2027 08:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert read("HTTP/1.1 503 Busy", "x: y", f"Retry-After:  {value}").retry_after == seconds


@pytest.mark.parametrize(
    "line", ["", "SSH-2.0-OpenSSH_9.6", "HTTP/2 200", "HTTP/1.1 20x OK", "HTTP/1.1 2000", "<html>"]
)
def test_what_is_no_reply_is_said_to_be_none(line):
    with pytest.raises(ReplyError, match="expected a reply"):
        read(line)


class Connection:
    """Gives what was sent in pieces of a few bytes, as a network may."""

    def __init__(self, sent: bytes) -> None:
        self._pieces = [sent[at : at + 7] for at in range(0, len(sent), 7)]

    def settimeout(self, seconds: float) -> None:
        """Keep to no time: all has been sent."""

    def recv(self, _: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def test_heads_that_are_no_reply_yet_are_passed_over():
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    connection: Any = Connection(hints + b"HTTP/1.1 202 Accepted\r\n\r\n")
    head = sender._read_head(connection, time.monotonic() + 60)
    assert read_reply(head, NOW) == Reply(202, "Accepted")


def test_a_receivers_tls_is_at_least_1_2_and_its_certificate_is_checked(monkeypatch):
    lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lax.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    monkeypatch.setattr(ssl, "create_default_context", lambda: lax)
    context = sender._trust.__wrapped__()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
