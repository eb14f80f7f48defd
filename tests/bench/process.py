"""Run one command as a process of its own, and take its time and its memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took from its start to its end, and what it said."""

    wall: float
    """Seconds."""

    cpu: float
    """Seconds, of all its threads."""

    peak: float
    """MB that it had in memory at most."""

    said: dict[str, float]


@contextmanager
def using(cores: Collection[int]) -> Iterator[None]:
    """Have all processes that are started meanwhile run on these processors only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measure(command: Sequence[str | Path], **environment: str) -> Cost:
    """Run a command that prints one JSON object with `peak_kb`. Raises RuntimeError if it fails.

    It tells its peak itself: what the kernel tells its parent may be the parent's own.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} failed with {process.returncode}")
    said = json.loads(output.splitlines()[-1])
    return Cost(wall, usage.ru_utime + usage.ru_stime, said["peak_kb"] / 1024, said)


def read_memory(field: str) -> int:
    """Return a field of this process's status in KB: VmRSS now, VmHWM at most."""
    found = re.search(rf"{field}:\s+(\d+)", STATUS.read_text())
    assert found
    return int(found[1])
