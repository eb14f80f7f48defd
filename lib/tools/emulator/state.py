"""What is written down of a running emulator, for this user's eyes only."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "emulator.json"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class State:
    """An emulator that was started: where it listens, as whom, and who may use it."""

    port: int
    pid: int
    access_key: str
    secret_key: str = field(repr=False)
    kept: bool = False
    """Whether it outlives who started it."""


def make_private(folder: Path) -> None:
    """Close a folder to everybody else, before anything is written there."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(PRIVATE_FOLDER)


def write(folder: Path, state: State) -> None:
    """Write it whole: a reader sees the old state or the new one."""
    written = folder / f"{FILE}.new"
    written.unlink(missing_ok=True)
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with open(descriptor, "w") as file:  # noqa: PTH123 (a descriptor has no path)
        json.dump(asdict(state), file)
    written.replace(folder / FILE)


def read(folder: Path) -> State | None:
    """Return what was written, or None where there is nothing, or nothing that is understood."""
    try:
        return State(**json.loads((folder / FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def forget(folder: Path, pid: int) -> bool:
    """Remove what was written, and tell that it was; not if it is of another process by now."""
    state = read(folder)
    if state is not None and state.pid != pid:
        return False
    (folder / FILE).unlink(missing_ok=True)
    return True
