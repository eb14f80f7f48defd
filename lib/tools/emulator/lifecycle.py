"""The emulator's life: start, use, keep, find again, stop.

It listens on loopback only, serves who signs with the credentials of its start, enforces IAM,
keeps its state in memory, and runs in an environment of its own (`.local/emulator-venv`), so that a
Lambda can't import what its package lacks. Neither it nor anything that talks to it sees the user's
AWS configuration.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from lib.tools import ROOT
from lib.tools.emulator import server, state, tcp_ports
from lib.tools.emulator.environment import (
    Credentials,
    EmulatorError,
    client_environment,
    server_environment,
)
from lib.tools.emulator.state import State

FOLDER = ROOT / ".local"
PYTHON = ROOT / ".local/emulator-venv/bin/python"
SLS = ROOT / "node_modules/.bin/sls"
PORT = 4566
START_SECONDS = 60
POLL_SECONDS = 0.05
LOG_TAIL = 25
PRIVATE = 0o077


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator. `folder` holds its state file, its logs and its temporary files."""

    folder: Path
    state: State
    process: subprocess.Popen[str] | None = None
    """Only where this process started it."""

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return self.state.port

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self.state.pid

    @property
    def endpoint(self) -> str:
        """Return the URL that serves every AWS service."""
        return f"http://{tcp_ports.LOOPBACK}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment for whatever talks to it."""
        credentials = Credentials(self.state.access_key, self.state.secret_key)
        return client_environment(self.endpoint, credentials)

    @property
    def log(self) -> Path:
        """Return the file that the emulator logs to."""
        return self.folder / "emulator.log"

    @property
    def healthy(self) -> bool:
        """Tell whether it answers."""
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(f"{self.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def deploy(
        self,
        stage: str = "local",
        on_line: Callable[[str], None] = lambda _: None,
        params: Mapping[str, object] = {},
    ) -> None:
        """Run the real `sls deploy --stage STAGE` against it, again where a stack stands.

        `on_line` gets each line that it prints; all of them go to `deploy.log`. `params` are of
        serverless.yml. Raises EmulatorError with the last lines.
        """
        options = [f"--param={name}={value}" for name, value in params.items()]
        log = self.folder / "deploy.log"
        with (
            log.open("w") as written,
            subprocess.Popen(
                [SLS, "deploy", "--stage", stage, *options],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            try:
                for line in process.stdout or ():
                    written.write(line)
                    written.flush()
                    on_line(line.strip())
            except BaseException:
                server.end_tree(process.pid)
                raise
        if process.returncode:
            raise EmulatorError(f"sls deploy --stage {stage} failed:\n{_tail(log)}")

    def keep(self) -> None:
        """Let it run on after this process; `find` finds it again."""
        if self.process and self.process.stdin:
            state.write(self.folder, replace(self.state, kept=True))
            self.process.stdin.write(server.KEEP)
            self.process.stdin.close()

    def stop(self) -> None:
        """End it with everything it started, and remove its temporary files."""
        server.end_tree(self.pid)
        if self.process:
            with self.process:
                self.process.wait()
        if state.forget(self.folder, self.pid):
            shutil.rmtree(self.folder / "emulator", ignore_errors=True)


def start(
    port: int | None = None, folder: Path = FOLDER, script: str = server.__file__
) -> Emulator:
    """Start it on a port, any free one for None, and wait until it answers.

    It ends with this process unless `keep` is called. `script` is server.py, or runs that.
    Raises EmulatorError where the port is taken, another one runs in the folder, or it does not
    come up.
    """
    if not PYTHON.exists():
        raise EmulatorError("the emulator is not installed: npm run demo installs it")
    state.make_private(folder)
    with _locked(folder):
        if other := find(folder):
            raise EmulatorError(_describe(other))
        port = port or tcp_ports.any_free()
        if not tcp_ports.is_free(port):
            raise EmulatorError(
                f"port {port} is taken by {tcp_ports.describe_listener(port)}; "
                f"try another: npm run demo -- --port {tcp_ports.next_free(port)}"
            )
        return _start(port, folder, script)


def _start(port: int, folder: Path, script: str) -> Emulator:
    scratch = folder.resolve() / "emulator"
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "tmp").mkdir(parents=True)
    credentials = Credentials.generate()
    with (folder / "emulator.log").open("w") as log:
        process = subprocess.Popen(
            [PYTHON, "-I", script],
            cwd=scratch,
            env=server_environment(port, scratch),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            umask=PRIVATE,
            start_new_session=True,  # Ctrl-C reaches this process, which then stops it in order
        )
    started = State(port, process.pid, credentials.access_key, credentials.secret_key)
    emulator = Emulator(folder, started, process)
    try:
        if process.stdin:
            with suppress(BrokenPipeError):  # it has ended: its log says why
                process.stdin.write(f"{credentials.access_key} {credentials.secret_key}\n")
                process.stdin.flush()
        _wait_until_healthy(emulator, process)
        state.write(folder, started)
    except BaseException:
        emulator.stop()
        raise
    return emulator


def find(folder: Path = FOLDER) -> Emulator | None:
    """Return the emulator that runs in a folder, kept or not, or None; forget one that is gone."""
    found = state.read(folder)
    if found is None:
        return None
    emulator = Emulator(folder, found)
    # A process id alone could be somebody else's by now.
    if emulator.healthy and tcp_ports.find_listener(emulator.port) == emulator.pid:
        return emulator
    state.forget(folder, emulator.pid)
    return None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time start it here: a second one finds the first one's running."""
    with (folder / "emulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def running(
    port: int | None = None, folder: Path = FOLDER, script: str = server.__file__
) -> Iterator[Emulator]:
    """Start it for the length of a `with` block. See `start`."""
    emulator = start(port, folder, script)
    try:
        yield emulator
    finally:
        emulator.stop()


def _wait_until_healthy(emulator: Emulator, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not emulator.healthy:
        if process.poll() is not None or time.monotonic() > deadline:
            raise EmulatorError(f"the emulator did not start:\n{_tail(emulator.log)}")
        time.sleep(POLL_SECONDS)


def _describe(other: Emulator) -> str:
    if other.state.kept:
        return (
            f"the local stage is running already, on port {other.port}; "
            "npm run demo -- --stop ends it"
        )
    return (
        f"another demo is running, on port {other.port} (pid {other.pid}), and its emulator ends "
        "with it: wait for that, or npm run demo -- --stop ends it now"
    )


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL:])
