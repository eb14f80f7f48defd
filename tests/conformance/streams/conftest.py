"""What the tests of streams share: one stream, one browser, and a server of each one's files."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.conformance.streams.browser import Browser, browsing, find_browser, install_players
from tests.conformance.streams.playlists import Master, read_master
from tests.conformance.streams.server import serve
from tests.conformance.streams.stream import make_stream

FOLDER = Path(__file__).parent
PACKAGES = {"ffmpeg": "ffmpeg", "ffprobe": "ffmpeg", "mediainfo": "mediainfo"}


@pytest.fixture(scope="session", autouse=True)
def readers() -> None:
    """Skip where the readers are not installed; fail where CONFORMANCE_REQUIRED is set."""
    missing = {package for name, package in PACKAGES.items() if not shutil.which(name)}
    if missing:
        _give_up(f"apt install {' '.join(sorted(missing))}")


@pytest.fixture(scope="session")
def stream(readers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a stream that the pipeline made."""
    return make_stream(tmp_path_factory.mktemp("stream"))


@pytest.fixture
def broken(stream: Path, tmp_path: Path) -> Path:
    """Return a copy of the stream to break."""
    return Path(shutil.copytree(stream, tmp_path / "broken"))


@pytest.fixture(scope="session")
def progressive(stream: Path) -> Path:
    """Return the progressive file beside the stream."""
    (path,) = stream.glob("*p.mp4")
    return path


@pytest.fixture(scope="session")
def master(stream: Path) -> Master:
    """Return what its multivariant playlist offers."""
    return read_master(stream / "hls.m3u8")


@pytest.fixture(scope="session")
def browser(readers: None) -> Iterator[Browser]:
    """Return a running browser."""
    path = find_browser()
    if not path:
        _give_up("apt install chromium, or set CHROMIUM_PATH")
    try:
        install_players(FOLDER)
    except (OSError, subprocess.SubprocessError) as error:
        _give_up(f"npm ci in {FOLDER} ({error})")
    with browsing(path) as running:
        yield running


@pytest.fixture(scope="session")
def players(browser: Browser) -> Iterator[Callable[[str], Any]]:
    """Return a function that runs a call of player.mjs in a page of its own."""
    with serve(FOLDER) as address:

        def run(call: str) -> Any:
            module = "import('/player.mjs')"
            return browser.evaluate(f"{address}/player.html", f"{module}.then(p => p.{call})")

        yield run


@pytest.fixture(scope="session")
def address(stream: Path) -> Iterator[str]:
    """Return the address of the stream's folder: of another origin than the page."""
    with serve(stream) as served:
        yield served


def _give_up(what: str) -> NoReturn:
    message = f"these tests need other readers than the pipeline: {what}"
    if os.environ.get("CONFORMANCE_REQUIRED"):
        pytest.fail(message)
    pytest.skip(message)
