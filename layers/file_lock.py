"""Hold a lock file while standard input is open: `python file_lock.py FILE`.

Prints `waiting` if another process holds it, and `taken` once it is held. A lock of the kernel ends
with its holder, however that one ends, and standard input ends with the process that wanted it.
"""

from __future__ import annotations

import fcntl
import signal
import sys
from pathlib import Path


def main(name: str) -> None:
    """Take the lock, and hold it until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that wanted it.
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        print("taken", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
