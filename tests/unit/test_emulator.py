"""The emulator's life: start, find, keep, stop, and end with whoever started it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from lib.local import emulator, lifeline, listeners

pytestmark = pytest.mark.skipif(
    not emulator.PYTHON.exists(), reason="node lib/local/run.mjs installs the emulator"
)

DEADLINE_SECONDS = 30


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        # A zombie is not running: nobody but its parent has to know.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def run_elsewhere(code: str, folder: Path) -> subprocess.Popen[str]:
    """Start another Python that may start the emulator; it prints its process id when it has."""
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=emulator.ROOT,
    )


def test_runs_on_loopback_with_iam_enforced_until_the_block_ends(tmp_path):
    with emulator.running(folder=tmp_path) as running:
        with urlopen(f"{running.endpoint}/_ministack/health") as answer:
            assert json.load(answer)["auth"] == "enabled"
        assert listeners.find_listener(running.port) == running.pid
        assert emulator.find(tmp_path) is not None
        with pytest.raises(ConnectionRefusedError), socket.socket() as elsewhere:
            elsewhere.connect(("127.0.0.2", running.port))
    assert not is_running(running.pid)
    assert emulator.find(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["emulator.log"]


def test_says_who_has_the_port_and_offers_another(tmp_path):
    with emulator.running(folder=tmp_path / "first") as running:
        with pytest.raises(emulator.EmulatorError) as refused:
            emulator.start(running.port, tmp_path / "second")
        assert f"(pid {running.pid})" in str(refused.value)
        assert f"port {running.port} is taken" in str(refused.value)
        offered = int(str(refused.value).rpartition("--port ")[2])
        assert offered > running.port
        assert listeners.is_free(offered)


def test_refuses_a_second_one_in_the_same_folder(tmp_path):
    with (
        emulator.running(folder=tmp_path) as running,
        pytest.raises(emulator.EmulatorError, match=f"already, on port {running.port}"),
    ):
        emulator.start(folder=tmp_path)


def test_ends_with_a_killed_parent_and_is_forgotten(tmp_path):
    parent = run_elsewhere(
        "import sys, time; from pathlib import Path; from lib.local import emulator;"
        "running = emulator.start(folder=Path(sys.argv[1]));"
        "print(running.pid, flush=True); time.sleep(600)",
        tmp_path,
    )
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    assert emulator.find(tmp_path) is None
    assert not (tmp_path / "emulator.json").exists()


def test_outlives_its_parent_when_kept_until_it_is_stopped(tmp_path):
    parent = run_elsewhere(
        "import sys; from pathlib import Path; from lib.local import emulator;"
        "running = emulator.start(folder=Path(sys.argv[1]));"
        "running.keep(); print(running.pid, flush=True)",
        tmp_path,
    )
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
    kept = emulator.find(tmp_path)
    assert kept is not None
    assert kept.pid == pid
    kept.stop()
    wait_until(lambda: not is_running(pid))
    assert emulator.find(tmp_path) is None


def test_does_not_mistake_another_process_for_a_kept_emulator(tmp_path):
    with emulator.running(folder=tmp_path / "real") as running:
        state = {"port": running.port, "pid": os.getpid()}
        (tmp_path / "emulator.json").write_text(json.dumps(state))
        assert emulator.find(tmp_path) is None


def test_end_tree_reaches_descendants_that_moved_to_their_own_session(tmp_path):
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time, pathlib;"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True);"
        "pathlib.Path(sys.argv[1]).write_text(f'{child.pid}.'); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(note)]) as parent:
        wait_until(lambda: note.exists() and note.read_text().endswith("."))
        child = int(note.read_text().rstrip("."))
        assert is_running(child)
        lifeline.end_tree(parent.pid)
    wait_until(lambda: not is_running(child))


def test_environment_hides_the_users_aws_settings(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, "the user's")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the user's")
    monkeypatch.setenv("NO_PROXY", "intranet")
    environment = emulator.environment("http://127.0.0.1:4566")
    assert "the user's" not in environment.values()
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["NO_PROXY"] == "intranet,127.0.0.1"
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_accepts_loopback(endpoint):
    assert emulator.environment(endpoint)["AWS_ENDPOINT_URL"] == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://192.0.2.1:4566",
        "https://s3.eu-west-1.amazonaws.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "127.0.0.1:4566",
        "",
    ],
)
def test_refuses_an_endpoint_elsewhere(endpoint):
    with pytest.raises(emulator.EmulatorError, match="on this machine"):
        emulator.environment(endpoint)
