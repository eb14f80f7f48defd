"""Read the rows of a TIFF's strips and tiles, as far as they are there, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import accumulate

from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.decoders.libtiff import (
    BITS,
    FAX,
    FLOATING,
    HORIZONTAL,
    NONE,
    PHOTOMETRIC,
    SAMPLES,
    SHORT,
    Entry,
    Packing,
    RowCount,
    decode,
    numbers,
    swap,
    undo_differences,
    undo_floating,
    unpack_rows,
)
from lib.imaging.decoders.samples import Rows
from lib.imaging.decoders.tiff_layout import (
    BLACK_IS_ZERO,
    CMYK,
    REVERSE,
    RGB,
    SCANNED,
    SUBSAMPLING,
    YCBCR,
    Layout,
    unsupported,
)

JPEG, WEBP = 7, 50_001
COMPRESSIONS = (NONE, *FAX, 5, JPEG, 8, 32_773, 32_946, 34_925, 50_000, WEBP, *SCANNED)
"""Of TIFF 6.0; PackBits, deflate, LZMA and Zstandard among them."""

JPEG_TABLES, JPEG_END = 347, b"\xff\xd9"
NEEDED = (292, 293, JPEG_TABLES, 529, SUBSAMPLING, 531, 532)
"""Options of fax, tables of JPEG, how YCbCr lies."""

NEWEST_TYPE = 12
"""Of classic TIFF; BigTIFF has more."""

MOST_ATTEMPTS = 500
"""To unpack parts of what is damaged; what is left then counts as missing."""

ENOUGH = 4_000_000
"""Bytes of rows to have at once."""

MOST_MEMORY, MEMORY_A_PIXEL = 1_200_000_000, 4
"""Bytes: a picture of 100 MP in 8 bits may be one strip. What is larger has more of them."""

PIXEL_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
"""Samples of 8 bits → mode that has them all; RGBA is four samples as CMYK is."""

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
        self._is_pixels = layout.compression in (JPEG, WEBP, *SCANNED)
        self.is_subsampled = self._is_subsampled()
        if layout.compression not in COMPRESSIONS:
            raise unsupported(f"compression {layout.compression}")
        bits = set(layout.samples.bits)
        if (self._is_pixels or self.is_subsampled) and bits != {8}:
            raise unsupported(f"samples of {max(bits)} bits in what packs 8")
        if layout.compression in FAX and layout.samples.bits != (1,):
            raise unsupported("fax of other than single bits")
        self._refuse_large()

    def _refuse_large(self) -> None:
        """Raise PermanentError(LIMIT_EXCEEDED) for cells whose rows take too much memory.

        That of the picture, the unpacked cell of each plane, and libtiff's of one.
        """
        layout, cells = self._layout, self._cells
        if layout.compression == NONE:  # which are there already
            return
        planes = [cells.height * plane.row_bytes(cells.width) for plane in layout.planes]
        pixels = cells.width * cells.height * MEMORY_A_PIXEL if self._is_pixels else 0
        picture = layout.width * layout.height * (1 if layout.channels == 1 else MEMORY_A_PIXEL)
        needed = picture + sum(planes) + max(planes) + pixels
        if needed > MOST_MEMORY:
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"TIFF whose strips take {needed / 1e6:,.0f} MB of memory, "
                f"the limit is {MOST_MEMORY / 1e6:,.0f} MB",
            )

    def _is_subsampled(self) -> bool:
        """Tell whether rows are not those of pixels: libtiff gives RGB then."""
        layout = self._layout
        if layout.photometric != YCBCR or self._is_pixels:
            return False
        parts = layout.page.numbers(SUBSAMPLING) or (2, 2)
        if parts[:2] == (1, 1):
            return False
        if layout.is_planar or layout.predictor != 1:
            raise unsupported("subsampled colours in planes or with a predictor")
        return True

    @property
    def gives_rgb(self) -> bool:
        """Whether a group comes as RGB of 8 bits, whatever its samples are."""
        is_converted = self._layout.compression == JPEG and not self._layout.is_planar
        return self.is_subsampled or (is_converted and self._layout.photometric == YCBCR)

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
                rows = self._unpack(strips, plane, RowCount(cells.height, sum(high)))
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
        if layout.compression == NONE and not self.is_subsampled:
            needed = layout.planes[plane].row_bytes(cells.width) * self._high(place)
            length = min(length, needed)
        strip = layout.page.data[start : start + length]
        return strip.translate(REVERSE) if layout.is_reversed and not self._is_pixels else strip

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
        size = (width if self.gives_rgb else layout.planes[plane].row_bytes(width), sum(high))
        mode = "RGB" if self.gives_rgb else "L"
        found = [
            self._most_rows(strip, plane, most) for strip, most in zip(strips, high, strict=True)
        ]
        if len(strips) == 1 and found[0]:  # which may be large
            part = self._unpack(strips, plane, RowCount(found[0], found[0]))
            return part.crop((0, 0, *size)), found
        whole = Image.new(mode, size)
        for strip, rows, at in zip(strips, found, accumulate(high, initial=0), strict=False):
            if rows:
                whole.paste(self._unpack([strip], plane, RowCount(rows, rows)), (0, at))
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
                self._unpack([strip], plane, RowCount(middle, middle))
            except NOT_UNPACKED:
                most = middle - 1
            else:
                fewest = middle
            middle = (fewest + most + 1) // 2
        return fewest if self._layout.compression != WEBP or fewest == most else 0

    def _unpack(self, strips: list[bytes], plane: int, rows: RowCount) -> Image.Image:
        layout, width = self._layout, self._cells.width
        row_bits = width * sum(layout.planes[plane].bits)
        if not self._is_pixels and not self.is_subsampled:
            packing = Packing(layout.compression, layout.order, self._needed())
            return unpack_rows(packing, strips, row_bits, rows)
        if layout.compression == WEBP:
            pixels = self._decode_webp(strips, rows)
        else:
            pixels = self._decode_pixels(strips, plane, rows)
        if self.gives_rgb:
            return pixels
        return Image.frombytes("L", (row_bits // 8, rows.all), pixels.tobytes())

    def _needed(self) -> dict[int, Entry]:
        page = self._layout.page
        entries = {tag: page.entries[tag] for tag in NEEDED if tag in page.entries}
        return {
            tag: (each.type, each.count, page.raw(tag))
            for tag, each in entries.items()
            if each.type <= NEWEST_TYPE
        }

    def _pixel_mode(self, plane: int) -> str:
        count = len(self._layout.planes[plane].bits)
        if count not in PIXEL_MODES:
            raise unsupported(f"JPEG or WebP of {count} samples a pixel")
        return PIXEL_MODES[count]

    def _decode_pixels(self, strips: list[bytes], plane: int, rows: RowCount) -> Image.Image:
        """Have libtiff decode what it, or libjpeg, must know the samples of."""
        layout, order, mode = self._layout, self._layout.order, self._pixel_mode(plane)
        count = len(layout.planes[plane].bits)
        kind = YCBCR if self.gives_rgb else {1: BLACK_IS_ZERO, 3: RGB, 4: CMYK}[count]
        bits = SCANNED.get(layout.compression, 8)
        entries = self._needed() | {
            BITS: numbers(order, SHORT, *[bits] * count),
            SAMPLES: numbers(order, SHORT, count),
            PHOTOMETRIC: numbers(order, SHORT, kind),
        }
        packing = Packing(layout.compression, order, entries)
        raw_mode = "RGBX" if self.is_subsampled else mode
        if bits < 8:
            raw_mode = f"L;{bits}"
        return decode(packing, strips, self._cells.width, rows, (mode, raw_mode))

    def _decode_webp(self, strips: list[bytes], rows: RowCount) -> Image.Image:
        width, mode = self._cells.width, self._pixel_mode(0).replace("CMYK", "RGBA")
        image = Image.new(mode, (width, rows.all))
        for number, strip in enumerate(strips):
            # The size comes first: nothing is decoded that is larger than its cell.
            part = WebPImageFile(BytesIO(strip))
            if part.size[0] > width or part.size[1] > rows.a_strip:
                raise ValueError(f"WebP of {part.size} px in a cell")
            image.paste(part.convert(mode), (0, number * rows.a_strip))
        return image


def rows_of(layout: Layout, packed: Image.Image, plane: int, rows: range) -> Rows:
    """Return some of the unpacked rows as samples, their prediction undone."""
    samples, width = layout.planes[plane], layout.cells.width
    whole = rows.start == 0 and rows.stop == packed.height
    band = packed if whole else packed.crop((0, rows.start, packed.width, rows.stop))
    data = band.tobytes()
    if layout.predictor not in (HORIZONTAL, FLOATING):
        return Rows(data, width, samples)
    bits, count = samples.bits[0], len(samples.bits)
    if bits % 8 or len(set(samples.bits)) > 1:
        raise unsupported(f"a predictor for {bits} bits")
    size = bits // 8
    if layout.predictor == FLOATING:
        data, order = undo_floating(data, packed.width, count, size), ">"
    else:
        data = swap(data, size) if samples.order == ">" and size > 1 else data
        data, order = undo_differences(data, packed.width, count, size), "<"
    return Rows(data, width, replace(samples, order=order))
