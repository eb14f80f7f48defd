"""Find the frames of a GIF (GIF89a): what is said of each, and where its codes lie."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lib.imaging.bounds.chunks import (
    GIF_END,
    GIF_EXTENSION,
    GIF_FLAGS,
    GIF_HEAD_BYTES,
    GIF_IMAGE,
    gif_palette_bytes,
)
from lib.imaging.decoders.frames import Box, Disposal
from lib.imaging.variants import Size

COUNTERS = (b"\x0bNETSCAPE2.0\x03\x01", b"\x0bANIMEXTS1.0\x03\x01")
"""Blocks that count repeats."""

FOR_EVER = 0
ONCE = 1
"""Without a count a GIF is played once; N repeats are N + 1 plays, as in browsers."""

DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}
"""Others keep. Early encoders wrote 4 where they meant 3."""

INTERLACED = 0x40
DESCRIPTOR_BYTES = 10
PALETTE_BYTES = 768
MOST_BITS = 8
"""Codes of more bits would be of colours that no palette has."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One frame as it lies in the file; `is_ended` where its last block was found."""

    box: Box
    delay: int
    """In hundredths of a second."""
    disposal: Disposal
    transparent: int | None
    flags: int
    palette: bytes
    codes: memoryview
    """With the smallest code's size before them, in sub-blocks."""
    is_ended: bool

    @property
    def size(self) -> Size:
        """Width and height in px."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    @property
    def is_readable(self) -> bool:
        """Whether a decoder can begin with it."""
        return len(self.codes) > 1 and self.codes[0] <= MOST_BITS and 0 not in self.size


def coded_frames(data: bytes, plays: list[int]) -> Iterator[Coded]:
    """Yield the frames, as far as the bytes go; `plays[0]` becomes how often they are shown."""
    own = gif_palette_bytes(data[GIF_FLAGS])
    at, end, view = GIF_HEAD_BYTES + own, len(data), memoryview(data)
    palette = data[GIF_HEAD_BYTES:at]
    flags = delay = transparent = 0
    has_begun = False
    while at < end and data[at] != GIF_END:
        if data[at] == GIF_EXTENSION:
            if data.startswith(b"\xf9\x04", at + 1) and at + 7 < end:
                flags, delay, transparent = struct.unpack_from("<BHB", data, at + 3)
            elif data.startswith(COUNTERS, at + 2) and at + 18 <= end:
                (repeats,) = struct.unpack_from("<H", data, at + 16)
                plays[0] = repeats + 1 if repeats else FOR_EVER
            at, _ = _after_blocks(data, at + 2)
        elif data[at] == GIF_IMAGE:
            if at + DESCRIPTOR_BYTES > end:
                return
            left, top, width, height, shape = struct.unpack_from("<4HB", data, at + 1)
            begin = at + DESCRIPTOR_BYTES + gif_palette_bytes(shape)
            at, is_ended = _after_blocks(data, begin + 1)
            yield Coded(
                (left, top, left + width, top + height),
                delay,
                DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP),
                transparent if flags & 1 else None,
                shape,
                data[begin - gif_palette_bytes(shape) : begin] or palette,
                view[begin:at] if is_ended else _put_end_right(view[begin:at]),
                is_ended,
            )
            flags = delay = transparent = 0
            has_begun = True
        elif has_begun:  # what is no block ends it, in browsers too
            return
        else:
            at += 1


def _after_blocks(data: bytes, at: int) -> tuple[int, bool]:
    """Return where a chain of sub-blocks ends, and whether its end is there."""
    end = len(data)
    while at < end and data[at]:
        at += 1 + data[at]
    return min(at + 1, end), at < end


def _put_end_right(codes: memoryview) -> memoryview:
    """Return codes whose last sub-block is as long as it says: decoders leave one that is not."""
    at = last = 1
    while at < len(codes):
        last, at = at, at + 1 + codes[at]
    if at == len(codes) or len(codes) < 2:
        return codes
    there = bytes([len(codes) - last - 1])
    return memoryview(b"".join((codes[:last], there, codes[last + 1 :])))


def screen_size(data: bytes, first: Coded) -> Size:
    """Return the size (px) of the canvas, which the first frame may enlarge, as in browsers."""
    width, height = struct.unpack_from("<HH", data, 6)
    return max(width, first.box[2]), max(height, first.box[3])
