"""The examples of docs/examples: installed as their lock files say, and run as their readers do."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conformance.streams.browser import install_players

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
UPPY, EXPRESS, FASTAPI = (EXAMPLES / name for name in ("uppy", "express", "fastapi"))
ENVIRONMENT = ROOT / ".local" / "examples" / "fastapi"
PORTS = {UPPY: 5173, EXPRESS: 3000, FASTAPI: 8000}
"""Whose pages the local stage lets in: resources/parts.js."""

START_SECONDS = 30.0
POLL_SECONDS = 0.1


def command_of(example: Path) -> list[str]:
    """Install an example and return how it is started. Raises CalledProcessError, OSError."""
    if example == FASTAPI:
        return [str(_install_python() / "bin" / "uvicorn"), "app:app", "--port", "8000"]
    install_players(example)
    return [shutil.which("npm") or "npm", "start", "--silent"]


def _install_python() -> Path:
    """Return the environment of the FastAPI example; made anew where its lock has changed."""
    lock = FASTAPI / "requirements.txt"
    stamp = ENVIRONMENT / "installed.txt"
    ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
            return ENVIRONMENT
        uv = str(Path(sys.executable).with_name("uv"))
        env = {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT)}
        for command in (
            [uv, "venv", "--clear", "--python", sys.executable, str(ENVIRONMENT)],
            [uv, "pip", "sync", "--require-hashes", str(lock)],
        ):
            subprocess.run(command, env=env, check=True, timeout=300, capture_output=True)
        shutil.copyfile(lock, stamp)
    return ENVIRONMENT


@contextmanager
def running(example: Path, command: Sequence[str], settings: Mapping[str, str]) -> Iterator[str]:
    """Run an example, and return its address once it answers. Ends it with all that it started."""
    port = PORTS[example]
    log = ROOT / ".local" / f"example-{example.name}.log"
    with (
        _alone(port),
        log.open("w") as written,
        subprocess.Popen(
            command,
            cwd=example,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **settings},
            stdin=subprocess.PIPE,  # esbuild serves for as long as somebody could type
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            _await_start(process, port, log)
            yield f"http://localhost:{port}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            _await_end(port)


@contextmanager
def _alone(port: int) -> Iterator[None]:
    """Have a port to oneself: another checkout's tests may be at it, for some seconds."""
    with (Path(tempfile.gettempdir()) / f"example-{port}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _await_end(port)
        assert not _answers(port), f"port {port} is taken: the local stage lets in no other's pages"
        yield


def _await_start(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        ended, late = process.poll() is not None, time.monotonic() > deadline
        assert not ended and not late, log.read_text()  # noqa: PT018
        time.sleep(POLL_SECONDS)


def _await_end(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while _answers(port) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
        return True
    return False
