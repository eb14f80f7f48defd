"""Read the directories of a TIFF, or of Exif, which is made like one.

TIFF 6.0, BigTIFF; Exif 3.0 (CIPA DC-008).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lib.domain.errors import PermanentError
from lib.imaging.bounds.parts import check_count, check_most

WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
WIDTHS |= {16: 8, 17: 8, 18: 8}  # BigTIFF's
"""Type → bytes of one value."""

LETTERS = {1: "B", 3: "H", 4: "L", 13: "L", 16: "Q", 18: "Q"}
"""Of the types of which there are whole numbers without a sign."""

AS_THEY_ARE = frozenset((1, 2, 7))
"""Bytes and text stay one object; of each other value a decoder makes one of its own."""

COLOR_MAP, MOST_COLORS = 320, 3 << 16
"""A palette of 16 bits is larger than what any other tag may have, and no larger."""

MOST_ENTRIES = 65_535
"""There are no more tags, and BigTIFF can say more."""

SHORT = 3

EXIF_PREFIX = b"Exif\0\0"
EXIF_POINTERS = (0x8769, 0x8825)
"""To the directories of the photo's details and of its place."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tag's values: their type, how many, and where they begin."""

    type: int
    count: int
    at: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The entries of one directory by their tags, the first of each."""

    data: bytes
    order: str
    is_big: bool
    entries: dict[int, Entry]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the values of a tag as far as the bytes go; none for what are no numbers."""
        entry = self.entries.get(tag)
        letter = LETTERS.get(entry.type) if entry else None
        if not entry or not letter:
            return ()
        available = max(0, len(self.data) - entry.at) // WIDTHS[entry.type]
        count = min(entry.count, available)
        if not count:  # of what begins behind the end, too
            return ()
        return struct.unpack_from(f"{self.order}{count}{letter}", self.data, entry.at)

    def raw(self, tag: int) -> bytes:
        """Return the bytes of a tag's values as far as they go; none where there is no such tag."""
        entry = self.entries.get(tag)
        if not entry:
            return b""
        return self.data[entry.at : entry.at + entry.count * WIDTHS[entry.type]]

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag, or the default for none.

        Raises ValueError for one that cannot be read: another reader may have another idea of it.
        """
        if tag in self.entries and not self.numbers(tag):
            raise ValueError(f"tag {tag} without a number")
        return next(iter(self.numbers(tag)), default)


def read_first(data: bytes) -> Directory:
    """Read the first directory. Raises PermanentError(LIMIT_EXCEEDED) for too many values."""
    is_big = 43 in data[2:4]
    (at,) = struct.unpack_from(_order(data) + ("Q" if is_big else "L"), data, 8 if is_big else 4)
    return read_directory(data, at, is_big)


def read_directory(data: bytes, at: int, is_big: bool = False) -> Directory:
    """Read the directory at a place. Raises PermanentError(LIMIT_EXCEEDED) for too many values."""
    order = _order(data)
    head = struct.Struct(order + ("HHQ" if is_big else "HHL"))
    offset = struct.Struct(order + ("Q" if is_big else "L"))
    (count,) = struct.unpack_from(order + ("Q" if is_big else "H"), data, at)
    check_most(count, MOST_ENTRIES, "entries of one directory")
    at += 8 if is_big else 2
    entries: dict[int, Entry] = {}
    values = 0
    for _ in range(count):
        if at + head.size + offset.size > len(data):
            break
        tag, kind, number = head.unpack_from(data, at)
        place = at + head.size
        at = place + offset.size
        width = WIDTHS.get(kind)
        if width is None or tag in entries:
            continue
        if number * width > offset.size:
            (place,) = offset.unpack_from(data, place)
        if kind not in AS_THEY_ARE and not (tag == COLOR_MAP and number <= MOST_COLORS):
            values += min(number, max(0, len(data) - place) // width)
            check_count(values, len(data), "values of tags")
        entries[tag] = Entry(kind, number, place)
    return Directory(data, order, is_big, entries)


def _order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"


def check_exif(exif: bytes) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for more values than so many bytes may have.

    What is damaged passes: nothing of it is worth the picture.
    """
    try:
        check_pointers(read_first(exif.removeprefix(EXIF_PREFIX)))
    except (struct.error, ValueError, OverflowError):
        return


def read_short(exif: bytes, tag: int) -> int | None:
    """Return a tag of the first directory of Exif that is one short number, and nothing else."""
    try:
        first = read_first(exif.removeprefix(EXIF_PREFIX))
    except (struct.error, ValueError, OverflowError, PermanentError):
        return None
    entry = first.entries.get(tag)
    if entry is None or (entry.type, entry.count) != (SHORT, 1):
        return None
    return next(iter(first.numbers(tag)), None)


def check_pointers(first: Directory) -> None:
    """Check the directories that the first one of a TIFF or of Exif points to."""
    for pointer in EXIF_POINTERS:
        for at in first.numbers(pointer)[:1]:
            try:
                read_directory(first.data, at, first.is_big)
            except (struct.error, OverflowError):
                continue
