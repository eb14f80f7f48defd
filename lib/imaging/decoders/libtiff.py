"""Have libtiff undo what packs rows of samples: it is handed small TIFFs of our own making.

What it reads is well-formed whatever a source says, so one call serves all compressions, any
number of samples and Photoshop's planes, which are packed alike. Of a source's tags only those
reach it that a compression cannot do without.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from PIL import Image

Entry = tuple[int, int, bytes]
"""Type, how many values, and their bytes."""

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS = 256, 257, 258, 259, 262, 273
SAMPLES, ROWS_PER_STRIP, COUNTS, PREDICTOR = 277, 278, 279, 317
SHORT, LONG = 3, 4
BLACK_IS_ZERO = 1
NONE, GROUP_2, GROUP_3, GROUP_4, DEFLATE = 1, 2, 3, 4, 8
FAX = (GROUP_2, GROUP_3, GROUP_4)
HORIZONTAL, FLOATING = 2, 3

RAW_MODES = {8: ("L", "L"), 16: ("I;16", "I;16N"), 32: ("I", "I;32N")}
"""Bits of a sample → mode and raw mode that keep all of them."""


@dataclass(frozen=True, slots=True)
class Packing:
    """What packs strips; `entries` are tags that it cannot do without, of the same byte order."""

    compression: int
    order: str = ">"
    entries: Mapping[int, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowCount:
    """Rows of a strip, of which the last may have fewer, and of all strips together."""

    a_strip: int
    all: int


def write_directory(order: str, entries: Mapping[int, Entry], start: int) -> bytes:
    """Return a directory that lies at `start` of a TIFF, with its values behind it."""
    head = struct.pack(f"{order}H", len(entries))
    values_at = start + len(head) + 12 * len(entries) + 4
    listed, values = [head], [bytes(4)]
    for tag, (kind, count, raw) in sorted(entries.items()):
        listed.append(struct.pack(f"{order}HHI", tag, kind, count))
        if len(raw) <= 4:
            listed.append(raw.ljust(4, b"\0"))
        else:
            listed.append(struct.pack(f"{order}I", values_at))
            values += raw, bytes(len(raw) % 2)
            values_at += len(raw) + len(raw) % 2
    return b"".join(listed + values)


def write_head(order: str, directory: int) -> bytes:
    """Return the first eight bytes of a TIFF."""
    return struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, directory)


def numbers(order: str, kind: int, *values: int) -> Entry:
    """Return the entry of SHORT or LONG numbers."""
    letter = "H" if kind == SHORT else "I"
    return kind, len(values), struct.pack(f"{order}{len(values)}{letter}", *values)


def unpack_rows(
    packing: Packing, strips: Sequence[bytes], row_bits: int, rows: RowCount
) -> Image.Image:
    """Return the rows of strips as an image (mode L), as wide as a row has bytes.

    Raises ValueError or OSError where they cannot be unpacked.
    """
    row_bytes = (row_bits + 7) // 8
    if packing.compression == NONE:
        whole = strips[0] if len(strips) == 1 else b"".join(strips)
        if len(whole) < row_bytes * rows.all:
            raise ValueError("rows are missing")
        return Image.frombuffer("L", (row_bytes, rows.all), whole, "raw", "L", 0, 1)
    if packing.compression in FAX:
        lines = decode(packing, strips, row_bits, rows, ("1", "1"))
        return Image.frombytes("L", (row_bytes, rows.all), lines.tobytes())
    return decode(packing, strips, row_bytes, rows, ("L", "L"))


def decode(
    packing: Packing,
    strips: Sequence[bytes],
    width: int,
    rows: RowCount,
    modes: tuple[str, str],
) -> Image.Image:
    """Decode strips that lie one below the other, as libtiff gives them.

    `width` in px, `modes` are Pillow's mode and raw mode. `packing.entries` may say more of the
    pixels than that they are bytes or bits of grey. Raises ValueError or OSError where they cannot
    be decoded.
    """
    order, (mode, raw_mode) = packing.order, modes
    content = b"".join(strips)
    places = accumulate(map(len, strips[:-1]), initial=8)
    entries = {
        WIDTH: numbers(order, LONG, width),
        LENGTH: numbers(order, LONG, rows.all),
        BITS: numbers(order, SHORT, 1 if mode == "1" else 8),
        COMPRESSION: numbers(order, SHORT, packing.compression),
        PHOTOMETRIC: numbers(order, SHORT, BLACK_IS_ZERO),
        OFFSETS: numbers(order, LONG, *places),
        SAMPLES: numbers(order, SHORT, 1),
        ROWS_PER_STRIP: numbers(order, LONG, rows.a_strip),
        COUNTS: numbers(order, LONG, *map(len, strips)),
        **packing.entries,
    }
    at = 8 + len(content)
    page = write_head(order, at) + content + write_directory(order, entries, at)
    return Image.frombytes(mode, (width, rows.all), page, "libtiff", (raw_mode, 0, 0))


def swap(samples: bytes, size: int) -> bytes:
    """Return samples of `size` bytes with their bytes in the other order."""
    swapped = bytearray(len(samples))
    for byte in range(size):
        swapped[byte::size] = samples[size - 1 - byte :: size]
    return bytes(swapped)


def undo_differences(rows: bytes, row_bytes: int, samples: int, size: int) -> bytes:
    """Undo the prediction of each sample from the one to its left, in each row alone.

    `samples` of a pixel, of `size` bytes each, little end first. Raises ValueError for sizes but 1,
    2 and 4.
    """
    if samples == 1:
        return _sums(rows, row_bytes, size)
    summed = bytearray(len(rows))
    for sample in range(samples):
        plane = bytearray(len(rows) // samples)
        for byte in range(size):
            plane[byte::size] = rows[sample * size + byte :: samples * size]
        plane = bytearray(_sums(bytes(plane), row_bytes // samples, size))
        for byte in range(size):
            summed[sample * size + byte :: samples * size] = plane[byte::size]
    return bytes(summed)


def _sums(rows: bytes, row_bytes: int, size: int) -> bytes:
    """Undo the differences of rows of single samples."""
    if 8 * size not in RAW_MODES:
        raise ValueError(f"a predictor for {8 * size} bits is not supported")
    entries = {
        BITS: numbers("<", SHORT, 8 * size),
        PREDICTOR: numbers("<", SHORT, HORIZONTAL),
    }
    stored = zlib.compress(rows, 0)
    packed = Packing(DEFLATE, "<", entries)
    height = len(rows) // row_bytes
    count = RowCount(height, height)
    return decode(packed, [stored], row_bytes // size, count, RAW_MODES[8 * size]).tobytes()


def undo_floating(rows: bytes, row_bytes: int, samples: int, size: int) -> bytes:
    """Undo the prediction of numbers with a point (Adobe Photoshop TIFF Technical Note 3).

    The bytes of a row lie by their significance, the highest of all its samples first, as
    differences. Returns the samples with the highest byte of each first.
    """
    summed = undo_differences(rows, row_bytes, samples, 1)
    image = Image.frombytes("L", (row_bytes, len(rows) // row_bytes), summed)
    ordered = bytearray(len(rows))
    part = row_bytes // size
    for byte in range(size):
        plane = image.crop((byte * part, 0, (byte + 1) * part, image.height))
        ordered[byte::size] = plane.tobytes()
    return bytes(ordered)
