"""A set-up that is ended at any moment: nothing runs on, and the next one heals it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.support.newcomer import Newcomer, is_alive

PATIENCE_SECONDS = 30


@pytest.fixture
def project(tmp_path):
    made = Newcomer(tmp_path)
    made.install_python()
    return made


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stop_at(project, step, end):
    """Run the set-up until a step is in its middle, and end it there."""
    running = project.start("-V", STOP_AT=step)
    wait_for(lambda: project.reached(step))
    end(running)
    running.communicate(timeout=PATIENCE_SECONDS)
    return running.returncode


def press_ctrl_c(running):
    os.killpg(running.pid, signal.SIGINT)


ENDS = {
    "Ctrl-C": (press_ctrl_c, 130),
    "SIGTERM": (lambda running: running.terminate(), 143),
    "SIGKILL": (lambda running: running.kill(), -9),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("step", ["venv", "pip", "npm"])
def test_what_is_ended_heals(project, step, name):
    end, code = ENDS[name]
    assert stop_at(project, step, end) == code
    wait_for(lambda: not any(map(is_alive, project.reached(step))))
    again = project.run("-m", "something")
    assert again.returncode == 0, again.stderr
    assert again.stdout == "ran -m something\n"
    for folder in (".venv", ".local/emulator-venv"):
        assert (project.folder / folder / "made-by").exists()
        assert not (project.folder / folder / "half").exists()
    assert (project.folder / "node_modules/whole").exists()
    assert project.run("-m", "something").stderr == ""


@pytest.mark.parametrize("step", ["pip", "npm"])
def test_an_update_that_is_ended_heals(project, step):
    assert project.run("-V").returncode == 0
    for name in ("requirements.lock", "package-lock.json"):
        with (project.folder / name).open("a") as lock:
            lock.write("\n")
    before = project.reached(step)
    running = project.start("-V", STOP_AT=step)
    wait_for(lambda: len(project.reached(step)) > len(before))
    running.kill()
    running.communicate()
    again = project.run("-V")
    assert again.returncode == 0, again.stderr
    assert not (project.folder / ".venv/half").exists()
    assert (project.folder / "node_modules/whole").exists()


def test_another_waits_and_goes_on_when_the_first_is_killed(project):
    first = project.start("-V", STOP_AT="pip")
    wait_for(lambda: project.reached("pip"))
    second = project.start("-V")
    assert second.stderr
    assert "waiting for the set-up" in second.stderr.readline()
    first.kill()  # and nobody waits for it: a zombie holds nothing
    out, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 0
    assert out == "ran -V\n"
    first.communicate()


@pytest.mark.parametrize("holder", ["", "0", "not a number", "{this process}"])
def test_a_lock_of_nobody_is_taken_over(project, holder):
    """A process id may be somebody else's by now."""
    (project.folder / ".local").mkdir()
    text = holder.replace("{this process}", f"{os.getpid()} another boot 1")
    (project.folder / ".local/setup.lock").write_text(text)
    assert project.run("-V").returncode == 0
    assert [path.name for path in (project.folder / ".local").iterdir()] == ["emulator-venv"]


def test_a_real_environment_that_was_cut_short_is_made_anew(tmp_path):
    """Ctrl-C while `venv` works: its Python runs already, and pip is not there yet."""
    project = Newcomer(tmp_path)
    for lock in ("requirements.lock", "lib/tools/uv.txt"):
        (project.folder / lock).write_text("")
    project.install_python()
    assert project.run("-V").returncode == 0  # of the parts, one is enough
    shutil.rmtree(project.folder / ".venv")
    (project.folder / "bin/python3").unlink()
    (project.folder / "bin/python3").symlink_to(sys.executable)
    python = project.folder / ".venv/bin/python"
    running = project.start("-c", "print('well')")
    wait_for(python.exists)
    press_ctrl_c(running)
    running.communicate()
    pip = [str(python), "-m", "pip", "--version"]
    assert subprocess.run(pip, capture_output=True).returncode != 0
    again = project.run("-c", "print('well')")
    assert again.stdout == "well\n", again.stderr
    subprocess.run(pip, capture_output=True, check=True)
