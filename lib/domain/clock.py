"""Time: as the pipeline counts it, and as it is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Epoch seconds."""

Deadline = Callable[[], float]
"""Seconds that are left to the invocation."""

DAY_SECONDS = 24 * 60 * 60


def to_iso(seconds: float) -> str:
    """Write epoch seconds as `2026-01-31T12:00:00.000Z`, truncated to milliseconds.

    All have one width, so that they compare as strings.
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_ms(seconds: float) -> int:
    """Return epoch seconds as milliseconds."""
    return int(seconds * 1000)


def from_iso(text: str) -> float:
    """Return the epoch seconds of what `to_iso` wrote. Raises ValueError."""
    return datetime.fromisoformat(text).timestamp()
