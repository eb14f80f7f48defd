"""Name tracks in playlists; the words come from uploads, so none is believed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_CHARACTERS = 80

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}")
"""The shape of a BCP 47 tag."""


def language_of(stated: str | None) -> str | None:
    """Return a language tag that has the shape of one, else None."""
    return stated if stated and LANGUAGE.fullmatch(stated) else None


def labels(stated: Iterable[tuple[str | None, str | None]], otherwise: str) -> list[str]:
    """Return a name for each (title, language), no two the same, of printable characters.

    `otherwise` names a track that says nothing of itself.
    """
    names: list[str] = []
    for title, language in stated:
        name = _printable(title or "") or language_of(language) or otherwise
        number, unique = 1, name
        while unique in names:
            number += 1
            unique = f"{name} {number}"
        names.append(unique)
    return names


def _printable(text: str) -> str:
    """Turn what ends a line, hides or is no character into spaces; RFC 8216 escapes no quotes."""
    spaced = "".join(c if c.isprintable() else " " for c in text.replace('"', "'"))
    return " ".join(spaced.split())[:MOST_CHARACTERS].rstrip()
