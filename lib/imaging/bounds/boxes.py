"""Read the boxes of a file (ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.parts import limit_parts

FULL_BOX = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def read_boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places. Raises PermanentError(LIMIT_EXCEEDED) for too many.

    What is no box ends them: some phones put something of their own behind.
    """
    return limit_parts(_boxes(data, start, min(end, len(data))), len(data), "boxes")


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        after = at + length if length else end
        if after < start:
            return
        yield Box(kind, start, min(after, end))
        at = after


def only(boxes: dict[bytes, list[Box]], kind: bytes) -> Box | None:
    """Return the box of a type that there may be once. Raises ValueError for a second one.

    Of two, one reader would take the first, another the last.
    """
    found = boxes.get(kind, [])
    if len(found) > 1:
        raise ValueError(f"{len(found)} boxes {kind.decode('latin-1')}")
    return found[0] if found else None


def read_top(data: bytes) -> dict[bytes, list[Box]]:
    """Return the boxes of a file by their types.

    Raises PermanentError(UNSUPPORTED_MEDIA) for a `mini` box, which holds an image in its own way.
    """
    found = by_kind(data, 0, len(data))
    if b"mini" in found:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA, "an image in a minimized box: not supported"
        )
    return found


def by_kind(data: bytes, start: int, end: int) -> dict[bytes, list[Box]]:
    """Return the boxes between two places by their types."""
    found: dict[bytes, list[Box]] = {}
    for box in read_boxes(data, start, end):
        found.setdefault(box.kind, []).append(box)
    return found
