"""Read single fields of what MediaInfo tells of a source. Pure; nothing is taken for granted."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

TITLE_CHARACTERS = 100

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(-[A-Za-z0-9]{2,8}){0,3}")


def read_language(value: Any) -> str | None:
    """Return a BCP 47 tag, None for what is none and for the codes that say nothing."""
    tag = str(value or "").split(" / ")[0].strip()
    found = _LANGUAGE.fullmatch(tag)
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
