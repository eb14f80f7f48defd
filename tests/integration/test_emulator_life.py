"""The emulator's life: start, find, keep, stop, and end with whoever started it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from lib.tools import ROOT
from lib.tools.emulator import lifecycle, server, state, tcp_ports
from lib.tools.emulator.environment import EmulatorError

pytestmark = pytest.mark.skipif(
    not lifecycle.PYTHON.exists(), reason="node lib/tools/run.mjs installs the emulator"
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
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_runs_on_loopback_with_iam_enforced_until_the_block_ends(tmp_path):
    with lifecycle.running(folder=tmp_path) as running:
        with urlopen(f"{running.endpoint}/_ministack/health") as answer:
            assert json.load(answer)["auth"] == "enabled"
        assert tcp_ports.find_listener(running.port) == running.pid
        assert lifecycle.find(tmp_path) is not None
        with pytest.raises(ConnectionRefusedError), socket.socket() as elsewhere:
            elsewhere.connect(("127.0.0.2", running.port))
    assert not is_running(running.pid)
    assert lifecycle.find(tmp_path) is None
    assert {path.name for path in tmp_path.iterdir()} == {"emulator.log", "emulator.lock"}


def test_says_who_has_the_port_and_offers_another(tmp_path):
    with lifecycle.running(folder=tmp_path / "first") as running:
        with pytest.raises(EmulatorError) as refused:
            lifecycle.start(running.port, tmp_path / "second")
        assert f"(pid {running.pid})" in str(refused.value)
        assert f"port {running.port} is taken" in str(refused.value)
        offered = int(str(refused.value).rpartition("--port ")[2])
        assert offered > running.port
        assert tcp_ports.is_free(offered)


def test_refuses_a_second_one_in_the_same_folder_and_says_what_runs_there(tmp_path):
    with lifecycle.running(folder=tmp_path) as running:
        with pytest.raises(EmulatorError, match=f"demo is running, on port {running.port}"):
            lifecycle.start(folder=tmp_path)
        running.keep()
        with pytest.raises(EmulatorError, match=f"already, on port {running.port}"):
            lifecycle.start(folder=tmp_path)


def test_of_two_that_start_at_once_one_runs(tmp_path):
    code = (
        "import sys; from pathlib import Path; from lib.tools.emulator import lifecycle\n"
        "from lib.tools.emulator.environment import EmulatorError\n"
        "try: running = lifecycle.start(folder=Path(sys.argv[1]))\n"
        "except EmulatorError as exc: print(exc, flush=True)\n"
        "else: print(running.port, flush=True); sys.stdin.read(); running.stop()"
    )
    with run_elsewhere(code, tmp_path) as one, run_elsewhere(code, tmp_path) as other:
        assert one.stdout
        assert other.stdout
        said = sorted((one.stdout.readline(), other.stdout.readline()))
        port = int(said[0])
        found = lifecycle.find(tmp_path)
        for each in (one, other):
            assert each.stdin
            each.stdin.close()
    assert found is not None
    assert found.port == port
    assert said[1].startswith(f"another demo is running, on port {port} (pid {found.pid})")


def test_what_is_stopped_late_leaves_its_successor_alone(tmp_path):
    first = lifecycle.start(folder=tmp_path)
    server.end_tree(first.pid)
    assert lifecycle.find(tmp_path) is None
    with lifecycle.running(folder=tmp_path) as second:
        first.stop()
        assert lifecycle.find(tmp_path) == lifecycle.Emulator(tmp_path, second.state)
        assert second.healthy
        assert (tmp_path / "emulator").exists()


def test_ends_with_a_killed_parent_and_is_forgotten(tmp_path):
    parent = run_elsewhere(
        "import sys, time; from pathlib import Path; from lib.tools.emulator import lifecycle;"
        "running = lifecycle.start(folder=Path(sys.argv[1]));"
        "print(running.pid, flush=True); time.sleep(600)",
        tmp_path,
    )
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    assert lifecycle.find(tmp_path) is None
    assert not (tmp_path / "emulator.json").exists()


def test_outlives_its_parent_when_kept_until_it_is_stopped(tmp_path):
    parent = run_elsewhere(
        "import sys; from pathlib import Path; from lib.tools.emulator import lifecycle;"
        "running = lifecycle.start(folder=Path(sys.argv[1]));"
        "running.keep(); print(running.pid, flush=True)",
        tmp_path,
    )
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
    kept = lifecycle.find(tmp_path)
    assert kept is not None
    assert kept.pid == pid
    assert kept.state.kept
    kept.stop()
    wait_until(lambda: not is_running(pid))
    assert lifecycle.find(tmp_path) is None


def test_does_not_mistake_another_process_for_a_kept_emulator(tmp_path):
    with lifecycle.running(folder=tmp_path / "real") as running:
        state.write(tmp_path, replace(running.state, pid=os.getpid()))
        assert lifecycle.find(tmp_path) is None


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
        server.end_tree(parent.pid)
    wait_until(lambda: not is_running(child))
