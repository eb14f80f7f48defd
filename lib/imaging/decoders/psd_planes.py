"""Unpack the planes of a Photoshop document's flattened picture, some rows at a time."""

from __future__ import annotations

import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

from PIL import Image

from lib.imaging.completeness import refuse_few
from lib.imaging.decoders.libtiff import (
    Packing,
    RowCount,
    swap,
    undo_differences,
    undo_floating,
    unpack_rows,
)
from lib.imaging.decoders.psd_document import Document, unsupported
from lib.imaging.decoders.samples import Rows

RAW, RUN_LENGTHS, ZIP, ZIP_PREDICTED = range(4)
PACKBITS = 32_773
MOST_UNPACKED = {RAW: 1, RUN_LENGTHS: 64, ZIP: 1032, ZIP_PREDICTED: 1032}
"""Packing → bytes that one byte becomes at most."""

ENOUGH = 2_000_000
"""Bytes of a plane to have at once."""

CHUNK = 65_536
"""Bytes of a zlib stream that are inflated at once."""

FINE = 100
"""Of how many parts a damaged plane is looked through."""


class Planes:
    """The planes of one document, one behind the other, all packed alike."""

    def __init__(self, document: Document) -> None:
        """Raises PermanentError(UNSUPPORTED_MEDIA) for a packing that is not known."""
        self._document = document
        (self._packing,) = struct.unpack_from(">H", document.data, document.at)
        if self._packing > ZIP_PREDICTED:
            raise unsupported(f"with compression {self._packing}")
        if self._packing == ZIP_PREDICTED and document.depth == 1:
            raise unsupported("of single bits with a predictor")
        self._start = document.at + 2
        self._row_bytes = document.samples.row_bytes(document.width)

    def refuse_short(self, channels: int) -> None:
        """Raise PermanentError(CORRUPT_MEDIA) where so many planes cannot be a tenth there."""
        document = self._document
        there = max(0, len(document.data) - self._start) * MOST_UNPACKED[self._packing]
        refuse_few(there, channels * document.height * self._row_bytes, "bytes")

    def bands(self) -> Iterator[range]:
        """Yield the rows to read at once."""
        step = max(1, ENOUGH // self._row_bytes)
        for top in range(0, self._document.height, step):
            yield range(top, min(top + step, self._document.height))

    def read(self, channel: int) -> Iterator[tuple[bytes, list[bool]]]:
        """Yield each band of a plane, for `samples`, and which of its rows are there."""
        if self._packing in (ZIP, ZIP_PREDICTED):
            unpacked = self._inflate(channel)
        elif self._packing == RUN_LENGTHS:
            unpacked = self._unpack_runs(channel)
        else:
            unpacked = self._cut(channel)
        for rows, (content, there) in zip(self.bands(), unpacked, strict=True):
            yield content.ljust(self._row_bytes * len(rows), b"\0"), there

    def _cut(self, channel: int) -> Iterator[tuple[bytes, list[bool]]]:
        at = self._start + channel * self._document.height * self._row_bytes
        for rows in self.bands():
            start = at + rows.start * self._row_bytes
            yield self._counted(
                self._document.data[start : start + len(rows) * self._row_bytes], rows
            )

    def _counted(self, content: bytes, rows: range) -> tuple[bytes, list[bool]]:
        whole = len(content) // self._row_bytes
        return content, [row < whole for row in range(len(rows))]

    def _unpack_runs(self, channel: int) -> Iterator[tuple[bytes, list[bool]]]:
        """Unpack PackBits; a table tells how long each row is, of all planes."""
        height = self._document.height
        size = 2 * self._document.channels * height
        lengths = array("H", self._document.data[self._start : self._start + size])
        lengths.byteswap()
        at = self._start + size + sum(lengths[: channel * height])
        for rows in self.bands():
            of_band = lengths[channel * height + rows.start : channel * height + rows.stop]
            places = list(accumulate(of_band, initial=at))
            at = places[-1]
            image = Image.new("L", (self._row_bytes, len(rows)))
            there = [False] * len(rows)
            fitting = bisect_right(places, len(self._document.data)) - 1
            for part, content in self._unpack_part(places, range(max(0, fitting))):
                image.paste(content, (0, part.start))
                there[part.start : part.stop] = [True] * len(part)
            yield image.tobytes(), there

    def _unpack_part(self, places: list[int], rows: range) -> Iterator[tuple[range, Image.Image]]:
        """Unpack some rows; where that fails, halves of them."""
        if not rows:
            return
        packed = self._document.data[places[rows.start] : places[rows.stop]]
        count = RowCount(len(rows), len(rows))
        try:
            yield rows, unpack_rows(Packing(PACKBITS), [packed], 8 * self._row_bytes, count)
        except (OSError, ValueError):
            if len(rows) > self._document.height // FINE + 1:
                middle = (rows.start + rows.stop) // 2
                yield from self._unpack_part(places, range(rows.start, middle))
                yield from self._unpack_part(places, range(middle, rows.stop))

    def _inflate(self, channel: int) -> Iterator[tuple[bytes, list[bool]]]:
        """Inflate all planes up to one, in parts, and keep the parts of that."""
        stream = _Stream(self._document.data, self._start)
        skipped = channel * self._document.height * self._row_bytes
        while skipped > 0:
            skipped -= len(stream.read(min(skipped, ENOUGH))) or skipped
        for rows in self.bands():
            yield self._counted(stream.read(len(rows) * self._row_bytes), rows)

    def samples(self, content: bytes, channel: int) -> Rows:
        """Return a band as samples, its prediction undone."""
        document, row_bytes = self._document, self._row_bytes
        samples, size = document.samples, document.depth // 8
        samples = replace(samples, linear=int(document.is_linear and channel < document.colors))
        if self._packing == ZIP_PREDICTED and document.depth == 32:
            content = undo_floating(content, row_bytes, 1, size)
        elif self._packing == ZIP_PREDICTED:
            content = swap(content, size) if size > 1 else content
            content = undo_differences(content, row_bytes, 1, size)
            samples = replace(samples, order="<")
        return Rows(content, document.width, samples)


class _Stream:
    """What a zlib stream becomes, as far as it is right."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at, self._left = data, at, b""
        self._inflater = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        parts = []
        while size > 0 and not self._inflater.eof:
            packed = self._left or self._data[self._at : self._at + CHUNK]
            self._at += 0 if self._left else CHUNK
            try:
                part = self._inflater.decompress(packed, size)
            except zlib.error:
                break
            self._left = self._inflater.unconsumed_tail
            if not part and not packed:
                break
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
