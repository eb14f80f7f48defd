"""The emulator's life: start, use, keep, find again, stop.

It listens on loopback only, enforces IAM, keeps its state in memory, and runs in an environment of
its own (`.local/emulator-venv`), so that a Lambda can't import what its package lacks. Neither it
nor anything that talks to it sees the user's AWS configuration.
"""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from lib.local import lifeline, listeners

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local"
PYTHON = ROOT / ".local/emulator-venv/bin/python"
SLS = ROOT / "node_modules/.bin/sls"
PORT = 4566
REGION = "us-east-1"
START_SECONDS = 60
POLL_SECONDS = 0.05
LOG_TAIL = 25
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")


class EmulatorError(Exception):
    """The emulator, or a deploy to it, failed; the message says what to do."""


def environment(endpoint: str) -> dict[str, str]:
    """Return this process's environment with the emulator in place of the user's AWS settings.

    For `sls`, `aws` and boto3. The access key is the one that the emulator takes for its root.
    """
    require_loopback(endpoint)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    direct = ",".join(
        filter(None, (kept.get("NO_PROXY") or kept.get("no_proxy"), listeners.LOOPBACK))
    )
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # sls prints several lines about Node 20 each time.
        "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def require_loopback(endpoint: str) -> None:
    """Raise EmulatorError for an endpoint that is not on this machine."""
    host = urlsplit(endpoint).hostname or ""
    with suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    raise EmulatorError(
        f"expected an endpoint on this machine for the local stage but received {endpoint}"
    )


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator. `folder` holds its state file, its logs and its temporary files."""

    port: int
    pid: int
    folder: Path
    process: subprocess.Popen[str] | None = None
    """Only where this process started it."""

    @property
    def endpoint(self) -> str:
        """Return the URL that serves every AWS service."""
        return f"http://{listeners.LOOPBACK}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment for whatever talks to it."""
        return environment(self.endpoint)

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

    def deploy(self, stage: str = "local", say: Callable[[str], None] = lambda _: None) -> None:
        """Run the real `sls deploy --stage STAGE` against it, again where a stack stands.

        `say` gets each line that it prints; all of them go to `deploy.log`. Raises EmulatorError
        with the last lines.
        """
        log = self.folder / "deploy.log"
        with (
            log.open("w") as written,
            subprocess.Popen(
                [SLS, "deploy", "--stage", stage],
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
                    say(line.strip())
            except BaseException:
                lifeline.end_tree(process.pid)
                raise
        if process.returncode:
            raise EmulatorError(f"sls deploy --stage {stage} failed:\n{_tail(log)}")

    def keep(self) -> None:
        """Let it run on after this process; `find` finds it again."""
        if self.process and self.process.stdin:
            self.process.stdin.write(lifeline.KEEP)
            self.process.stdin.close()

    def stop(self) -> None:
        """End it with everything it started, and remove its temporary files."""
        lifeline.end_tree(self.pid)
        if self.process:
            with self.process:
                self.process.wait()
        _state(self.folder).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "emulator", ignore_errors=True)


def start(port: int | None = None, folder: Path = FOLDER) -> Emulator:
    """Start it on a port, any free one for None, and wait until it answers.

    It ends with this process unless `keep` is called. Raises EmulatorError where the port is taken
    or it does not come up.
    """
    if not PYTHON.exists():
        raise EmulatorError("the emulator is not installed: npm run demo installs it")
    if kept := find(folder):
        raise EmulatorError(
            f"the emulator is running already, on port {kept.port}; npm run demo -- --stop ends it"
        )
    port = port or listeners.any_free()
    if not listeners.is_free(port):
        raise EmulatorError(
            f"port {port} is taken by {listeners.describe_listener(port)}; "
            f"try another: npm run demo -- --port {listeners.next_free(port)}"
        )
    scratch = folder.resolve() / "emulator"
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "tmp").mkdir(parents=True)
    with (folder / "emulator.log").open("w") as log:
        process = subprocess.Popen(
            [PYTHON, "-I", lifeline.__file__],
            cwd=scratch,
            env=_own_environment(port, scratch),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C reaches this process, which then stops it in order
        )
    emulator = Emulator(port, process.pid, folder, process)
    try:
        _state(folder).write_text(json.dumps({"port": port, "pid": process.pid}))
        _wait_until_healthy(emulator, process)
    except BaseException:
        emulator.stop()
        raise
    return emulator


def find(folder: Path = FOLDER) -> Emulator | None:
    """Return the emulator that was kept running, or None; forget one that is gone."""
    try:
        state = json.loads(_state(folder).read_text())
        emulator = Emulator(state["port"], state["pid"], folder)
    except (FileNotFoundError, ValueError, KeyError):
        return None
    # A process id alone could be somebody else's by now.
    if emulator.healthy and listeners.find_listener(emulator.port) == emulator.pid:
        return emulator
    _state(folder).unlink(missing_ok=True)
    return None


@contextmanager
def running(port: int | None = None, folder: Path = FOLDER) -> Iterator[Emulator]:
    """Start it for the length of a `with` block. See `start`."""
    emulator = start(port, folder)
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


def _own_environment(port: int, scratch: Path) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {
        "HOME": str(scratch),
        "TMPDIR": str(scratch / "tmp"),
        "S3_DATA_DIR": str(scratch / "s3"),
        "STATE_DIR": str(scratch / "state"),
        "BIND_HOST": listeners.LOOPBACK,
        "MINISTACK_HOST": listeners.LOOPBACK,
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        # It serves more than the pipeline uses; what would open further ports stays off.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{scratch}/none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _state(folder: Path) -> Path:
    return folder / "emulator.json"


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL:])
