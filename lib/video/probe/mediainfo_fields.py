"""Read single fields of what MediaInfo says of a source. Pure; nothing is taken for granted."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

TITLE_CHARACTERS = 100
UNKNOWN_MS = 2**32 - 1000
"""From which on a duration is one below zero."""

_MOMENT = re.compile(
    r"(?:UTC )?(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?"
    r" ?(?P<offset>UTC|Z|[+-]\d\d:?\d\d)?"
)
LANGUAGE_TAG = re.compile(r"([A-Za-z]{2,3})(-[A-Za-z0-9]{2,8}){0,3}")
"""The shape of a BCP 47 tag."""


def read_language(value: Any) -> str | None:
    """Return a BCP 47 tag, None for what is none and for the codes that say nothing."""
    tag = str(value or "").split(" / ")[0].strip()
    found = LANGUAGE_TAG.fullmatch(tag)
    if not found or found[1].lower() in ("und", "mis"):
        return None
    return found[1].lower() + tag[len(found[1]) :]


def read_title(value: Any) -> str | None:
    """Return one short line without what could end it, colour it or turn it round."""
    words = "".join(c if c.isprintable() else " " for c in str(value or ""))
    return " ".join(words.split())[:TITLE_CHARACTERS].rstrip() or None


def read_number(value: Any) -> float | None:
    """Return the first number of a value, None for what is none or has no end."""
    try:
        # A track with several values says "6 / 2"; the first one is what is stored.
        number = float(str(value).split("/")[0])
    except ValueError:
        return None
    return number if isfinite(number) else None


def without_unknown(track: dict[str, Any]) -> dict[str, Any]:
    """Return a track without a duration that counts back from 2³² ms, and what follows of it."""
    if (read_number(track.get("duration")) or 0.0) < UNKNOWN_MS:
        return track
    return {name: each for name, each in track.items() if name not in ("duration", "frame_count")}


def read_above_zero(value: Any) -> float | None:
    """Return a number above 0, None for what is none."""
    number = read_number(value)
    return number if number and number > 0 else None


def read_positive(value: Any) -> int | None:
    """Return a whole number from 1, None for what is none."""
    number = read_number(value)
    return round(number) if number and number >= 0.5 else None


def read_lower(value: Any) -> str | None:
    """Return a name in lower case, as one short line."""
    return read_title(value.lower()) if isinstance(value, str) else None


def read_moment(general: dict[str, Any]) -> str | None:
    """Return the moment in ISO 8601, without an offset where the source has none.

    `general` are MediaInfo's fields of the whole file.
    """
    # What the camera wrote has the local offset; the container's own time is in UTC.
    for field in ("recorded_date", "encoded_date", "tagged_date"):
        moment = _MOMENT.fullmatch(str(general.get(field, "")))
        # Muxers without a clock write the epoch of Unix or of QuickTime.
        if moment and moment["day"] not in ("1970-01-01", "1904-01-01"):
            utc = moment["offset"] in ("UTC", "Z") or moment[0].startswith("UTC")
            offset = "+00:00" if utc else _colon(moment["offset"] or "")
            return f"{moment['day']}T{moment['time']}{offset}"
    return None


def _colon(offset: str) -> str:
    return f"{offset[:3]}:{offset[-2:]}" if offset else ""
