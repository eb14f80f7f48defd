"""The proxy between functions and the emulator: forwards as it came, or makes a call fail."""

import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from lib.tools.emulator.tcp_ports import any_free
from tests.robustness.chaos import proxy
from tests.robustness.chaos.faults import Breakdown, Faults, Verdict

SIGNED = {"Authorization": "Credential=KEY/20260101/us-east-1/s3/aws4_request"}


class Echo(BaseHTTPRequestHandler):
    """Answers with what it heard; remembers each request."""

    protocol_version = "HTTP/1.1"
    heard: ClassVar[list[tuple[str, str, bytes]]] = []

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.heard.append((self.path, self.headers["host"], body))
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"4\r\nback\r\n0\r\n\r\n")
        else:
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def upstream():
    Echo.heard = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextmanager
def open_proxy(upstream, faults):
    port = any_free()
    with proxy.running(port, upstream, faults):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            yield connection
        finally:
            connection.close()


def put(connection, path="/b/k", body=b"hello"):
    connection.request("PUT", path, body, SIGNED)
    return connection.getresponse()


class Always(Faults):
    """Judges all calls alike."""

    def __init__(self, verdict):
        super().__init__(1, 0.0)
        self._verdict = verdict

    def judge(self, call):
        return self._verdict


def test_a_connection_is_served_again_and_again_under_the_name_that_was_signed(upstream):
    with open_proxy(upstream, Faults(1, 0.0)) as connection:
        assert [put(connection, body=body).read() for body in (b"one", b"two")] == [b"one", b"two"]
        assert put(connection, "/chunked").read() == b"back"
        connection.request("HEAD", "/b/k", headers=SIGNED)
        with connection.getresponse() as answer:
            assert (answer.getheader("content-length"), answer.read()) == ("1000", b"")
        assert put(connection, body=b"three").read() == b"three"
    hosts = {host for _, host, _ in Echo.heard}
    assert hosts == {f"127.0.0.1:{connection.port}"}


def test_a_refused_call_is_not_forwarded(upstream):
    faults = Faults(1, 0.0, active=True)
    faults.break_down(Breakdown("s3", 60, True, 503, "SlowDown"))
    with open_proxy(upstream, faults) as connection:
        answer = put(connection)
        assert (answer.status, b"SlowDown" in answer.read()) == (503, True)
        assert put(connection).read().startswith(b"<Error>")
    assert Echo.heard == []


def test_a_call_whose_reply_is_lost_was_made(upstream):
    with (
        open_proxy(upstream, Always(Verdict(loses_reply=True))) as connection,
        pytest.raises((RemoteDisconnected, ConnectionResetError)),
    ):
        put(connection)
    assert [body for _, _, body in Echo.heard] == [b"hello"]


def test_who_waits_for_leave_to_send_gets_it(upstream):
    lines = ("PUT /b/k HTTP/1.1", "host: x", "content-length: 2", "expect: 100-continue", "", "")
    with (
        open_proxy(upstream, Faults(1, 0.0)) as connection,
        socket.create_connection(("127.0.0.1", connection.port), timeout=10) as client,
    ):
        client.sendall("\r\n".join(lines).encode())
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"ok")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert [body for _, _, body in Echo.heard] == [b"ok"]
