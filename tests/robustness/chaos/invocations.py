"""Follow each invocation of a function by the emulator's notes (`emulator.py`)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from lib.domain.keys import asset_id

PREFIX = "media-pipeline-local-"
DIED = ("Worker process died", "Worker returned no response", "Worker process exited")
TIMED_OUT = "Task timed out"


@dataclass(slots=True)
class Invocation:
    """One run of a function; times in seconds of the epoch."""

    request: str
    function: str
    event: dict[str, Any]
    begin: float
    assets: frozenset[str]
    pid: int | None = None
    started: float = 0.0
    """After its worker was there."""
    end: float | None = None
    failed: bool = False
    error: str = ""
    struck: list[str] = field(default_factory=list)
    """What was done to its worker meanwhile."""

    @property
    def killed(self) -> bool:
        """Tell whether its worker ended before it did."""
        return self.error.startswith((*DIED, TIMED_OUT))

    @property
    def seconds(self) -> float:
        """Return how long the handler worked, without the start of its process."""
        return self.end - self.started if self.end and self.started else 0.0


class Invocations:
    """All that were noted so far; safe to ask from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._lock = threading.Lock()
        self._by_request: dict[str, list[Invocation]] = {}
        self._open: dict[int, Invocation] = {}
        self.all: list[Invocation] = []

    def refresh(self) -> list[Invocation]:
        """Read what was noted since, and return all."""
        with self._lock:
            if self._path.exists():
                with self._path.open("rb") as file:
                    file.seek(self._offset)
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        self._offset += len(line)
                        self._take(json.loads(line))
            return list(self.all)

    def running(self) -> list[Invocation]:
        """Return those that have a worker and have not ended."""
        self.refresh()
        with self._lock:
            return [each for each in self._open.values() if each.pid]

    def count_open(self) -> int:
        """Return how many have begun and not ended."""
        self.refresh()
        return len(self._open)

    def _take(self, note: dict[str, Any]) -> None:
        known = self._by_request.setdefault(note["request"], [])
        if note["what"] == "begin":
            event = note["event"] if isinstance(note["event"], dict) else {}
            invocation = Invocation(
                note["request"],
                note["function"].removeprefix(PREFIX),
                event,
                note["at"],
                frozenset(assets_in(event)),
                note["pid"],
                note["at"] if note["pid"] else 0.0,
            )
            known.append(invocation)
            self._open[id(invocation)] = invocation
            self.all.append(invocation)
        elif known and note["what"] == "spawned":
            known[-1].pid, known[-1].started = note["pid"], note["at"]
        elif known:
            known[-1].end = note["at"]
            self._open.pop(id(known[-1]), None)
            known[-1].failed, known[-1].error = note["failed"], note["error"]


def assets_in(event: dict[str, Any]) -> Iterator[str]:
    """Yield the asset ids that an event of any function is about."""
    if isinstance(event.get("event"), dict):  # a step of an execution
        yield from _asset_of(event["event"])
    for record in event.get("Records", ()):
        if "s3" in record:
            found = record["s3"]
            yield asset_id(found["bucket"]["name"], unquote_plus(found["object"]["key"]))
        elif "dynamodb" in record:
            yield record["dynamodb"].get("Keys", {}).get("pk", {}).get("S", "")
        elif "body" in record:
            yield from _assets_in_text(record["body"])


def _assets_in_text(text: str) -> Iterator[str]:
    try:
        said = json.loads(text)
    except ValueError:
        return
    if isinstance(said, dict):
        yield from _asset_of(said)
        yield from assets_in(said.get("requestPayload") or {})


def _asset_of(message: dict[str, Any]) -> Iterator[str]:
    if isinstance(message.get("bucket"), str) and isinstance(message.get("key"), str):
        yield asset_id(message["bucket"], message["key"])
