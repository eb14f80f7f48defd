"""`npm run demo`, as a newcomer runs it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from lib.tools import ROOT
from lib.tools.emulator import lifecycle, tcp_ports

SAMPLES = ROOT / "tests/media"
FILES = ("rocket-alpha.png", "not-a-photo.jpg")
OUT_OF_REACH = {
    "AWS_PROFILE": "the user's",
    "AWS_ACCESS_KEY_ID": "the user's",
    "AWS_SECRET_ACCESS_KEY": "the user's",
    "AWS_ENDPOINT_URL_S3": "http://192.0.2.1",
    "AWS_REGION": "mars-north-1",
}
"""AWS settings with which nothing could work."""

PROXIES = ("proxy", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY")


@pytest.fixture
def free():
    """Skip where a stage that somebody has kept would be in the way."""
    if lifecycle.find() is not None:
        pytest.skip("an emulator that was kept is in use")


@contextmanager
def refusing_proxy() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a proxy that refuses everything, and what it is asked for."""
    asked: list[str] = []

    class Refuse(StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline().decode())
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with ThreadingTCPServer((tcp_ports.LOOPBACK, 0), Refuse) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{tcp_ports.LOOPBACK}:{server.server_address[1]}", asked
        server.shutdown()


def run_demo(*arguments: str | Path | int, proxy: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", "run", "-s", "demo", "--", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | OUT_OF_REACH | (dict.fromkeys(PROXIES, proxy) if proxy else {}),
        capture_output=True,
        text=True,
    )


def test_the_demo_from_nothing_to_a_table_without_the_users_aws_and_proxies(deployed, free):
    # `deployed`: the layers are built, for which alone a proxy is asked.
    port = tcp_ports.any_free()
    with refusing_proxy() as (proxy, asked):
        done = run_demo(*(SAMPLES / name for name in FILES), "--port", port, proxy=proxy)
    assert asked == []
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert "READY" in rows["rocket-alpha.png"]
    assert "text: not supported" in done.stdout
    made = lifecycle.FOLDER / "renditions/rocket-alpha.png"
    assert {path.suffix for path in made.iterdir()} == {".avif", ".webp", ".jpg", ".json"}
    assert tcp_ports.is_free(port)
    assert lifecycle.find() is None


def test_a_second_demo_does_not_borrow_an_emulator_that_ends_with_the_first(free):
    with lifecycle.running() as running:
        second = run_demo(SAMPLES / FILES[0])
        assert (second.returncode, second.stdout) == (2, "")
        assert second.stderr.startswith(
            f"demo: another demo is running, on port {running.port} (pid {running.pid})"
        )
        assert second.stderr.count("\n") == 1
        assert running.healthy


def test_a_port_that_a_kept_stage_does_not_have_is_refused(free):
    with lifecycle.running() as running:
        running.keep()
        refused = run_demo(SAMPLES / FILES[0], "--port", running.port + 1)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith(
            f"demo: the local stage is kept on port {running.port}, not on {running.port + 1}"
        )
        assert refused.stderr.count("\n") == 1
        assert running.healthy


def test_the_demo_names_a_file_that_is_missing():
    done = run_demo("no such file.jpg")
    assert done.returncode == 2
    assert done.stderr == "demo: no such file.jpg is not there\n"
