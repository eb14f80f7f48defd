"""Read the frames of a GIF (GIF89a), each with Pillow's decoder and on a canvas of our own.

Pillow composes them otherwise than browsers: what a frame clears takes the background's colour
where no index is transparent (python-pillow/Pillow#7515), what none covers takes that of index 0,
and the canvas grows with each frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO

from PIL import Image, ImageChops, ImageFile
from PIL.GifImagePlugin import GifImageFile

from lib.imaging.bounds.chunks import (
    GIF_END,
    GIF_EXTENSION,
    GIF_FLAGS,
    GIF_HEAD_BYTES,
    GIF_IMAGE,
    gif_palette_bytes,
)
from lib.imaging.completeness import report_lines
from lib.imaging.decoders.frames import Box, Disposal, Frame, FrameSequence, compose
from lib.imaging.pillow import keep_what_was_decoded, share_pixels
from lib.imaging.variants import Size

CONTROL, APPLICATION = 0xF9, 0xFF
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

MOST_WHOLE_PIXELS = 25_000_000
"""What is decoded to see whether a cut frame is all there: as large as a frame may be."""

FILLS = 149, 106
"""Two indices on which a frame is decoded: where the results differ, nothing was. Encoders have
black and white first or last, and it takes longer where the last pixel happens to be a fill."""


@dataclass(frozen=True, slots=True)
class _Coded:
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
        left, top, right, bottom = self.box
        return right - left, bottom - top

    @property
    def fill(self) -> int:
        """What its transparent pixels have, else an index that the last pixel hardly has."""
        if self.transparent is not None:
            return self.transparent
        return 255 if len(self.palette) < PALETTE_BYTES else FILLS[0]

    @property
    def is_readable(self) -> bool:
        return len(self.codes) > 1 and self.codes[0] <= MOST_BITS and 0 not in self.size


class GifSource(ImageFile.ImageFile):
    """An opened GIF, from which `decode_first` and not `load` makes pixels."""

    format = "GIF"
    first: _Coded

    def _open(self) -> None:
        assert isinstance(self.fp, BytesIO)
        data = self.fp.getvalue()
        first = next(_coded_frames(data, [ONCE]), None)
        if first is None:
            raise ValueError("no frame in it")
        self._mode, self._size, self.first = "P", _screen_size(data, first), first


def open_gif(file: BytesIO) -> GifSource:
    """Return a GIF, its pixels not decoded yet. Raises SyntaxError, ValueError, IndexError."""
    return GifSource(file)


def decode_first(image: Image.Image) -> Image.Image:
    """Decode the first frame of an opened GIF onto its canvas.

    Raises PermanentError(CORRUPT_MEDIA) where hardly a line of it is there.
    """
    assert isinstance(image, GifSource)
    canvas = next(compose(image.size, [_frame(image.first)]))
    report_lines(canvas, _count_lines(image.first), image.first.size[1])
    return canvas


def read_gif(data: bytes, most: int) -> FrameSequence | None:
    """Return the frames of a GIF; of more than `most`, so many and one; None where there is none.

    Where its bytes end within a frame, that is left out, unless all its pixels are there or it is
    the only one.
    """
    plays = [ONCE]
    coded: list[_Coded] = []
    for frame in _coded_frames(data, plays):
        coded.append(frame)
        if len(coded) > most:
            break
    if not coded:
        return None
    is_cut = len(coded) > 1 and not coded[-1].is_ended and not _is_whole(coded[-1])
    if is_cut:
        del coded[-1]
    size = _screen_size(data, coded[0])
    return FrameSequence(size, tuple(map(_frame, coded)), plays[0], is_cut=is_cut)


def _screen_size(data: bytes, first: _Coded) -> Size:
    """Return the size (px) of the canvas, which the first frame may enlarge, as in browsers."""
    width, height = struct.unpack_from("<HH", data, 6)
    return max(width, first.box[2]), max(height, first.box[3])


def _frame(coded: _Coded) -> Frame:
    may_be_clear = coded.transparent is not None
    return Frame(coded.box, coded.delay * 10, coded.disposal, partial(_decode, coded), may_be_clear)


def _coded_frames(data: bytes, plays: list[int]) -> Iterator[_Coded]:
    """Yield the frames, as far as the bytes go; `plays[0]` becomes how often they are shown."""
    own = gif_palette_bytes(data[GIF_FLAGS])
    at, end, view = GIF_HEAD_BYTES + own, len(data), memoryview(data)
    palette = data[GIF_HEAD_BYTES:at]
    flags = delay = transparent = 0
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
            yield _Coded(
                (left, top, left + width, top + height),
                delay,
                DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP),
                transparent if flags & 1 else None,
                shape,
                data[begin - gif_palette_bytes(shape) : begin] or palette,
                view[begin:at],
                is_ended,
            )
            flags = delay = transparent = 0
        else:
            at += 1


def _after_blocks(data: bytes, at: int) -> tuple[int, bool]:
    """Return where a chain of sub-blocks ends, and whether its end is there."""
    end = len(data)
    while at < end and data[at]:
        at += 1 + data[at]
    return min(at + 1, end), at < end


def _decode(coded: _Coded) -> Image.Image | None:
    """Return the pixels of a frame, in mode P or RGBA; what its codes do not reach is clear."""
    if not coded.is_readable:
        return None
    image, is_sound = _read(coded, coded.fill)
    missing = None
    if coded.transparent is not None:  # where nothing is read, it is transparent already
        image.info["transparency"] = coded.transparent
    elif not is_sound or _may_be_short(coded, image):
        missing = _missing(coded)
    image.putpalette(coded.palette[:PALETTE_BYTES].ljust(PALETTE_BYTES, b"\0"))
    if missing is None:
        return image
    shown = image.convert("RGBA")
    shown.paste((0, 0, 0, 0), None, missing)
    return shown


def _may_be_short(coded: _Coded, image: Image.Image) -> bool:
    """Tell whether the last pixel that is written looks as if it was not."""
    width, height = coded.size
    last = height - 1
    if coded.flags & INTERLACED and last:  # every second line comes last, from the second on
        last -= 1 - last % 2
    return image.getpixel((width - 1, last)) == coded.fill


def _missing(coded: _Coded) -> Image.Image | None:
    """Return a mask (L) of the pixels that a frame's codes do not reach, None where there are none.

    The frame is decoded on two colours: where they are still seen, nothing else was.
    """
    one, other = (_read(coded, fill)[0] for fill in FILLS)
    differ = ImageChops.difference(one, other)
    return differ.point(lambda value: 255 * bool(value)) if differ.getbbox() else None


def _count_lines(coded: _Coded) -> int:
    """Return how many lines of a frame are there to their end."""
    width, height = coded.size
    if not coded.is_readable:
        return 0
    image, is_sound = _read(coded, coded.fill)
    missing = None if is_sound and not _may_be_short(coded, image) else _missing(coded)
    if missing is None:
        return height
    return missing.crop((width - 1, 0, width, height)).tobytes().count(0)


def _is_whole(coded: _Coded) -> bool:
    width, height = coded.size
    return width * height <= MOST_WHOLE_PIXELS and _count_lines(coded) == height


def _read(coded: _Coded, fill: int) -> tuple[Image.Image, bool]:
    """Return the indices of a frame (L), `fill` where there are none, and whether all was well."""
    control = b"!\xf9\4\1\0\0" + bytes([fill, 0])
    size = struct.pack("<HH", *coded.size)
    descriptor = b"," + bytes(4) + size + bytes([coded.flags & INTERLACED])
    parts = b"GIF89a", size, bytes(3), control, descriptor, coded.codes, b"\0;"
    image = GifImageFile(BytesIO(b"".join(parts)))  # without a palette: what is read is indices
    is_sound = True
    try:
        image.load()
    except OSError as exc:
        if str(exc).startswith("out of memory"):
            raise
        keep_what_was_decoded(image)
        is_sound = False
    bare = share_pixels(image)
    bare.info.clear()
    return bare, is_sound
