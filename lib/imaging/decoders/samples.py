"""Bring the samples of rows of pixels to planes of 8 bits, whatever their bits are.

Bits lie from the highest to the lowest, and rows begin at whole bytes (TIFF 6.0; Photoshop's
planes lie alike). All is done by slices, tables and Pillow's operations: pixels are too many for
loops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

from PIL import Image, ImageChops

WHITE, WHITE_16 = 255, 65_535
LEFT = [bytes(value << shift & WHITE for value in range(256)) for shift in range(9)]
RIGHT = [bytes(value >> shift for value in range(256)) for shift in range(9)]
"""Shift → what it makes of a byte, as a table."""

EXPONENT_BITS = {16: 5, 24: 7, 32: 8}
"""Of a number with a point: IEEE 754, and Adobe's 24 bits. The sign is before, the rest behind."""


@dataclass(frozen=True, slots=True)
class Samples:
    """How the samples of a pixel lie in a row: `bits` of each, `order` "<" or ">" of their bytes.

    `is_float`: 0 is black and 1 is white; whole numbers are white where all bits are set. So many
    of the first as `linear` says become the square root of what they are, if they are deep.
    """

    bits: tuple[int, ...]
    order: str = ">"
    is_float: bool = False
    linear: int = 0

    def row_bytes(self, width: int) -> int:
        """Return the bytes of a row of so many pixels."""
        return (width * sum(self.bits) + 7) // 8


@dataclass(frozen=True, slots=True)
class Rows:
    """Whole rows of pixels: `width` in px, `data` of `samples.row_bytes(width)` a row."""

    data: bytes
    width: int
    samples: Samples

    @property
    def height(self) -> int:
        """Return how many there are."""
        return len(self.data) // self.samples.row_bytes(self.width)


def split(rows: Rows) -> list[Image.Image]:
    """Return a plane (mode L) of each sample, rounded; of numbers with a point 0–1 is kept."""
    reader = _Reader(rows)
    if rows.samples.is_float:
        return [reader.floats(index) for index in range(len(rows.samples.bits))]
    return [reader.numbers(index) for index in range(len(rows.samples.bits))]


def high_bytes(rows: Rows, index: int) -> Image.Image:
    """Return the plane of one sample, of which only the highest 8 bits are kept."""
    reader = _Reader(rows)
    return reader.plane(reader.high(index))


