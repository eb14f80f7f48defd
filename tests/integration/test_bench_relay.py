"""What stands between a browser and S3 where an upload is measured."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.bench.relay import LOOPBACK, relaying

SIZE = 1 << 20
CUT_AFTER = SIZE // 2
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes]]]:
    """Serve a port whose connections are each read to their end, and answered then."""
    received: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        try:
            while True:
                client, _ = listening.accept()
                with client:
                    received.append(read(client))
                    client.sendall(ANSWER)
        except OSError:
            return  # closed

    with socket.create_server((LOOPBACK, 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1], received
        listening.shutdown(socket.SHUT_RDWR)


def read(connection: socket.socket) -> bytes:
    """Return what comes until the other side ends it."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def send(port: int, content: bytes) -> bytes:
    """Send to the end, and return what comes back."""
    with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        return read(connection)


def part(number: int) -> bytes:
    return b"PUT /bucket/key?partNumber=%d&uploadId=x HTTP/1.1\r\n\r\n" % number + bytes(SIZE)


def test_what_is_sent_arrives_whole_and_its_parts_are_counted(server):
    target, received = server
    with relaying(target, 7, CUT_AFTER, 1) as relay:
        answers = [send(relay.port, part(number)) for number in (1, 2, 2)]
    assert answers == [ANSWER] * 3
    assert received == [part(1), part(2), part(2)]
    assert relay.begun == {1: 1, 2: 2}
    assert relay.cuts == 1


def test_a_part_is_broken_off_in_its_middle_as_often_as_wanted(server):
    target, received = server
    with relaying(target, 2, CUT_AFTER, 2) as relay:
        for _ in range(2):
            with pytest.raises(ConnectionError):
                send(relay.port, part(2))
        assert send(relay.port, part(2)) == ANSWER
        assert send(relay.port, part(3)) == ANSWER
    assert relay.begun == {2: 3, 3: 1}
    assert all(0 < len(each) < len(part(2)) for each in received[:2])
    assert received[2:] == [part(2), part(3)]
