"""Spell moments: ISO-8601 UTC of one width, so that they compare as strings."""

from __future__ import annotations

from datetime import UTC, datetime


def to_iso(seconds: float) -> str:
    """Spell epoch seconds as `2026-01-31T12:00:00.000Z`, truncated to milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> float:
    """Return the epoch seconds of what `to_iso` spelt. Raises ValueError."""
    return datetime.fromisoformat(text).timestamp()