def look_up(rows: Rows, tables: Sequence[Sequence[int]]) -> list[Image.Image]:
    """Return a plane for each table: what it has for the first sample, of 16 bits at most."""
    reader, bits = _Reader(rows), rows.samples.bits[0]
    if bits <= 8:
        index = reader.high(0)
        return [reader.plane(index.translate(_stretched(table, bits))) for table in tables]
    wide = reader.plane16(reader.high(0), reader.low(0)).convert("I")
    step = 1 << 16 - bits
    return [wide.point([table[i // step] for i in range(65_536)], "L") for table in tables]


def _stretched(table: Sequence[int], bits: int) -> bytes:
    """Return a table for all bytes from one for their highest bits."""
    return bytes(table[value >> 8 - bits] for value in range(256))


class _Reader:
    """Finds the bytes of samples. After `period` pixels, of `unit` bytes, they begin alike."""

    def __init__(self, rows: Rows) -> None:
        self._samples, self._size = rows.samples, (rows.width, rows.height)
        self._stride = sum(rows.samples.bits)
        self._period = 8 // gcd(self._stride, 8)
        self._unit = self._period * self._stride // 8
        self._data = self._padded(rows)
        self._whole = all(bits % 8 == 0 for bits in rows.samples.bits)

    def _padded(self, rows: Rows) -> bytes:
        """Return the rows, each filled up to whole units."""
        length = rows.samples.row_bytes(rows.width)
        units = -(-length // self._unit) * self._unit
        if units == length:
            return rows.data
        wide = Image.new("L", (units, rows.height))
        wide.paste(Image.frombytes("L", (length, rows.height), rows.data))
        return wide.tobytes()

    def numbers(self, index: int) -> Image.Image:
        """Return a sample without a point, in 8 bits."""
        bits, high = self._samples.bits[index], self.high(index)
        if bits <= 8:
            white = (1 << bits) - 1
            grey = [round(value * WHITE / white) for value in range(white + 1)]
            return self.plane(high if bits == 8 else high.translate(_stretched(grey, bits)))
        low = self.low(index)
        if bits < 16:  # the highest bits again, as white has them all
            low = _either(low, high.translate(RIGHT[bits - 8]))
        if index < self._samples.linear:
            return self.plane16(high, low).convert("I").point(_root_table(), "L")
        return _round(self.plane(high), self.plane(low))

    def floats(self, index: int) -> Image.Image:
        """Return a sample with a point, in 8 bits; what is no number is black."""
        bits = self._samples.bits[index]
        if bits in (16, 24):
            wide = self.plane16(self._byte(index, 0), self._byte(index, 1)).convert("I")
            return wide.point(_float_table(bits, index < self._samples.linear), "L")
        size = bits // 8
        data = bytearray(size * len(self._byte(index, 0)))
        for place in range(size):
            data[size - 1 - place :: size] = self._byte(index, place)
        exact = Image.frombytes("F", self._size, bytes(data), "raw", f"F;{bits}F")
        if index < self._samples.linear:
            whole = exact.point(lambda value: value * WHITE_16 + 0.5).convert("I")
            return whole.point(_root_table(), "L")
        return exact.point(lambda value: value * WHITE + 0.5).convert("L")

    def high(self, index: int) -> bytes:
        """Return the highest 8 bits of a sample; below those that it has are others."""
        return self._byte(index, 0) if self._whole else self._window(index, 0)

    def low(self, index: int) -> bytes:
        """Return the next 8 bits of a sample of more than 8, zeros where it has fewer."""
        if self._whole:
            return self._byte(index, 1)
        rest = min(self._samples.bits[index] - 8, 8)
        mask = bytes(value >> 8 - rest << 8 - rest for value in range(256))
        return self._window(index, 8).translate(mask)

    def _byte(self, index: int, place: int) -> bytes:
        """Return one byte of a sample of whole bytes, from the highest (0) down."""
        bits = self._samples.bits
        size = bits[index] // 8
        place = size - 1 - place if self._samples.order == "<" else place
        return self._data[sum(bits[:index]) // 8 + place :: self._unit]

    def _window(self, index: int, skipped: int) -> bytes:
        """Return 8 bits of a sample, of each pixel in turn."""
        start = sum(self._samples.bits[:index]) + skipped
        parts = [self._bits(start + self._stride * pixel) for pixel in range(self._period)]
        if self._period == 1:
            return parts[0]
        window = bytearray(self._period * len(parts[0]))
        for pixel, part in enumerate(parts):
            window[pixel :: self._period] = part
        return bytes(window)

    def _bits(self, start: int) -> bytes:
        """Return the 8 bits of each unit from one bit on, zeros behind its end."""
        byte, shift = divmod(start, 8)
        part = self._data[byte :: self._unit]
        if not shift:
            return part
        part = part.translate(LEFT[shift])
        if byte + 1 == self._unit:
            return part
        return _either(part, self._data[byte + 1 :: self._unit].translate(RIGHT[8 - shift]))

    def plane(self, values: bytes) -> Image.Image:
        """Return one value for each pixel as an image."""
        return self._cut(Image.frombuffer("L", self._wide(len(values)), values, "raw", "L", 0, 1))

    def plane16(self, high: bytes, low: bytes) -> Image.Image:
        """Return two bytes for each pixel as an image of 16 bits."""
        values = bytearray(2 * len(high))
        values[::2], values[1::2] = low, high
        return self._cut(Image.frombytes("I;16", self._wide(len(high)), bytes(values)))

    def _wide(self, length: int) -> tuple[int, int]:
        return length // self._size[1], self._size[1]

    def _cut(self, image: Image.Image) -> Image.Image:
        return image if image.size == self._size else image.crop((0, 0, *self._size))


def _either(one: bytes, other: bytes) -> bytes:
    """Return the bits that are set in one or the other."""
    merged = int.from_bytes(one, "little") | int.from_bytes(other, "little")
    return merged.to_bytes(len(one), "little")


def _round(high: Image.Image, low: Image.Image) -> Image.Image:
    """Return 16 bits in 8: a 257th, which is the high byte and ± 1 where they are far apart."""
    more = ImageChops.subtract(low, high).point(_is_far)
    less = ImageChops.subtract(high, low).point(_is_far)
    return ImageChops.subtract(ImageChops.add(high, more), less)


_is_far = [int(value > 257 / 2) for value in range(256)]


@lru_cache
def _root_table() -> list[int]:
    """Return the square root of each number of 16 bits in 8, where white is 1."""
    return [round(WHITE * math.sqrt(value / WHITE_16)) for value in range(WHITE_16 + 1)]


@lru_cache
def _float_table(bits: int, is_linear: bool) -> list[int]:
    """Return what each of the highest 16 bits of a number with a point is in 8 bits."""
    exponent_bits = EXPONENT_BITS[bits]
    fraction = 1 << 15 - exponent_bits
    bias = (1 << exponent_bits - 1) - 1
    positive = []
    for top in range(1 << 15):
        exponent, rest = divmod(top, fraction)
        value = (1 + rest / fraction) * 2.0 ** (exponent - bias) if exponent else 0.0
        value = math.sqrt(value) if is_linear else value
        positive.append(min(WHITE, round(value * WHITE)))
    return positive + [0] * len(positive)
