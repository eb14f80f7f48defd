"""What a process gives up before it meets foreign bytes, as far as the system lets it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from math import ceil

from lib.adapters.sandbox import landlock, seccomp
from lib.process_limits import set_undumpable

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
"""prctl(2); linux/prctl.h."""

MOST_FILES = 8
"""Descriptors: standard streams, which lead nowhere, and one socket."""

NOBODY = 65_534


Report = dict[str, bool | int]
"""What holds, by name: `rlimits`, `user` (another than root, where it was root), `landlock`
(version of the interface, 0 for none), `seccomp`."""


def lock_down(keep: int, memory: int) -> Report:
    """Give up files, network, other processes and privileges, for good; report what is gone.

    The file descriptor `keep` and the standard streams stay open, and those lead to /dev/null.
    `memory`: bytes that the process may have of its own. Only one thread may run.
    """
    close_files(keep)
    user = drop_root()
    deny_new_privileges()
    set_undumpable()
    set_limits(memory)
    return {
        "rlimits": True,
        "user": user,
        **{name: part() for name, part in KERNEL_RESTRICTIONS.items()},
    }


KERNEL_RESTRICTIONS: dict[str, Callable[[], bool | int]] = {
    "landlock": landlock.restrict_self,
    "seccomp": seccomp.install_filter,
}
"""What not every system has."""


def close_files(keep: int) -> None:
    """Close all descriptors but one, and have the standard streams lead to /dev/null.

    What is printed there would be lines of the function's log.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(3, keep)
    os.closerange(keep + 1, min(highest, 65_536))


def drop_root() -> bool:
    """Become nobody, where this is root, whom `set_undumpable` does not stop.

    Returns whether this is not root now.
    """
    if os.geteuid() == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        except (AttributeError, OSError):  # macOS; root of a container without the capability
            return False
    return True


def deny_new_privileges() -> None:
    """Have no program give new privileges, and end with the process that forked this one."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def set_limits(memory: int) -> None:
    """Set what the kernel refuses or ends at: memory, files, core dumps."""
    _set(resource.RLIMIT_DATA, memory)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_NOFILE, MOST_FILES)


def limit_cpu(seconds: float) -> None:
    """Have SIGXCPU end this process after as much CPU time from now on, and SIGKILL a second later.

    A process can only shorten its own time once this was called.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = ceil(usage.ru_utime + usage.ru_stime + seconds)
    _set(resource.RLIMIT_CPU, most, most + 1)


def _set(kind: int, soft: int, hard: int | None = None) -> None:
    highest = resource.getrlimit(kind)[1]
    wanted = soft if hard is None else hard
    if highest != resource.RLIM_INFINITY:
        soft, wanted = min(soft, highest), min(wanted, highest)
    resource.setrlimit(kind, (soft, wanted))
