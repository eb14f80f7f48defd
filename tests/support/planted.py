"""Zygotes whose BMP and GIF decoder is an attacker's: what a decoder that was taken over would try.

A "source" is JSON: what to try, and with what. What came of it is told in the error that the
decoder raises. Some lack a part of the lockdown, as systems do.
"""

from __future__ import annotations

import ctypes
import errno
import io
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.adapters.sandbox import lockdown, zygote
from lib.adapters.sandbox.protocol import SIZES
from lib.imaging.decode import DECODERS, Decoder

GIF = b"GIF89a"
"""A source that is sniffed first begins so."""

PTRACE_ATTACH = 16
"""sys/ptrace.h."""


def read(path: str, wanted: str) -> str:
    with Path(path).open("rb") as file:
        return "found" if wanted.encode() in file.read() else "not found"


def read_memory(pid: int, address: int) -> str:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        file.seek(address)
        return file.read(64).decode("latin-1")


def write(path: str) -> str:
    Path(path).write_text("was here")
    return "written"


def connect(port: int) -> str:
    with socket.socket() as connection:
        connection.connect(("127.0.0.1", port))
    return "connected"


def run(path: str) -> str:
    pid = os.fork()
    if pid == 0:
        try:
            os.execv(path, [path])
        finally:
            os._exit(77)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 77:
        raise PermissionError
    return "ran"


def attach(pid: int) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_ATTACH, pid, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")
    return "attached"


def send_signal(pid: int) -> str:
    os.kill(pid, 0)
    return "sent"


def environment(wanted: str) -> str:
    return "found" if any(wanted in each for each in os.environ.values()) else "not found"


def descriptors(most: int) -> str:
    """Tell how many descriptors are open besides the standard streams."""
    return str(sum(map(_is_open, range(3, most))))


def bomb(megabytes: int) -> str:
    held = [bytearray(b"x" * 1_000_000) for _ in range(megabytes)]
    return str(len(held))


def spin() -> str:
    while True:
        pass


def sleep() -> str:
    time.sleep(3600)
    return "awake"


def crash(number: int) -> str:
    signal.raise_signal(number)
    return "alive"


def overflow() -> str:
    ctypes.string_at(1)  # SIGSEGV, as an overflow would
    return "alive"


def leave(code: int) -> str:
    os._exit(code)


def answer(head: dict[str, Any], size: int) -> str:
    """Answer in the child's place."""
    text = json.dumps(head).encode()
    fd = next(fd for fd in range(3, 64) if _is_open(fd))
    content = SIZES.pack(len(text), size) + text + b"x" * min(size, 1_000_000)
    while content:
        content = content[os.write(fd, content) :]
    return sleep()


def _is_open(fd: int) -> bool:
    """Tell without a system call that the wall refuses."""
    try:
        os.lseek(fd, 0, os.SEEK_CUR)
    except OSError as exc:
        return exc.errno == errno.ESPIPE  # a socket
    return True


TRICKS: dict[str, Callable[..., str]] = {
    each.__name__: each
    for each in (
        *(read, read_memory, write, connect, run, attach, send_signal, environment, descriptors),
        *(bomb, spin, sleep, crash, overflow, leave, answer),
    )
}


def open_planted(file: io.BytesIO) -> Any:
    trick, *arguments = json.loads(file.read().removeprefix(GIF))
    try:
        told = {"did": TRICKS[trick](*arguments)}
    except OSError as exc:
        told = {"refused": type(exc).__name__}
    raise ValueError(json.dumps(told)[:400])


def serve(control_fd: int, memory: int) -> None:
    DECODERS["bmp"] = DECODERS["gif"] = Decoder(open_planted, None)
    zygote.serve(control_fd, memory)


def serve_without_landlock(control_fd: int, memory: int) -> None:
    lockdown.KERNEL_RESTRICTIONS["landlock"] = lambda: 0
    serve(control_fd, memory)


def serve_without_seccomp(control_fd: int, memory: int) -> None:
    lockdown.KERNEL_RESTRICTIONS["seccomp"] = lambda: False
    serve(control_fd, memory)


def serve_with_limits_only(control_fd: int, memory: int) -> None:
    lockdown.KERNEL_RESTRICTIONS["landlock"] = lambda: 0
    serve_without_seccomp(control_fd, memory)
