"""What is kept of the texts in a source."""

from __future__ import annotations

LENGTH = 200
"""What is kept of one text, in characters."""


def printable(value: object) -> str:
    """Return the printable characters up to the first NUL; nothing for what is not text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    return "".join(filter(str.isprintable, value.split("\0")[0])).strip()[:LENGTH].rstrip()
