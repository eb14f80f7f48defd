"""Find the numbers in an image on which its work hangs: lengths, counts and sizes, by format."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Order = Literal["big", "little"]


@dataclass(frozen=True, slots=True)
class Number:
    """Where a number lies, its bytes, and which comes first."""

    at: int
    width: int
    order: Order = "big"


BOXES = re.compile(
    rb"(meta|pitm|iloc|iinf|infe|iprp|ipco|ipma|ispe|irot|imir|clap|iref|dimg|auxl|cdsc|thmb|grid"
    rb"|hvcC|av1C|colr|pixi|moov|trak|mdia|stbl|stsd|stsz|stsc|stco|mdhd|tkhd|elst|av01|ftyp|mdat"
    rb"|jp2h|ihdr|jp2c|pclr|cmap|cdef|idat)"
)
"""Of HEIC, AVIF and JP2: before each lies its length, behind it counts, items and sizes."""

INSIDE = 48
"""Bytes of a box in which any may be part of a number."""


def _boxes(data: bytes) -> Iterator[Number]:
    for found in BOXES.finditer(data):
        yield Number(max(0, found.start() - 4), 4)
        for at in range(found.end(), min(found.end() + INSIDE, len(data) - 4)):
            yield Number(at, (1, 2, 4)[at % 3])
    at = data.find(b"\xff\x4f\xff\x51")
    if at >= 0:
        yield from _markers(data, at + 2, b"\xff\x93")


def _markers(data: bytes, at: int, last: bytes = b"\xff\xda") -> Iterator[Number]:
    """JPEG and JPEG 2000: segments' lengths, and all numbers in the short ones."""
    while at + 4 <= len(data) and data[at] == 0xFF:
        length = int.from_bytes(data[at + 2 : at + 4])
        yield Number(at + 2, 2)
        for inner in range(at + 4, min(at + 2 + length, at + INSIDE, len(data) - 4)):
            yield Number(inner, (1, 2, 4)[inner % 3])
        if data[at : at + 2] == last:
            return
        at += 2 + length


def _jpeg(data: bytes) -> Iterator[Number]:
    return _markers(data, 2)


def _png(data: bytes) -> Iterator[Number]:
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield Number(at, 4)
        if kind in (b"IHDR", b"acTL", b"fcTL", b"gAMA", b"cHRM", b"eXIf"):
            for inner in range(at + 8, min(at + 8 + length, len(data) - 4)):
                yield Number(inner, 4 if not (inner - at) % 4 else 1)
        at += 12 + length


def _webp(data: bytes) -> Iterator[Number]:
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield Number(at + 4, 4, "little")
        for inner in range(at + 8, min(at + 8 + length, at + 32, len(data) - 4)):
            yield Number(inner, 3, "little")
        at += 8 + length + length % 2
        if kind == b"ANMF" and length > 1 << 20:
            return


def _gif(data: bytes) -> Iterator[Number]:
    for at in range(6, 13):
        yield Number(at, 1 + at % 2, "little")
    for found in re.finditer(rb"\x2c|\x21", data):
        for at in range(found.start() + 1, min(found.start() + 12, len(data) - 2)):
            yield Number(at, 1 + at % 2, "little")


def _tiff(data: bytes) -> Iterator[Number]:
    order: Order = "little" if data[:2] == b"II" else "big"
    first = int.from_bytes(data[4:8], order)
    yield Number(4, 4, order)
    if first + 2 > len(data):
        return
    count = int.from_bytes(data[first : first + 2], order)
    yield Number(first, 2, order)
    for entry in range(first + 2, min(first + 2 + 12 * count, len(data) - 12), 12):
        for offset, width in ((0, 2), (2, 2), (4, 4), (8, 4), (8, 2)):
            yield Number(entry + offset, width, order)


def _head(length: int, order: Order) -> Callable[[bytes], Iterator[Number]]:
    def numbers(data: bytes) -> Iterator[Number]:
        for at in range(2, min(length, len(data) - 4)):
            yield Number(at, (1, 2, 4)[at % 3], order)

    return numbers


FORMATS: tuple[tuple[bytes, int, Callable[[bytes], Iterator[Number]]], ...] = (
    (b"\xff\xd8\xff", 0, _jpeg),
    (b"\x89PNG", 0, _png),
    (b"WEBP", 8, _webp),
    (b"GIF8", 0, _gif),
    (b"II*\0", 0, _tiff),
    (b"MM\0*", 0, _tiff),
    (b"BM", 0, _head(60, "little")),
    (b"8BPS", 0, _head(80, "big")),
    (b"\0\0\1\0", 0, _head(60, "little")),
    (b"ftyp", 4, _boxes),
    (b"jP  ", 4, _boxes),
    (b"\xff\x4f\xff\x51", 0, lambda data: _markers(data, 2, b"\xff\x93")),
)
"""Signature, where it lies, and what finds the numbers."""


def restructured(source: bytes, chance: random.Random) -> bytes:
    """Give some numbers values that are just wrong, or far too large; repeat a part."""
    find = next((each for start, at, each in FORMATS if source.startswith(start, at)), None)
    numbers = list(find(source)) if find else []
    if not numbers:
        return source
    data = bytearray(source)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        number = chance.choice(numbers)
        there = int.from_bytes(data[number.at : number.at + number.width], number.order)
        value = chance.choice(
            (
                *(0, 1, 2, 255, 256, 4096, 16_384, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1),
                *(there + 1, there - 1, there * 2, there // 2, there * 1000, there ^ 0x80),
                *(len(data), len(data) - number.at, chance.getrandbits(16)),
            )
        )
        most = 1 << 8 * number.width
        data[number.at : number.at + number.width] = (value % most).to_bytes(
            number.width, number.order
        )
    if chance.random() < 0.2:
        start, end = sorted(chance.choice(numbers).at for _ in range(2))
        part = bytes(data[start : min(end, start + 400)])
        data[start:start] = part * chance.choice((1, 3, 30, 300, 3000))
    whole = bytes(data)
    return with_checksums(whole) if whole.startswith(b"\x89PNG") else whole


def with_checksums(png: bytes) -> bytes:
    """Mend the checksums of a PNG's chunks: else its decoder looks no further."""
    data, at = bytearray(png), 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        end = at + 8 + length
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4)
        at = end + 4
    return bytes(data)
