"""Have all threads allocate from one heap: what one encoder has freed, the next one uses.

glibc gives each thread a heap of its own, and each keeps what its largest encode has needed. The
encoders allocate seldom, so that none waits for another.
"""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8
"""glibc's malloc.h, mallopt(3)."""


def share_heap() -> None:
    """Ask the C library for one heap. Does nothing where that is not glibc."""
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    except (AttributeError, OSError, TypeError):
        return
