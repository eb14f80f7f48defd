"""Read the frames of a GIF (GIF89a), each with Pillow's decoder and on a canvas of our own.

Pillow composes them otherwise than browsers: what a frame clears takes the background's colour
where no index is transparent (python-pillow/Pillow#7515), what none covers takes that of index 0,
and the canvas grows with each frame.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import partial
from io import BytesIO

from PIL import Image, ImageChops, ImageFile
from PIL.GifImagePlugin import GifImageFile

from lib.imaging.completeness import report_lines
from lib.imaging.decoders.frames import Frame, FrameSequence, compose
from lib.imaging.decoders.gif_blocks import (
    INTERLACED,
    ONCE,
    PALETTE_BYTES,
    Coded,
    coded_frames,
    screen_size,
)
from lib.imaging.pillow import is_out_of_memory, keep_what_was_decoded, share_pixels

MOST_WHOLE_PIXELS = 25_000_000
"""What is decoded to see whether a cut frame is all there: as large as a frame may be."""

FILLS = 0, 255
"""Two indices on which a frame is decoded: where the results differ, nothing was."""

STEPS = 1, 2, 4, 8
"""Between lines that are there once a pass of an interlaced one is."""


class GifSource(ImageFile.ImageFile):
    """An opened GIF, from which `decode_first` and not `load` makes pixels."""

    format = "GIF"
    first: Coded

    def _open(self) -> None:
        assert isinstance(self.fp, BytesIO)
        data = self.fp.getvalue()
        first = next(coded_frames(data, [ONCE]), None)
        if first is None:
            raise ValueError("no frame in it")
        self._mode, self._size, self.first = "P", screen_size(data, first), first


def open_gif(file: BytesIO) -> GifSource:
    """Return a GIF, its pixels not decoded yet. Raises SyntaxError, ValueError, IndexError."""
    return GifSource(file)


def decode_first(image: Image.Image) -> Image.Image:
    """Decode the first frame of an opened GIF onto its canvas.

    Raises PermanentError(CORRUPT_MEDIA) where hardly a line of it is there.
    """
    assert isinstance(image, GifSource)
    first = image.first
    indices, missing = _read_checked(first)
    lines, height = _count_lines(first, missing), first.size[1]
    if indices and missing and first.flags & INTERLACED:
        _spread(indices, missing)
    pixels = _color(first, indices, missing) if indices else None
    del indices, missing
    canvas = next(compose(image.size, [replace(_frame(first), decode=lambda: pixels)]))
    report_lines(canvas, lines, height)
    return canvas


def read_gif(data: bytes, most: int) -> FrameSequence | None:
    """Return the frames of a GIF; of more than `most`, so many and one; None where there is none.

    Where its bytes end within a frame, that is left out, unless all its pixels are there or it is
    the only one.
    """
    plays = [ONCE]
    coded: list[Coded] = []
    for frame in coded_frames(data, plays):
        coded.append(frame)
        if len(coded) > most:
            break
    if not coded:
        return None
    is_cut = len(coded) > 1 and not coded[-1].is_ended and not _is_whole(coded[-1])
    if is_cut:
        del coded[-1]
    size = screen_size(data, coded[0])
    return FrameSequence(size, tuple(map(_frame, coded)), plays[0], is_cut=is_cut)


def _frame(coded: Coded) -> Frame:
    return Frame(
        box=coded.box,
        delay_ms=coded.delay * 10,
        disposal=coded.disposal,
        may_be_clear=coded.transparent is not None,
        decode=partial(_decode, coded),
    )


def _decode(coded: Coded) -> Image.Image | None:
    """Return the pixels of a frame, in mode P or RGBA; what its codes do not reach is clear."""
    if coded.transparent is None or not coded.is_readable:
        indices, missing = _read_checked(coded)
        return _color(coded, indices, missing) if indices else None
    # Where nothing is read, it is transparent already.
    return _color(coded, _read(coded, coded.transparent)[0], None)


def _color(coded: Coded, indices: Image.Image, missing: Image.Image | None) -> Image.Image:
    """Give indices (L) their colours, in place; what is missing (a mask) becomes clear."""
    if coded.transparent is not None:
        indices.info["transparency"] = coded.transparent
    indices.putpalette(coded.palette[:PALETTE_BYTES].ljust(PALETTE_BYTES, b"\0"))
    if missing is None:
        return indices
    shown = indices.convert("RGBA")
    shown.paste((0, 0, 0, 0), None, missing)
    return shown


def _read_checked(coded: Coded) -> tuple[Image.Image | None, Image.Image | None]:
    """Return the indices of a frame, and a mask of the missing ones where there are some."""
    if not coded.is_readable:
        return None, None
    indices, is_whole = _read(coded, coded.transparent or 0)
    return indices, None if is_whole else _missing(coded)


def _missing(coded: Coded) -> Image.Image | None:
    """Return a mask (L) of the pixels that a frame's codes do not reach, None where there are none.

    The frame is decoded on two colours: where they are still seen, nothing else was.
    """
    one, other = (_read(coded, fill)[0] for fill in FILLS)
    differ = ImageChops.difference(one, other)
    return differ.point(lambda value: 255 * bool(value)) if differ.getbbox() else None


def _count_lines(coded: Coded, missing: Image.Image | None) -> int:
    """Return how many lines of a frame are there to their end."""
    if missing is None:
        return coded.size[1] if coded.is_readable else 0
    return missing.crop((missing.width - 1, 0, *missing.size)).tobytes().count(0)


def _spread(indices: Image.Image, missing: Image.Image) -> None:
    """Fill lines that are not there from those of the passes before, as browsers show them."""
    width, height = indices.size
    is_there = [not value for value in missing.crop((width - 1, 0, width, height)).tobytes()]
    for line in range(height):
        above = (line - line % step for step in STEPS)
        source = next((each for each in above if is_there[each]), line)
        if source != line:
            copied = indices.crop((0, source, width, source + 1))
            indices.paste(copied, (0, line))
            missing.paste(0, (0, line, width, line + 1))


def _is_whole(coded: Coded) -> bool:
    width, height = coded.size
    if width * height > MOST_WHOLE_PIXELS:
        return False
    return _count_lines(coded, _read_checked(coded)[1]) == height


def _read(coded: Coded, fill: int) -> tuple[Image.Image, bool]:
    """Return the indices of a frame (L), `fill` where there are none, and whether all are there."""
    control = b"!\xf9\4\1\0\0" + bytes([fill, 0])
    size = struct.pack("<HH", *coded.size)
    descriptor = b"," + bytes(4) + size + bytes([coded.flags & INTERLACED])
    parts = b"GIF89a", size, bytes(3), control, descriptor, coded.codes, b"\0;"
    image = GifImageFile(BytesIO(b"".join(parts)))  # without a palette: what is read is indices
    is_whole = True
    try:
        image.load()
    except OSError as exc:
        if is_out_of_memory(exc):
            raise
        keep_what_was_decoded(image)
        is_whole = False
    bare = share_pixels(image)
    bare.info.clear()
    return bare, is_whole
