"""Read and write the boxes that an MP4 consists of (ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

HEADER = 8
LONG_HEADER = 16
"""Bytes before the content, where its size needs 64 bits."""

MOST_BOXES = 200_000
"""That a file consists of: two for each fragment of a film that lasts days."""

MOST_CONTENT_BYTES = 16 * 1024 * 1024
"""Of one box that is read into memory; the samples are no such box."""


EMPTY = -1
"""Media time of an edit that shows nothing: the track starts later."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box lies: offsets in bytes of its header, of its content and behind it."""

    kind: bytes
    start: int
    body: int
    end: int


def read_boxes(file: IO[bytes]) -> Iterator[Box]:
    """Yield the outermost boxes of a seekable file, reading nothing but their headers.

    Raises ValueError where a box does not fit in the file, or there are more than MOST_BOXES.
    """
    size = file.seek(0, os.SEEK_END)
    at = count = 0
    while at < size:
        count += 1
        if count > MOST_BOXES:
            raise ValueError(f"expected at most {MOST_BOXES} boxes")
        file.seek(at)
        box = _parse(file.read(LONG_HEADER), at, size)
        yield box
        at = box.end


def read_content(file: IO[bytes], box: Box) -> bytes:
    """Read what is in a box. Raises ValueError above MOST_CONTENT_BYTES."""
    if box.end - box.body > MOST_CONTENT_BYTES:
        raise ValueError(f"expected at most {MOST_CONTENT_BYTES} bytes but {box} has more")
    file.seek(box.body)
    return file.read(box.end - box.body)


def children(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each box inside of another's content. Raises ValueError."""
    at = 0
    while at < len(content):
        box = _parse(content[at : at + LONG_HEADER], at, len(content))
        yield box.kind, content[box.body : box.end]
        at = box.end


def find(content: bytes, *path: bytes) -> bytes:
    """Return the content of the first box at `path`. Raises ValueError where there is none."""
    for wanted in path:
        content = next((found for kind, found in children(content) if kind == wanted), b"")
        if not content:
            raise ValueError(f"expected a box {b'/'.join(path)!r} but found no {wanted!r}")
    return content


def read_edits(elst: bytes) -> Iterator[tuple[int, int]]:
    """Yield duration by the movie's clock, and start by the media's, of each edit of a list."""
    layout = ">QqI" if elst[0] else ">IiI"
    (count,) = struct.unpack_from(">I", elst, 4)
    size = struct.calcsize(layout)
    for duration, start, _ in struct.iter_unpack(layout, elst[8 : 8 + count * size]):
        yield duration, start


def read_clock(header: bytes) -> tuple[int, int]:
    """Return ticks a second, and how many it lasts, of `mvhd` or `mdhd`. Raises ValueError."""
    layout, at = (">IQ", 20) if header[0] else (">II", 12)
    clock, lasts = struct.unpack_from(layout, header, at)
    if not clock:
        raise ValueError("expected a clock that ticks")
    return clock, lasts


def box(kind: bytes, *content: bytes) -> bytes:
    """Return one box."""
    joined = b"".join(content)
    return (HEADER + len(joined)).to_bytes(4, "big") + kind + joined


def _parse(head: bytes, start: int, limit: int) -> Box:
    size, body = int.from_bytes(head[:4], "big"), start + HEADER
    if size == 1:
        size, body = int.from_bytes(head[HEADER:LONG_HEADER], "big"), start + LONG_HEADER
    end = start + size
    if not body <= end <= limit:
        raise ValueError(f"expected a box within {limit} bytes but {head[4:8]!r} ends at {end}")
    return Box(head[4:8], start, body, end)
