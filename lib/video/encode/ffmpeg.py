"""Run ffmpeg: the only module that starts it."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.process_limits import UNBOUNDED, Bounds, apply_bounds
from lib.video.encode.diagnosis import Run, diagnose
from lib.video.encode.encoded import DamageCounter

DEADLINE_MARGIN_SECONDS = 10.0
"""What a job needs, after ffmpeg is stopped, to record where it is and to give its lease back."""

POLL_SECONDS = 1.0
LOG_BYTES = 64 * 1024
"""The end of ffmpeg's log that is kept; a broken source can write one line per packet."""

STRIPPED: Mapping[str, str | int] = {
    "map_metadata": -1,
    "map_chapters": -1,
    "fflags": "+bitexact",
}
"""Options of every output: places, names and devices stay with the source; bitexact leaves out the
encoder's name and the time of the run, so that a repeat gives the same bytes."""

STRIPPED_ARGUMENTS = tuple(
    word for name, value in STRIPPED.items() for word in (f"-{name}", str(value))
)

_CHUNK_BYTES = 16 * 1024
_GLOBAL_OPTIONS = (
    *("-nostdin", "-hide_banner", "-y"),
    *("-loglevel", "level+warning", "-nostats", "-progress", "pipe:1"),
)


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """The encoder of one job: its binary, the time it has, and a folder for what it writes.

    `function_mb` is the memory of the function that this runs in, in MB; 0 outside of one.
    """

    path: str
    deadline: Deadline
    scratch: Path
    function_mb: int = 0


def ignore(_: float) -> None:
    """Take the progress of what nobody waits for."""


def run(
    ffmpeg: Ffmpeg,
    arguments: Sequence[str],
    *,
    on_progress: Callable[[int], None] = ignore,
    bounds: Bounds = UNBOUNDED,
) -> Run:
    """Run ffmpeg to its end; `on_progress` gets the ms of output written so far.

    It gets no input, no environment but a PATH (so no credentials either) and a process group of
    its own, which is killed on the deadline and on any exception, `on_progress`'s included. Its
    memory is bounded in any case, by `bounds` its time and its files too.
    Raises TransientError(DEADLINE_NEAR), PermanentError(LIMIT_EXCEEDED) where it took far more than
    it was expected to take by then, OSError where the binary can't be started.
    """
    _check(ffmpeg.deadline)
    before_s = _children_s()
    process = subprocess.Popen(  # noqa: S603
        [ffmpeg.path, *_GLOBAL_OPTIONS, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath},
        start_new_session=True,
    )
    try:
        apply_bounds(process.pid, bounds, ffmpeg.function_mb)
        counter = DamageCounter()
        log = _follow(process, ffmpeg.deadline, on_progress, counter)
        process.wait()
    except TransientError as error:
        _stop(process)
        if error.code is ErrorCode.DEADLINE_NEAR and bounds.overdue(_children_s() - before_s):
            # Another try would take as long.
            reason = "the source takes far more work than its description says"
            raise PermanentError(ErrorCode.LIMIT_EXCEEDED, reason) from error
        raise
    finally:
        _stop(process)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
    lines = log.decode("utf-8", "replace").splitlines()
    return Run(process.returncode, tuple(lines), counter.damage)


def run_checked(
    ffmpeg: Ffmpeg,
    arguments: Sequence[str],
    locator: str,
    *,
    on_progress: Callable[[int], None] = ignore,
    bounds: Bounds = UNBOUNDED,
) -> Run:
    """Run ffmpeg to its end; raise what went wrong with the source, or the folder, at `locator`.

    Raises what `run` raises and what `diagnose` finds.
    """
    finished = run(ffmpeg, arguments, on_progress=on_progress, bounds=bounds)
    if problem := diagnose(finished, locator):
        raise problem
    return finished


def rework(inputs: Sequence[str], outputs: Sequence[str], path: Path, ffmpeg: Ffmpeg) -> None:
    """Write the file `path` of the pipeline's own files.

    `inputs` and `outputs` are the arguments before and for it.
    Raises PermanentError(ENCODE_FAILED), TransientError: SERVICE_UNAVAILABLE where the process was
    asked to end, DISK_FULL, DEADLINE_NEAR.
    """
    whole = ("-flags", "+bitexact", "-abort_on", "empty_output")
    arguments = [*inputs, *outputs, *STRIPPED_ARGUMENTS, *whole, f"file:{path}"]
    run_checked(ffmpeg, arguments, str(path.parent))


def own_file(path: Path, *, start_s: float = 0) -> tuple[str, ...]:
    """Return the arguments that open one MP4 of the pipeline's own, from a time in s on."""
    seek = ("-ss", f"{start_s:.3f}") if start_s else ()
    return (*seek, "-protocol_whitelist", "file", "-f", "mov", "-i", f"file:{path}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _children_s() -> float:
    """Return the CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _follow(
    process: subprocess.Popen[bytes],
    deadline: Deadline,
    on_progress: Callable[[int], None],
    counter: DamageCounter,
) -> bytes:
    """Read both pipes to their ends, reporting progress and damage; return the end of the log."""
    unfinished = log = b""
    written_ms = 0
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            if pipe:
                selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            _check(deadline)
            for key, _ in selector.select(timeout=POLL_SECONDS):
                chunk = os.read(key.fd, _CHUNK_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    log = (log + chunk)[-LOG_BYTES:]
                    counter.add(chunk)
                else:
                    *lines, unfinished = (unfinished + chunk).split(b"\n")
                    # The track that is behind counts, so that the time may step back.
                    written_ms = max(written_ms, *map(_written_ms, lines), 0)
                    on_progress(written_ms)
    return log


def _written_ms(line: bytes) -> int:
    # Before anything is written the value is "N/A"; it is below zero while an encoder fills up.
    name, _, value = line.partition(b"=")
    return int(value) // 1000 if name == b"out_time_us" and value.isdigit() else 0


def _check(deadline: Deadline) -> None:
    if deadline() <= DEADLINE_MARGIN_SECONDS:
        raise TransientError(
            ErrorCode.DEADLINE_NEAR, "too little time is left to make the renditions"
        )
