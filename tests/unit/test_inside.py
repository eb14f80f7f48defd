"""The watch over this suite sees what leaves the process."""

from __future__ import annotations

import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest


def open_connection():
    with socket.socket() as client:
        client.connect(("127.0.0.1", 9))


def open_server():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))


@pytest.mark.parametrize(
    ("leave", "event"),
    [
        (lambda: subprocess.run(["true"], check=False), "subprocess.Popen"),
        (lambda: os.posix_spawn("/bin/true", ["true"], {}), "os.posix_spawn"),
        (lambda: os.system("true"), "os.system"),
        (os.fork, "os.fork"),
        (open_connection, "socket.connect"),
        (open_server, "socket.bind"),
        (lambda: socket.getaddrinfo("localhost", 80), "socket.getaddrinfo"),
    ],
)
def test_whatever_leaves_the_process_is_refused(outside, leave, event):
    with pytest.raises(BaseException, match="belongs to another suite"):
        leave()
    assert [each.split()[0] for each in outside] == [event]
    outside.clear()


def test_what_a_thread_does_is_seen_too(outside):
    with ThreadPoolExecutor(1) as pool:
        problem = pool.submit(subprocess.run, ["true"], check=False).exception()
    assert "belongs to another suite" in str(problem)
    assert len(outside) == 1
    outside.clear()
