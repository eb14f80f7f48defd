"""One request to a receiver over the network, whatever comes back, within its deadline."""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lib.adapters.webhook import sender
from lib.adapters.webhook.sender import MOST_HEAD, HttpsReceiver
from lib.application.doors.webhook import Reply
from tests.support import receivers
from tests.support.receivers import Receiver, receiving, reply

HEADERS = {"content-type": "application/json", "webhook-id": "evt_1"}
BODY = '{"type":"asset.ready"}'
NAME = "hooks.example.test"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def post(url: str, seconds: float = 10) -> Reply:
    return HttpsReceiver(url, seconds, private=True).post(HEADERS, BODY)


def test_a_request_is_posted_whole(receiver):
    assert post(receiver.url) == Reply(200, "OK")
    [request] = receiver.requests
    assert (request.path, request.body) == ("/hook?a=1", BODY)
    assert request.headers == HEADERS | {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "media-pipeline-webhook",
        "accept": "*/*",
        "connection": "close",
        "content-length": str(len(BODY)),
    }


@pytest.mark.parametrize("status", ["204 No Content", "500 Oops", "410 Gone"])
def test_a_status_comes_back(receiver, status):
    receiver.answers.append(reply(status))
    assert post(receiver.url) == Reply(int(status[:3]), status[4:])


def test_retry_after_comes_back(receiver):
    receiver.answers.append(reply("429 Slow", "Retry-After: 7"))
    assert post(receiver.url) == Reply(429, "Slow", 7)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(receiver, status):
    with receiving() as other:
        receiver.answers.append(reply(status, f"Location: {other.url}"))
        answered = post(receiver.url)
        assert (answered.taken, answered.status) == (False, int(status[:3]))
        assert len(receiver.requests) == 1
        assert other.requests == []


@pytest.mark.parametrize("answer", [receivers.hang, receivers.drip])
def test_a_receiver_that_takes_its_time_is_left_at_the_deadline(receiver, answer):
    receiver.usual = answer
    started = time.monotonic()
    assert post(receiver.url, 0.4) == Reply(None, "no reply within 0.4 s")
    assert 0.35 <= time.monotonic() - started < 3


def test_an_endless_body_is_not_read(receiver):
    receiver.usual = receivers.send(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(5_000_000))
    assert post(receiver.url) == Reply(200, "OK")


def test_an_endless_head_is_no_reply(receiver):
    receiver.usual = receivers.send(b"HTTP/1.1 200 OK\r\nx: " + b"x" * (2 * MOST_HEAD))
    assert post(receiver.url) == Reply(None, f"a reply's head has more than {MOST_HEAD} bytes")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "the connection was closed without a reply"),
        (b"HTTP/1.1 200 OK\r\n", "the connection was closed without a reply"),
        (b"SSH-2.0-x\r\n\r\n", "expected a reply in HTTP/1.1 but received 'SSH-2.0-x'"),
    ],
)
def test_what_is_no_reply_is_said_to_be_none(receiver, sent, reason):
    receiver.usual = receivers.send(sent)
    assert post(receiver.url) == Reply(None, reason)


def test_what_precedes_a_reply_is_passed_over(receiver):
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    receiver.usual = receivers.send(hints + b"HTTP/1.1 202 Accepted\r\n\r\n")
    assert post(receiver.url) == Reply(202, "Accepted")


def test_a_receiver_that_is_down_is_said_to_be(receiver):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answered = post(f"http://127.0.0.1:{port}/")
    assert answered.status is None
    assert "can't be reached" in answered.reason


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_this_machine_is_never_asked_unless_the_stage_says_so(receiver, host):
    answered = HttpsReceiver(f"https://{host}:{receiver.port}/", 10).post(HEADERS, BODY)
    assert answered.status is None
    assert "no address of the internet" in answered.reason
    assert receiver.requests == []


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses that names have, the first time that one is looked up."""
    said = ["127.0.0.1"]

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (said.pop(0), port)) for _ in said[:1]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return said


def certificate(folder: Path, name: str) -> Path:
    """Return a file with a key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "both.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return what a server of NAME has, whose certificate is trusted here."""
    file = certificate(tmp_path, NAME)
    client = ssl.create_default_context(cafile=str(file))
    monkeypatch.setattr(sender, "_trust", lambda: client)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server


def test_the_address_that_was_looked_at_is_connected_to_by_the_receivers_name(trusted, named):
    named.append("10.0.0.1")  # which a second look would find
    with receiving(trusted) as receiver:
        assert post(f"https://{NAME}:{receiver.port}/x") == Reply(200, "OK")
        [request] = receiver.requests
        assert request.headers["host"] == f"{NAME}:{receiver.port}"
        assert receiver.names == [NAME]
    assert named == ["10.0.0.1"]
    assert ip_address(named[0]).is_private


def test_a_certificate_of_another_name_is_refused(trusted, named):
    with receiving(trusted) as receiver:
        answered = post(f"https://other.example.test:{receiver.port}/x")
        assert answered.status is None
        assert "CERTIFICATE_VERIFY_FAILED" in answered.reason
        assert receiver.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path, named):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate(tmp_path, NAME))
    with receiving(server) as receiver:
        answered = post(f"https://{NAME}:{receiver.port}/x")
        assert "CERTIFICATE_VERIFY_FAILED" in answered.reason
        assert receiver.requests == []


def test_a_server_that_never_shakes_hands_is_left_at_the_deadline(receiver, named):
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answered = post(f"https://{NAME}:{silent.getsockname()[1]}/x", 0.4)
    assert answered.reason == "no reply within 0.4 s"
    assert time.monotonic() - started < 3


def test_addresses_are_tried_one_after_the_other(receiver, monkeypatch):
    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        kind = socket.SOCK_STREAM
        return [(0, kind, 6, "", (each, port)) for each in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert post(f"http://{NAME}:{receiver.port}/").taken
