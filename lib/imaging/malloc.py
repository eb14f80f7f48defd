"""Have all threads allocate from one heap: what one encoder has freed, the next one uses.

glibc gives each thread a heap of its own, and each keeps what its largest encode has needed. The
encoders allocate seldom, so that none waits for another.
"""

from __future__ import annotations

import ctypes

M_ARENA_MAX, M_MMAP_THRESHOLD, M_TOP_PAD, M_TRIM_THRESHOLD = -8, -3, -2, -1
"""glibc's malloc.h, mallopt(3)."""

LARGEST_IN_HEAP = 32 * 1024 * 1024
"""Bytes of a block that still lies in the heap: glibc's most, and twice one of Pillow's."""

HUGE_PAGE = 2 * 1024 * 1024
MADV_HUGEPAGE = 14
"""linux/mman.h; madvise(2)."""


def share_heap() -> None:
    """Ask the C library for one heap. Does nothing where that is not glibc."""
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    except (AttributeError, OSError, TypeError):
        return


def reserve(size: int) -> None:
    """Have the heap grow by `size` bytes of address space, to be filled with huge pages.

    A process that lives for one image meets each page of its heap for the first time: of 4 kB,
    that took 8 % of the whole job's time, of 2 MB 2 %. Nothing is filled before it is used,
    and forks inherit it. Does nothing where that is not glibc, or the kernel has no huge pages.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST_IN_HEAP)
        libc.mallopt(M_TRIM_THRESHOLD, 2 * size)  # or it would be given back at once
        libc.mallopt(M_TOP_PAD, size)
        start = libc.malloc(ctypes.c_size_t(HUGE_PAGE))
        end = libc.sbrk(ctypes.c_ssize_t(0))
        libc.mallopt(M_TOP_PAD, HUGE_PAGE)
        libc.free(ctypes.c_void_p(start))
    except (AttributeError, OSError, TypeError):
        return
    start = -(-start // HUGE_PAGE) * HUGE_PAGE
    if start < end:
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_HUGEPAGE)
