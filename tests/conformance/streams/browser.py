"""Drive a headless Chromium over a pipe, by the DevTools protocol."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NAMES = ("chromium", "google-chrome", "chromium-browser")
"""Only browsers that decode H.264 and AAC."""

FLAGS = (
    "--headless",
    "--no-sandbox",  # which root cannot have; only our own pages are opened
    "--remote-debugging-pipe",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
)
SECONDS = 60


@dataclass(slots=True)
class Browser:
    """A running browser: `to_browser` and `from_browser` are the ends of its pipes."""

    to_browser: int
    from_browser: int
    _last_id: int = 0
    _read: bytearray = field(default_factory=bytearray)

    def evaluate(self, address: str, expression: str) -> Any:
        """Open a page of its own and return what a JavaScript expression's promise gives there.

        Raises RuntimeError where the page cannot be opened or the promise is rejected, and
        TimeoutError after a minute.
        """
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        session = attached["sessionId"]
        opened = self.call("Page.navigate", session, url=address)
        if "errorText" in opened:
            raise RuntimeError(f"{address}: {opened['errorText']}")
        done = self.call(
            "Runtime.evaluate",
            session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        self.call("Target.closeTarget", targetId=target)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"].get("exception", {}).get("description"))
        return done["result"].get("value")

    def close(self) -> None:
        """Ask the browser to end."""
        self.call("Browser.close")

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send a command, of a page's session or of the browser, and return its result.

        Raises RuntimeError where the browser refuses it, and TimeoutError after a minute.
        """
        self._last_id += 1
        wanted = self._last_id
        message = {"id": wanted, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        answer = self._await(wanted)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _await(self, wanted: int) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while True:
            message = self._receive(deadline)
            if message.get("id") == wanted:
                return message

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.from_browser], [], [], left)[0]:
                raise TimeoutError(f"the browser said nothing for {SECONDS} s")
            received = os.read(self.from_browser, 1 << 16)
            if not received:
                raise RuntimeError("the browser has ended")
            self._read += received
        content, _, rest = self._read.partition(b"\0")
        self._read = rest
        message: dict[str, Any] = json.loads(content)
        return message


def find_browser() -> str | None:
    """Return the path of CHROMIUM_PATH or of an installed browser."""
    named = os.environ.get("CHROMIUM_PATH")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browsing(path: str, *flags: str) -> Iterator[Browser]:
    """Run a browser with a profile of its own, and end it and its processes."""
    from_us, to_browser = os.pipe()
    from_browser, to_us = os.pipe()
    # The browser reads 3 and writes 4; numbers above those cannot be in each other's way.
    high = [fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in (from_us, to_us)]
    wrapper = ["bash", "-c", f'exec "$@" 3<&{high[0]} 4>&{high[1]}', "bash"]
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = [*wrapper, path, *FLAGS, *flags, f"--user-data-dir={profile}"]
        process = subprocess.Popen(
            command,
            pass_fds=high,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"HOME": profile},
        )
        for each in (from_us, to_us, *high):
            os.close(each)
        browser = Browser(to_browser, from_browser)
        try:
            yield browser
            browser.close()
            process.wait(SECONDS)
        finally:
            _kill(process)
            os.close(to_browser)
            os.close(from_browser)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def install_players(folder: Path) -> None:
    """Install the players beside their page, as the lock file says. Raises CalledProcessError."""
    lock, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    with lock.open("rb") as file:
        # Another process of the same run may be at it.
        fcntl.flock(file, fcntl.LOCK_EX)
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        npm = shutil.which("npm") or "npm"
        subprocess.run([npm, "ci", "--ignore-scripts"], cwd=folder, check=True, timeout=300)
