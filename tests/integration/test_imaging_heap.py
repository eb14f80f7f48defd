"""One heap for all threads: the memory that an encoder has freed is there for the next."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import ctypes, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import lib.imaging.render
together = Barrier(4)
def allocate():
    together.wait()
    return bytearray(100_000)
with ThreadPoolExecutor(4) as pool:
    for each in [pool.submit(allocate) for _ in range(4)]:
        each.result()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has more than one")
def test_threads_share_one_heap():
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.count("<heap nr=") == 1


RESERVE = """
from lib.imaging.malloc import reserve
reserve(64 * 1024 * 1024)
held = [bytearray(1024 * 1024) for _ in range(48)]
print(open("/proc/self/smaps").read())
"""
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's heap is known")
@pytest.mark.skipif(not HUGE_PAGES.exists(), reason="this kernel has no huge pages")
def test_a_reserved_heap_asks_for_huge_pages():
    run = subprocess.run(
        [sys.executable, "-c", RESERVE],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    parts = re.findall(r"^Size: +(\d+) kB(?:.|\n)*?^VmFlags:(.*)$", run.stdout, re.MULTILINE)
    assert sum(int(size) for size, flags in parts if " hg" in flags) >= 60 * 1024
