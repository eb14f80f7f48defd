"""The runner, with shell scripts in ffmpeg's place."""

import os
import select
from dataclasses import replace
from pathlib import Path

import pytest

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, TransientError
from lib.video.encode.diagnosis import Run
from lib.video.encode.ffmpeg import DEADLINE_MARGIN_SECONDS, LOG_BYTES, Ffmpeg, run

PLENTY = DEADLINE_MARGIN_SECONDS + 100


@pytest.fixture
def script(tmp_path):
    def write(body: str, deadline: Deadline = lambda: PLENTY) -> Ffmpeg:
        path = tmp_path / "binary"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return Ffmpeg(str(path), deadline, tmp_path)

    return write


@pytest.fixture
def lifeline(tmp_path):
    """A pipe that ends when every process that holds it is gone."""
    path = tmp_path / "lifeline"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def wait_for_end(reader: int) -> bytes:
    read = b""
    while select.select([reader], [], [], 20)[0]:
        chunk = os.read(reader, 100)
        if not chunk:
            return read
        read += chunk
    raise AssertionError("expected the processes to be gone within 20 s")


def test_a_run_reports_its_exit_its_progress_and_its_log(script):
    binary = script(
        "echo out_time_us=N/A; echo progress=continue\n"
        "echo out_time_us=1000500; echo progress=end\n"
        "echo '[error] broken' >&2; exit 3"
    )
    seen: list[int] = []
    done = run(binary, [], on_progress=seen.append)
    assert done == Run(3, ("[error] broken",))
    assert seen[-1] == 1000


def test_progress_never_steps_back(script):
    binary = script("echo out_time_us=2000000; echo out_time_us=N/A; echo out_time_us=1000000")
    seen: list[int] = []
    run(binary, [], on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 2000


def test_the_arguments_follow_the_ones_that_every_run_has(script):
    binary = script('printf "%s\\n" "$@" >&2')
    log = run(binary, ["-i", "a b"]).log
    assert "-nostdin" in log
    assert log[-2:] == ("-i", "a b")


def test_it_inherits_no_environment_and_no_input(script, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    binary = script("env >&2; cat >&2")
    log = run(binary, []).log
    names = {line.partition("=")[0] for line in log}
    assert "PATH" in names
    assert names <= {"PATH", "PWD", "OLDPWD", "SHLVL", "_"}


def test_only_the_end_of_a_long_log_is_kept(script):
    binary = script("yes '[error] again' | head -n 20000 >&2; echo last >&2")
    log = run(binary, []).log
    assert log[-1] == "last"
    assert sum(len(line) + 1 for line in log) <= LOG_BYTES


def test_the_deadline_kills_the_process_and_its_children(script, lifeline):
    path, reader = lifeline
    binary = script(f"exec 9>{path}; sleep 600 & echo started >&9; sleep 600")
    started = False

    def deadline() -> float:
        nonlocal started
        started = started or bool(select.select([reader], [], [], 0.05)[0])
        return 0 if started else PLENTY

    with pytest.raises(TransientError) as caught:
        run(replace(binary, deadline=deadline), [])
    assert caught.value.code is ErrorCode.DEADLINE_NEAR
    assert wait_for_end(reader) == b"started\n"


def test_any_exception_kills_the_process_and_its_children(script, lifeline):
    path, reader = lifeline
    binary = script(f"exec 9>{path}; sleep 600 & echo x >&9; echo out_time_us=1; sleep 600")

    def fail(written_ms: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(binary, [], on_progress=fail)
    assert wait_for_end(reader) == b"x\n"


def test_nothing_is_started_without_time(script, tmp_path):
    binary = script(f"touch {tmp_path}/started", lambda: DEADLINE_MARGIN_SECONDS)
    with pytest.raises(TransientError, match="DEADLINE_NEAR"):
        run(binary, [])
    assert not Path(tmp_path, "started").exists()


def test_a_missing_binary_is_an_outage(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(Ffmpeg(str(tmp_path / "none"), lambda: PLENTY, tmp_path), [])
