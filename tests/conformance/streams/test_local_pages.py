"""A page in a browser can do nothing to the emulator, from wherever it comes."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config

from lib.tools.emulator import lifecycle, server, tcp_ports
from lib.tools.emulator.environment import REGION, server_environment
from lib.tools.emulator.lifecycle import Emulator
from tests.conformance.streams.browser import Browser, browsing, find_browser
from tests.conformance.streams.conftest import FOLDER
from tests.conformance.streams.server import serve

REBOUND = "rebound.test"
"""A name that its owner lets resolve to this machine once the page is there."""

IN_VAIN = {"unsigned"}
"""What the emulator refuses by itself: no key at all."""


@dataclass(frozen=True, slots=True)
class Target:
    """An emulator that pages try to use, and the keys with which a test looks at it."""

    port: int
    access_key: str
    secret_key: str

    def client(self, service: Any, **config: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://{tcp_ports.LOOPBACK}:{self.port}",
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(**config),
        )

    def made(self) -> set[str]:
        """Return the names of all roles and functions."""
        roles = self.client("iam").list_roles()["Roles"]
        functions = self.client("lambda").list_functions()["Functions"]
        return {each["RoleName"] for each in roles} | {each["FunctionName"] for each in functions}


@pytest.fixture(scope="module")
def visitor() -> Iterator[Browser]:
    """Return a browser for which a foreign name is this machine."""
    path = find_browser()
    if not path:
        missing = "no browser: apt install chromium, or set CHROMIUM_PATH"
        (pytest.fail if os.environ.get("CONFORMANCE_REQUIRED") else pytest.skip)(missing)
    with browsing(path, f"--host-resolver-rules=MAP {REBOUND} {tcp_ports.LOOPBACK}") as running:
        yield running


@pytest.fixture
def filtered(emulator: Emulator) -> Target:
    state = emulator.state
    return Target(state.port, state.access_key, state.secret_key)


@pytest.fixture
def unfiltered(tmp_path: Path) -> Iterator[Target]:
    """Return the emulator as it comes: nothing in front, a key that everybody knows."""
    port = tcp_ports.any_free()
    process = subprocess.Popen(
        [lifecycle.PYTHON, "-m", "ministack"],
        cwd=tmp_path,
        env=server_environment(port, tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield Target(port, "test", "test")
    finally:
        server.end_tree(process.pid)
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + lifecycle.START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://{tcp_ports.LOOPBACK}:{port}/_ministack/health"):
                return
        except (URLError, OSError):
            time.sleep(lifecycle.POLL_SECONDS)
    raise TimeoutError("the emulator did not start")


def intrude(visitor: Browser, target: Target, mark: Path) -> tuple[set[str], set[str]]:
    """Try everything from three origins; return what was tried, and the origins' names."""
    code = base64.b64encode(make_function(mark)).decode()
    module = (FOLDER / "intruder.mjs").read_text()
    imported = f"import(URL.createObjectURL(new Blob([{module!r}], {{type: 'text/javascript'}})))"
    tried: set[str] = set()
    with ExitStack() as stack:
        address = stack.enter_context(serve(FOLDER))
        here = f"http://{tcp_ports.LOOPBACK}:{target.port}"
        pages = {
            "other-port": (f"{address}/player.html", here),
            "other-name": (f"{address}/player.html".replace(tcp_ports.LOOPBACK, "localhost"), here),
            "rebound": (f"http://{REBOUND}:{target.port}/", ""),
        }
        for name, (page, base) in pages.items():
            call = f"m.intrude({base!r} || location.origin, {name!r}, {code!r})"
            ways = visitor.evaluate(page, f"{imported}.then(m => {call})")
            tried |= {f"{name}-{way}" for way in ways}
    return tried, set(pages)


def make_function(mark: Path) -> bytes:
    """Return the zip of a function that leaves a mark on this machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as code:
        code.writestr(
            "intruder.py", f"def handler(event, context):\n    open({str(mark)!r}, 'w').close()\n"
        )
    return packed.getvalue()


def test_no_page_creates_or_runs_anything(visitor, filtered, tmp_path):
    before = filtered.made()
    tried, _ = intrude(visitor, filtered, tmp_path / "mark")
    assert tried
    assert filtered.made() == before
    assert not (tmp_path / "mark").exists()


def test_every_page_would_without_the_filter(visitor, unfiltered, tmp_path):
    tried, pages = intrude(visitor, unfiltered, tmp_path / "mark")
    vain = {f"{page}-{way}" for page in pages for way in IN_VAIN}
    assert unfiltered.made() == (tried - vain) | pages
    assert (tmp_path / "mark").exists()
