"""Read the rows of a TIFF's strips and tiles, as far as they are there, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.completeness import refuse_few
from lib.imaging.decoders.libtiff import FAX, NONE, RowCount
from lib.imaging.decoders.tiff_codecs import (
    JPEG,
    WEBP,
    check_codec,
    gives_rgb,
    has_pixels,
    is_subsampled,
    unpack,
)
from lib.imaging.decoders.tiff_layout import REVERSE, Layout

JPEG_END = b"\xff\xd9"

MEMORY_A_ROW = 5
"""Bytes for each of a row, while its samples become pixels. Rows are usually short."""

MOST_ATTEMPTS = 500
"""To unpack parts of what is damaged; what is left then counts as missing."""

ENOUGH = 4_000_000
"""Bytes of rows to have at once."""

MOST_MEMORY, MEMORY_A_PIXEL = 1_200_000_000, 4
"""Bytes: a picture of 100 MP in 8 bits may be one strip. What is larger has more of them."""

NOT_UNPACKED = (OSError, ValueError, SyntaxError, EOFError)
"""What decoders raise for less, or other, than there should be."""


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that are unpacked together, one below the other: `first` of a plane, and how many."""

    first: int
    count: int


def groups(layout: Layout) -> Iterator[Group]:
    """Yield neighbours of which few bytes come, at least one."""
    cells = layout.cells
    row_bytes = max(plane.row_bytes(cells.width) for plane in layout.planes)
    most = max(1, ENOUGH // (row_bytes * cells.height))
    line = cells.across if cells.is_tiled else cells.down
    for start in range(0, cells.across * cells.down, line):
        for first in range(start, start + line, most):
            yield Group(first, min(most, start + line - first))


class CellReader:
    """Unpacks the cells of one page."""

    def __init__(self, layout: Layout) -> None:
        """Raises PermanentError(UNSUPPORTED_MEDIA) for what nothing here unpacks."""
        self._layout, self._cells = layout, layout.cells
        self._attempts = MOST_ATTEMPTS
        check_codec(layout)
        self._refuse_large()

    def _refuse_large(self) -> None:
        """Raise PermanentError(LIMIT_EXCEEDED) for cells whose rows take too much memory.

        That of the picture, the unpacked cell of each plane, libtiff's of one, and what becomes of
        a row.
        """
        layout, cells = self._layout, self._cells
        planes = [cells.height * plane.row_bytes(cells.width) for plane in layout.planes]
        pixels = cells.width * cells.height * MEMORY_A_PIXEL if has_pixels(self._layout) else 0
        picture = layout.width * layout.height * (1 if layout.channels == 1 else MEMORY_A_PIXEL)
        row = sum(plane.row_bytes(cells.width) for plane in layout.planes)
        needed = picture + sum(planes) + pixels + MEMORY_A_ROW * row
        needed += 0 if self._is_raw() else max(planes)
        if needed > MOST_MEMORY:
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"TIFF whose strips take {needed / 1e6:,.0f} MB of memory, "
                f"the limit is {MOST_MEMORY / 1e6:,.0f} MB",
            )

    def refuse_short(self) -> None:
        """Raise PermanentError(CORRUPT_MEDIA) for too few bytes of rows that nothing packs."""
        if not self._is_raw():
            return
        layout, cells = self._layout, self._cells
        there = 0
        for plane, first in enumerate(layout.wanted):
            start = first * cells.across * cells.down
            row_bytes = layout.planes[plane].row_bytes(cells.width)
            for place, (at, length) in enumerate(
                cells.extents[start : start + cells.across * cells.down]
            ):
                room = max(0, min(length, len(layout.page.data) - at))
                there += min(room, row_bytes * self._high(place))
        row = sum(plane.row_bytes(cells.width) for plane in layout.planes)
        refuse_few(there, layout.height * cells.across * row, "bytes")

    def _is_raw(self) -> bool:
        """Tell whether the rows lie in the file as they are."""
        return self._layout.compression == NONE and not is_subsampled(self._layout)

    def read(self, group: Group, plane: int) -> tuple[Image.Image, list[int]]:
        """Return the rows of a group in one plane, and how many of each cell are there.

        The rows are bytes (mode L), or pixels where `gives_rgb`. Missing ones are zeros.
        """
        cells = self._cells
        first = self._layout.wanted[plane] * cells.across * cells.down + group.first
        places = range(first, first + group.count)
        strips = [self._strip(place, plane) for place in places]
        high = [self._high(place) for place in places]
        if all(strips):
            try:
                rows = unpack(self._layout, strips, plane, RowCount(cells.height, sum(high)))
            except NOT_UNPACKED:
                pass
            else:
                return rows, [
                    self._told(place, strip, most)
                    for place, strip, most in zip(places, strips, high, strict=True)
                ]
        return self._piecewise(strips, plane, high)

    def _high(self, place: int) -> int:
        """Return how many rows a cell has."""
        cells = self._cells
        if cells.is_tiled:
            return cells.height
        return min(cells.height, self._layout.height - place % cells.down * cells.height)

    def _strip(self, place: int, plane: int) -> bytes:
        """Return the bytes of a cell, as far as the file goes."""
        cells, layout = self._cells, self._layout
        if place >= len(cells.extents):
            return b""
        start, length = cells.extents[place]
        if self._is_raw():
            needed = layout.planes[plane].row_bytes(cells.width) * self._high(place)
            length = min(length, needed)
        strip = layout.page.data[start : start + length]
        return (
            strip.translate(REVERSE)
            if layout.is_reversed and not has_pixels(self._layout)
            else strip
        )

    def _told(self, place: int, strip: bytes, most: int) -> int:
        """Return how many rows of an unpacked cell are its own.

        JPEG and fax fill up what is missing: the rows are told from the share of bytes then.
        """
        length = self._cells.extents[place][1]
        if self._layout.compression not in (JPEG, *FAX) or len(strip) >= length:
            return most
        return most if strip.endswith(JPEG_END) else most * len(strip) // length

    def _piecewise(
        self, strips: list[bytes], plane: int, high: list[int]
    ) -> tuple[Image.Image, list[int]]:
        """Unpack what can be unpacked of each strip: the rows before what is missing."""
        layout, width = self._layout, self._cells.width
        size = (
            width if gives_rgb(self._layout) else layout.planes[plane].row_bytes(width),
            sum(high),
        )
        mode = "RGB" if gives_rgb(layout) else "L"
        found = [
            self._most_rows(strip, plane, most) for strip, most in zip(strips, high, strict=True)
        ]
        whole = Image.new(mode, size)
        for strip, rows, at in zip(strips, found, accumulate(high, initial=0), strict=False):
            if rows:
                whole.paste(unpack(self._layout, [strip], plane, RowCount(rows, rows)), (0, at))
        return whole, found

    def _most_rows(self, strip: bytes, plane: int, most: int) -> int:
        """Return how many rows can be unpacked, found by halves.

        Of many rows it is not worth the time to find the last.
        """
        fewest, near = 0, most // 128
        if self._layout.compression == WEBP:  # whole, or not at all
            fewest = most - 1
        middle = most if strip else 0
        while middle > fewest + near and self._attempts:
            self._attempts -= 1
            try:
                unpack(self._layout, [strip], plane, RowCount(middle, middle))
            except NOT_UNPACKED:
                most = middle - 1
            else:
                fewest = middle
            middle = (fewest + most + 1) // 2
        return fewest if self._layout.compression != WEBP or fewest == most else 0
