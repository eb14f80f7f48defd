"""Keep what a process knows from the processes that it starts."""

from __future__ import annotations

import ctypes

PR_SET_DUMPABLE = 4
"""prctl(2); linux/prctl.h."""


def hide() -> None:
    """Have the kernel refuse other processes of this user the process's memory and environment.

    Both hold credentials, and a child that an upload has taken over could read them in
    `/proc/<parent>`. Call it before the first child is started. Does nothing where that is not
    Linux. A process of root may still look.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
