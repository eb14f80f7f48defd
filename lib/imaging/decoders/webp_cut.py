"""Show what is there of a still WebP that is cut short (RFC 9649; VP8: RFC 6386).

libwebp decodes a picture to the last byte that it promises, or not at all. So the missing bytes are
put there, once as zeros and once as something else: lines that differ are not there.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from lib.imaging.pillow import open_webp, take_first_frame
from lib.imaging.riff import CHUNK_HEAD, RIFF_HEAD, is_cut, keep_until, read_chunks

LOSSY, LOSSLESS = b"VP8 ", b"VP8L"

FILLS = (0x08, 0x10, 0x40, 0x02, 0x20, 0x55, 0x24, 0x01, 0x80, 0xFE)
"""Bytes to put there instead of zeros. Not all of them mean something in every lossless picture."""

COMPARED = 2
"""So many of those that do: one may look like zeros for some lines."""

BLOCK, FILTERED = 16, 7
"""Lines of a macroblock; and of them those that a filter changes above the next one: three of
chroma, which are six, and one for its scaling."""

LEAST_SHARE = 10
"""One of so many bytes has to be there: what is put there is bounded by what was received."""

MOST_PROMISED = 100 << 20
"""No larger one is taken where it is whole, and most of what a small one lacks is held twice."""

MORE, MORE_BYTES, MOST_MORE_BYTES = 3, 1 << 16, 1 << 24
"""How much more than what is missing is put there, at least and at most."""

FREE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CutStill:
    """A picture whose bytes end early: the chunks before its pixels, and what is there of those."""

    before: bytes
    kind: bytes
    pixels: bytes
    promised: int

    def filled(self, value: int) -> bytes:
        """Return a whole file, in which the missing bytes are of one value.

        Some more are there: another value than the right ones may need them.
        """
        missing = self.promised - len(self.pixels)
        length = self.promised + min(MORE * missing, MOST_MORE_BYTES) + MORE_BYTES
        length += length % 2
        riff_length = 4 + len(self.before) + CHUNK_HEAD.size + length
        there = (
            RIFF_HEAD.pack(b"RIFF", riff_length, b"WEBP"),
            *(self.before, CHUNK_HEAD.pack(self.kind, length), self.pixels),
        )
        return b"".join(there).ljust(CHUNK_HEAD.size + riff_length, bytes((value,)))

    def count_lines(self) -> int:
        """Return how many lines do not change with what is put there."""
        zeros, compared = _checksums(self.filled(0)), 0
        first = len(zeros)
        for value in FILLS:
            try:
                other = _checksums(self.filled(value))
            except OSError:
                continue
            differing = (at for at, (a, b) in enumerate(zip(zeros, other, strict=True)) if a != b)
            first, compared = min(first, next(differing, len(zeros))), compared + 1
            if compared == COMPARED:
                break
        if not compared:
            raise ValueError("cut short")
        if self.kind == LOSSY and first < len(zeros):
            return (first + FILTERED) // BLOCK * BLOCK
        return first


def find_cut(data: bytes) -> CutStill | bytes | None:
    """Return what is there of a still picture whose pixels are cut; None for any that is whole.

    Of one that is cut behind its pixels the whole chunks are returned, as a file.
    """
    if not is_cut(data):
        return None
    end, has_pixels = RIFF_HEAD.size, False
    for kind, start, after in read_chunks(data):
        if after > len(data):
            if kind not in (LOSSY, LOSSLESS):
                break
            there, length = len(data) - start, after - start
            if length > min(LEAST_SHARE * there + FREE_BYTES, MOST_PROMISED):
                return None
            return CutStill(data[RIFF_HEAD.size : end], kind, data[start:], length)
        has_pixels = has_pixels or kind in (LOSSY, LOSSLESS)
        end = after
    return keep_until(data, end) if has_pixels else None


def _checksums(data: bytes) -> list[int]:
    image = take_first_frame(open_webp(BytesIO(data)))
    rows = (image.crop((0, at, image.width, at + 1)) for at in range(image.height))
    return [zlib.crc32(row.tobytes()) for row in rows]


def clear_below(image: Image.Image, lines: int) -> None:
    """Have an image's lines from one on be clear, or black where it has no transparency."""
    image.paste((0,) * len(image.getbands()), (0, lines, image.width, image.height))
