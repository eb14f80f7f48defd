"""When the functions worked on an upload, from their logs."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

REPORT = re.compile(r"REPORT RequestId: \S+\tDuration: ([\d.]+) ms")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in epoch seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Return its length, at least 0."""
        return max(self.end - self.start, 0.0)


def read_work(events: Iterable[Mapping[str, Any]]) -> dict[str, Span]:
    """Return when each asset was worked on, by asset id, from one function's log events.

    Every invocation has a stream of its own here. It starts at the REPORT line's time less its
    duration, and the handler is done when it logs how it ended, in a line that names the asset.
    What lies between that and the REPORT line is the emulator's. Streams without both are left out.
    """
    streams: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for event in events:
        streams[event["logStreamName"]].append(event)
    found = {}
    for stream in streams.values():
        starts = [start for event in stream if (start := _read_start(event)) is not None]
        ends = [end for event in stream if (end := _read_end(event["message"])) is not None]
        if len(starts) == len(ends) == 1:
            asset_id, ended = ends[0]
            found[asset_id] = Span(starts[0], ended)
    return found


def _read_start(event: Mapping[str, Any]) -> float | None:
    report = REPORT.match(event["message"])
    return (event["timestamp"] - float(report[1])) / 1000 if report else None


def _read_end(message: str) -> tuple[str, float] | None:
    try:
        line = json.loads(message)
    except ValueError:
        return None
    if not isinstance(line, dict) or "asset_id" not in line:
        return None
    return line["asset_id"], datetime.fromisoformat(line["timestamp"]).timestamp()


def uncovered(whole: Span, parts: Iterable[Span]) -> float:
    """Return the seconds of `whole` that lie in none of `parts`, which may overlap."""
    covered = 0.0
    reached = whole.start
    for part in sorted(parts, key=lambda each: each.start):
        inside = Span(max(part.start, reached), min(part.end, whole.end))
        covered += inside.seconds
        reached = max(reached, inside.end)
    return whole.seconds - covered
