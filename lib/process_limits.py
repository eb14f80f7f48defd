"""Bound what a child process may take of the machine: memory, CPU time, files.

The kernel holds it to that, whatever a source says of itself. Where there is no `prlimit`, as on
macOS, or it is forbidden, a child has the deadline alone.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import ceil

DATA_BYTES = 2_600_000_000
"""Of heap and stacks: an honest 8K in 4:4:4 and 10 bits takes less, files made to take much more
stop there."""

SHARE = 0.82
"""Of a function's memory; the rest is the interpreter's, and its libraries'."""

OPEN_FILES = 256
WHOLE_DAY_S = 24 * 60 * 60


SLACK_S = 30.0
DOUBT = 6
"""What an encode may take beyond its estimate before it is stopped: CPU s, and a factor. A
recording whose pictures grow while it runs takes five times as much."""
LATE = 2
"""Factor beyond which it is the source's fault that an invocation is too short for it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child is expected to take: CPU seconds of all threads, and the bytes of a file.

    None for what is not bounded.
    """

    expected_s: float | None = None
    file_bytes: int | None = None

    @property
    def cpu_s(self) -> float | None:
        """Return the CPU seconds after which it is stopped."""
        return None if self.expected_s is None else SLACK_S + DOUBT * self.expected_s

    def overdue(self, spent_s: float) -> bool:
        """Tell whether a child that did not end took far more CPU seconds than expected."""
        return self.expected_s is not None and spent_s > SLACK_S + LATE * self.expected_s


UNBOUNDED = Bounds()
"""For what reads nothing but files that the pipeline has made."""


PR_SET_DUMPABLE = 4
"""prctl(2); linux/prctl.h."""

HARMLESS = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")
"""What an interpreter may need to start; none of them holds a secret."""


def child_environment(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a process that is to know no secret."""
    return {name: env[name] for name in HARMLESS if name in env}


def set_undumpable() -> None:
    """Have the kernel refuse other processes of this user the process's memory and environment.

    Both hold credentials, and a child that an upload has taken over could read them in
    `/proc/<parent>`. Call it before the first child is started. Does nothing where that is not
    Linux. A process of root may still look.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def data_bytes(function_mb: int) -> int:
    """Return the memory that a child may have: of a function's in MB; 0 where there is none."""
    return int(function_mb * 1024 * 1024 * SHARE) if function_mb else DATA_BYTES


def apply_bounds(pid: int, bounds: Bounds, function_mb: int = 0) -> None:
    """Hold a process that was just started to its bounds. One that has ended already will do."""
    if not hasattr(resource, "prlimit"):
        return
    limits = {
        resource.RLIMIT_DATA: data_bytes(function_mb),
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    if bounds.cpu_s is not None:
        limits[resource.RLIMIT_CPU] = ceil(min(bounds.cpu_s, WHOLE_DAY_S))
    if bounds.file_bytes is not None:
        limits[resource.RLIMIT_FSIZE] = bounds.file_bytes
    limits[resource.RLIMIT_CORE] = 0
    with suppress(ProcessLookupError, PermissionError):  # a sandbox may forbid it
        for kind, most in limits.items():
            _, hard = resource.prlimit(pid, kind)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            # At its soft limit of time a process gets a signal with a name, at the hard one any.
            final = allowed + 1 if kind == resource.RLIMIT_CPU and allowed != hard else allowed
            resource.prlimit(pid, kind, (allowed, final))
