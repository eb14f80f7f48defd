"""Say who listens on a port of this machine, and which one is free."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of this machine now."""
    with socket.socket() as listener:
        # As servers do: a port in TIME_WAIT is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """Return a port that nobody listens on, chosen by the system."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        number: int = listener.getsockname()[1]
    return number


def next_free(port: int) -> int:
    """Return the first free port above one that is taken."""
    return next(number for number in range(port + 1, 65536) if is_free(number))


def find_listener(port: int) -> int | None:
    """Return the id of the process that listens on a port, or None: nobody, or another user's."""
    return _find_by_proc(port) if Path("/proc/net/tcp").exists() else _find_by_lsof(port)


def describe_listener(port: int) -> str:
    """Name the process that listens on a port: `"node (pid 1234)"`, as well as can be told."""
    pid = find_listener(port)
    return "another user's process" if pid is None else f"{_name(pid)} (pid {pid})"


def _find_by_proc(port: int) -> int | None:
    """Look up the listening socket's inode, then who has it open (proc(5))."""
    listening = "0A"
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *rest = line.split()
            if state == listening and int(local.rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{rest[5]}]")
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(descriptor.readlink()) in inodes:
                return int(descriptor.parts[2])
        except OSError:
            continue
    return None


def _find_by_lsof(port: int) -> int | None:
    if not shutil.which("lsof"):
        return None
    found = subprocess.run(
        ["lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"],
        capture_output=True,
        text=True,
        check=False,
    )
    return int(found.stdout.split()[0]) if found.stdout.strip() else None


def _name(pid: int) -> str:
    named = Path(f"/proc/{pid}/comm")
    if named.exists():
        return named.read_text().strip()
    shown = subprocess.run(
        ["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return Path(shown.stdout.strip()).name or "a process"
