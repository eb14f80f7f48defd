"""Find out how much of a PNG's pixels is there, and mend the end of what is whole (section 10)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lib.imaging.decoders.png_chunks import Chunk, Parts

PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Of Adam7: where each begins, x and y, and its steps across and down (8.2)."""

FILTERS = 5
RAW = -zlib.MAX_WBITS
ZLIB_HEAD = b"\x78\x01"
"""A window of the largest size, which any stream may use."""

IN_BYTES, OUT_BYTES = 1 << 16, 1 << 20
"""What is inflated at a time: what comes of it is looked at and left."""

MORE_BYTES = 1 << 20
"""What may follow the rows: of a stream that goes on for longer the end is not looked for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How pixels lie in the bytes that are compressed."""

    width: int
    height: int
    bits: int
    """Of a pixel."""
    is_interlaced: bool

    def passes(self) -> list[tuple[int, int]]:
        """Return rows, and bytes of a row with its filter's, of each pass."""
        if not self.is_interlaced:
            return [(self.height, self._row_bytes(self.width))]
        sizes = [
            (-((x - self.width) // across), -((y - self.height) // down))
            for x, y, across, down in PASSES
        ]
        return [
            (high, self._row_bytes(wide)) if wide > 0 and high > 0 else (0, 1)
            for wide, high in sizes
        ]

    def _row_bytes(self, width: int) -> int:
        return 1 + (width * self.bits + 7) // 8


class Stream:
    """The compressed pixels of one picture. `rows` are those that are whole, of each pass."""

    def __init__(self, layout: Layout, stream: bytes) -> None:
        self._stream = stream
        self._passes = layout.passes()
        self.rows = [0] * len(self._passes)
        self._pass = self._filled = 0
        """Which is filled, and the bytes that its next row has already."""
        self._more = 0
        """Bytes behind the rows."""
        self._adler = zlib.adler32(b"")
        self._end: int | None = None
        """Where it ends in good order; None where it is cut, breaks, or goes on for too long."""
        for out in self._inflate():
            if not self._add(out):
                break

    @property
    def is_whole(self) -> bool:
        """Tell whether all rows are there."""
        return all(rows == high for rows, (high, _) in zip(self.rows, self._passes, strict=True))

    @property
    def is_checked(self) -> bool:
        """Tell whether its checksum is right."""
        end = self._end
        return end is not None and self._stream[end : end + 4] == self._adler.to_bytes(4, "big")

    def mend(self, parts: Parts) -> Parts:
        """Return the parts with the pixels alone, and a head and an end that are right.

        All rows have to be there.
        """
        if self._end is None:
            stream = self._compress_rows()
        else:
            stream = ZLIB_HEAD + self._stream[len(ZLIB_HEAD) : self._end]
            stream += self._adler.to_bytes(4, "big")
        return replace(parts, pixels=[Chunk(b"IDAT", memoryview(stream), True)])

    def _compress_rows(self) -> bytes:
        """Compress the rows anew: what was compressed can't be ended within a block."""
        packer = zlib.compressobj(zlib.Z_BEST_SPEED)
        left = sum(high * length for high, length in self._passes)
        packed = []
        for out in self._inflate():
            packed.append(packer.compress(out[:left]))
            left -= min(left, len(out))
            if not left:
                break
        packed.append(packer.flush())
        return b"".join(packed)

    def _inflate(self) -> Iterator[bytes]:
        """Yield what comes of the stream until it ends or breaks."""
        inflater, at = zlib.decompressobj(RAW), len(ZLIB_HEAD)
        while not inflater.eof:
            before = inflater.copy()
            piece = self._stream[at : at + IN_BYTES]
            try:
                out = inflater.decompress(piece, OUT_BYTES)
            except zlib.error:
                yield from _creep(before, piece)
                return
            if not (piece or out or inflater.eof):
                return
            # At the end both of them have what is left.
            left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            at += len(piece) - len(left)
            yield out
        self._end = at

    def _add(self, out: bytes) -> bool:
        """Count the rows in what was inflated; tell whether to go on.

        It ends at a row without a known filter, and with too much behind the rows.
        """
        self._adler = zlib.adler32(out, self._adler)
        while out and self._pass < len(self._passes):
            high, length = self._passes[self._pass]
            wanted = (high - self.rows[self._pass]) * length - self._filled
            mine, out = out[:wanted], out[wanted:]
            starts = mine[-self._filled % length :: length]
            known = len(starts.lstrip(bytes(range(FILTERS)))) == 0
            if not known:
                first = next(at for at, value in enumerate(starts) if value >= FILTERS)
                mine = mine[: -self._filled % length + first * length]
            rows, self._filled = divmod(self._filled + len(mine), length)
            self.rows[self._pass] += rows
            if not known:
                return False
            if self.rows[self._pass] == high:
                self._pass += 1
        self._more += len(out)
        return self._more <= MORE_BYTES


def _creep(inflater: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """Go byte by byte to where a stream breaks."""
    try:
        for value in piece:
            yield inflater.decompress(bytes((value,)))
    except zlib.error:
        return
