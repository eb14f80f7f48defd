"""Run the emulator so that it ends with whoever started it, and serves nobody else.

`python -I server.py` runs ministack and reads its standard input, a pipe that the parent holds.
The first line is the root's credentials, which so stand in no environment and no list of processes.
The pipe closes when the parent ends, by whatever cause, and then this process ends too, with all
its descendants: Lambda workers and the ffmpeg they started. A parent that writes `keep` lets go.

Standard library only: this runs in the emulator's own environment.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
from pathlib import Path

KEEP = "keep"


def end_tree(root: int) -> None:
    """Kill a process and its descendants, whatever session or group they moved to."""
    children: dict[int, list[int]] = {}
    for pid, parent in _processes():
        children.setdefault(parent, []).append(pid)
    doomed = [root]
    for pid in doomed:
        doomed += children.get(pid, [])
    # The root last: when it is this process, nothing runs after it.
    for pid in reversed(doomed):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _processes() -> list[tuple[int, int]]:
    """Return (pid, parent's pid) of every process: from /proc, or from ps where there is none."""
    if Path("/proc/self/stat").exists():
        pairs = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                # "pid (name) state ppid …", and the name may hold spaces and brackets.
                fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            pairs.append((int(stat.parent.name), int(fields[1])))
        return pairs
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    return [(int(pid), int(parent)) for pid, parent in map(str.split, listed.stdout.splitlines())]


def _watch() -> None:
    if sys.stdin.read() != KEEP:
        end_tree(os.getpid())


def _prepare(access_key: str, secret_key: str) -> None:
    """Patch ministack, and put the filter in front, with this start's credentials for its root."""
    # Last: nothing of this project takes the place of what the emulator imports.
    sys.path.append(str(Path(__file__).resolve().parents[3]))
    from lib.tools.emulator import doors, patches, request_filter, s3_patches, sigv4

    sigv4.become_root(access_key, secret_key)
    from ministack import app  # which reads its root's key meanwhile

    sigv4.hide_role_secrets()
    port = int(os.environ["GATEWAY_PORT"])
    verifier = sigv4.Verifier(access_key)
    find_door = doors.Doors(verifier).find
    app.app = request_filter.filter_requests(app.app, port, verifier, find_door)
    s3_patches.mend()
    patches.let_wildcards_match_newlines()
    patches.read_cors_of_stacks()
    patches.verify_tokens()
    patches.unzip_once()
    patches.let_workers_finish()


if __name__ == "__main__":
    access_key, secret_key = sys.stdin.readline().split()
    threading.Thread(target=_watch, daemon=True).start()
    _prepare(access_key, secret_key)
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")
