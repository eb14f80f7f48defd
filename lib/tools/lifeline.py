"""Run the emulator so that it ends with whoever started it, and serves nobody else.

`python -I lifeline.py` runs ministack and reads its standard input, a pipe that the parent holds.
The first line is the root's credentials, which so stand in no environment and no list of processes.
The pipe closes when the parent ends, by whatever cause, and then this process ends too, with all
its descendants: Lambda workers and the ffmpeg they started. A parent that writes `keep` lets go.

Standard library only: this runs in the emulator's own environment.
"""

from __future__ import annotations

import os
import re
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


def _serve_ranges_of_versions() -> None:
    """Mend ministack 1.5.33, which answers a ranged GET of a named version with the whole object.

    S3 serves the range, and ffmpeg seeks by it: a film whose index is at its end needs that.
    """
    from ministack.services import s3

    get_whole = s3._get_object

    def get_object(
        bucket: str, key: str, headers: dict[str, str], query: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        status, described, body = get_whole(bucket, key, headers, query)
        if status != 200 or not headers.get("range"):
            return status, described, body
        described = {
            name: value
            for name, value in described.items()
            if not name.lower().startswith("x-amz-checksum")  # of the whole object
        }
        if (found := s3._parse_range(headers["range"], len(body))) is None:
            unsatisfiable = s3._xml_body(s3._range_error_xml(bucket, key))
            return 416, {"Content-Type": "application/xml"}, unsatisfiable
        start, end = found
        part = body[start : end + 1]
        ranged = {
            "Content-Length": str(len(part)),
            "Content-Range": f"bytes {start}-{end}/{len(body)}",
        }
        return 206, described | ranged, part

    s3._get_object = get_object


def _let_wildcards_match_newlines() -> None:
    """Mend ministack 1.5.33, to which `bucket/*` is not the resource of a key that holds a newline.

    A key may hold one, and IAM's wildcards match it.
    """
    from ministack.core import iam_evaluator

    without = iam_evaluator._fnmatch_compile

    def compile_with(pattern: str, ignore_case: bool) -> re.Pattern[str]:
        compiled = without(pattern, ignore_case)
        return re.compile(compiled.pattern, compiled.flags | re.DOTALL)

    iam_evaluator._fnmatch_compile = compile_with


def _serve_signed_requests(access_key: str, secret_key: str) -> None:
    """Put the guard in front of ministack, with this start's credentials for its root."""
    # Last: nothing of this project takes the place of what the emulator imports.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from lib.tools import guard, signatures

    signatures.become_root(access_key, secret_key)
    from ministack import app

    signatures.hide_role_secrets()
    port = int(os.environ["GATEWAY_PORT"])
    app.app = guard.guard(app.app, port, signatures.Verifier(access_key))


if __name__ == "__main__":
    access_key, secret_key = sys.stdin.readline().split()
    threading.Thread(target=_watch, daemon=True).start()
    _serve_signed_requests(access_key, secret_key)
    _serve_ranges_of_versions()
    _let_wildcards_match_newlines()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")
