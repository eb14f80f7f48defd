"""Where one rectangle lies in another, in words: a point of the compass, or `centre`."""

from __future__ import annotations

from lib.imaging.variants import Size


def place(position: str, outer: Size, inner: Size) -> tuple[int, int]:
    """Return the left and top px of a rectangle in another, of which it may also stick out."""
    across = _share(position, "west", "east")
    down = _share(position, "north", "south")
    return round((outer[0] - inner[0]) * across), round((outer[1] - inner[1]) * down)


def _share(position: str, start: str, end: str) -> float:
    if start in position:
        return 0.0
    return 1.0 if end in position else 0.5
