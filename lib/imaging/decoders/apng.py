"""Read the frames of an animated PNG, each as a PNG of its own (third edition, 11.3.8).

Pillow lays them on each other by a mask (python-pillow/Pillow#7018), which darkens soft edges, and
what it restores is a canvas that was painted on already; no issue says so yet.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO

from PIL import Image

from lib.domain.errors import PermanentError
from lib.imaging.completeness import is_complete, read_warnings
from lib.imaging.decoders.bits import in_8_bits
from lib.imaging.decoders.frames import Box, Disposal, Frame, FrameSequence
from lib.imaging.decoders.png import CHANNELS, IHDR, decode_png, open_png
from lib.imaging.decoders.png_chunks import Chunk, Parts, read_chunks, write_png
from lib.imaging.decoders.png_stream import Layout, Stream

FRAMES_AND_PLAYS = struct.Struct(">II")
CONTROL = struct.Struct(">IIIIIHHBB")
NUMBER = struct.Struct(">I")

DISPOSALS = Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE
SOURCE, OVER = 0, 1
MOST = 2**31 - 1
"""What a number in a PNG may be (7.1)."""

HUNDREDTHS = 100
"""What a delay counts in where it does not say."""

WITH_ALPHA = (4, 6)
"""Colour types."""

MOST_WHOLE_PIXELS = 25_000_000
"""What is looked into to see whether a cut frame is all there: as large as a frame may be."""


@dataclass(frozen=True, slots=True)
class _Control:
    """What one fcTL says."""

    number: int
    box: Box
    delay_ms: float
    dispose: int
    blend: int

    @classmethod
    def read(cls, content: bytes | memoryview) -> _Control:
        number, width, height, left, top, part, whole, dispose, blend = CONTROL.unpack(content)
        box = (left, top, left + width, top + height)
        return cls(number, box, 1000 * part / (whole or HUNDREDTHS), dispose, blend)

    def fits(self, size: tuple[int, int]) -> bool:
        """Tell whether all of it can be: browsers end an animation where it cannot."""
        left, top, right, bottom = self.box
        return (
            left < right <= size[0]
            and top < bottom <= size[1]
            and self.dispose < len(DISPOSALS)
            and self.blend in (SOURCE, OVER)
        )


@dataclass(slots=True)
class _Coded:
    """One frame as it lies in the file."""

    control: _Control
    pixels: list[Chunk] = field(default_factory=list)


@dataclass(slots=True)
class _Head:
    """What stands before the pixels of an animated PNG."""

    parts: Parts = field(default_factory=Parts)
    promised: int = 0
    plays: int = 0
    first: _Control | None = None
    """Where the picture that others show is the first frame."""

    @property
    def size(self) -> tuple[int, int]:
        width, height, *_ = IHDR.unpack_from(self.parts.header)
        return width, height

    def add(self, chunk: Chunk) -> None:
        kind, content = chunk.kind, chunk.content
        if not chunk.is_right:
            return
        if kind == b"IHDR":
            self.parts.header = self.parts.header or bytes(content)
        elif kind == b"PLTE":
            self.parts.palette = bytes(content)
        elif kind == b"tRNS":
            self.parts.facts[kind] = bytes(content)
        elif kind == b"acTL" and len(content) == FRAMES_AND_PLAYS.size and not self.promised:
            promised, plays = FRAMES_AND_PLAYS.unpack(content)
            if promised <= MOST:
                self.promised, self.plays = promised, plays
        elif kind == b"fcTL" and len(content) == CONTROL.size:
            self.first = self.first or _Control.read(content)


def read_apng(data: bytes, most: int) -> FrameSequence | None:
    """Return the frames of an animated PNG, of more than `most` so many and one; None of another.

    They end where a chunk of theirs is not right, as in browsers. Where the bytes end within a
    frame, that is left out, unless all its pixels are there or it is the only one.
    """
    chunks = read_chunks(data)
    head = _Head()
    for chunk in chunks:
        if chunk.kind == b"IDAT":
            break
        head.add(chunk)
    else:
        return None
    if not head.promised or len(head.parts.header) < IHDR.size:
        return None
    if head.first and head.first.box != (0, 0, *head.size):
        return None
    reading = _Reading(head, min(head.promised, most + 1))
    coded = reading.read(chunk, chunks)
    is_cut = len(coded) > 1 and not reading.is_ended and not _is_whole(head.parts, coded[-1])
    if is_cut:
        del coded[-1]
    frames = tuple(_frame(head.parts, each) for each in coded)
    is_apart = head.first is None
    return FrameSequence(head.size, frames, head.plays, head.promised, is_cut, is_apart)


class _Reading:
    """Goes over the chunks of frames; `is_ended` where it came to the end, or to as many."""

    def __init__(self, head: _Head, most: int) -> None:
        self._head, self._most = head, most
        self._coded: list[_Coded] = []
        self._number = 0
        self.is_ended = False

    def read(self, picture: Chunk, chunks: Iterable[Chunk]) -> list[_Coded]:
        """Return the frames; `picture` is the first chunk of the one that others show."""
        if self._head.first:
            self._coded.append(_Coded(self._head.first, [picture]))
            self._number = 1
        is_picture = True
        for chunk in chunks:
            is_picture = is_picture and chunk.kind == b"IDAT"
            if is_picture:
                if self._coded:
                    self._coded[0].pixels.append(chunk)
            elif chunk.kind == b"IEND" or not self._add(chunk):
                self.is_ended = True
                break
        return [each for each in self._coded if each.pixels]

    def _add(self, chunk: Chunk) -> bool:
        """Take a chunk in; tell whether another may follow."""
        if chunk.kind == b"fcTL":
            return self._begin(chunk)
        if chunk.kind != b"fdAT":
            return chunk.kind != b"IDAT"
        if not self._coded or not self._is_next(chunk.content):
            return False
        self._coded[-1].pixels.append(Chunk(b"IDAT", chunk.content[NUMBER.size :], True))
        return True

    def _begin(self, chunk: Chunk) -> bool:
        if len(self._coded) == self._most or (self._coded and not self._coded[-1].pixels):
            return False
        if not chunk.is_right or len(chunk.content) != CONTROL.size:
            return False
        control = _Control.read(chunk.content)
        if not self._is_next(chunk.content) or not control.fits(self._head.size):
            return False
        self._coded.append(_Coded(control))
        return True

    def _is_next(self, content: memoryview) -> bool:
        """Tell whether a chunk has the number that is due, and have the next one due."""
        if len(content) < NUMBER.size or NUMBER.unpack_from(content)[0] != self._number:
            return False
        self._number += 1
        return True


def _frame(shared: Parts, coded: _Coded) -> Frame:
    control = coded.control
    return Frame(
        box=control.box,
        delay_ms=control.delay_ms,
        disposal=DISPOSALS[control.dispose],
        may_be_clear=shared.header[9] in WITH_ALPHA or b"tRNS" in shared.facts,
        over=control.blend == OVER,
        decode=partial(_decode, shared, coded),
    )


def _decode(shared: Parts, coded: _Coded) -> Image.Image | None:
    """Return the pixels of a frame in a mode that a PNG has, of a damaged one its first lines."""
    parts = Parts(_header(shared, coded), shared.palette, dict(shared.facts), pixels=coded.pixels)
    try:
        image = in_8_bits(decode_png(open_png(BytesIO(write_png(parts)))))
    except (PermanentError, SyntaxError, ValueError):
        return None
    is_interlaced = bool(shared.header[12])
    if is_complete(read_warnings(image)) or is_interlaced:
        return image
    lines = _stream(shared, coded).rows[0]
    return image.crop((0, 0, image.width, min(lines, image.height)))


def _header(shared: Parts, coded: _Coded) -> bytes:
    left, top, right, bottom = coded.control.box
    return struct.pack(">II", right - left, bottom - top) + shared.header[8:]


def _stream(shared: Parts, coded: _Coded) -> Stream:
    width, height, depth, model, *_, interlaced = IHDR.unpack_from(_header(shared, coded))
    layout = Layout(width, height, depth * CHANNELS[model], bool(interlaced))
    return Stream(layout, b"".join(each.content for each in coded.pixels))


def _is_whole(shared: Parts, coded: _Coded) -> bool:
    """Tell whether all lines of a frame are there."""
    left, top, right, bottom = coded.control.box
    if (right - left) * (bottom - top) > MOST_WHOLE_PIXELS:
        return False
    return _stream(shared, coded).is_whole
