"""Open the best image of a Windows icon, as its own header says, whatever the directory does."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO

from PIL import Image

from lib.domain.errors import PermanentError
from lib.domain.media import WarningCode
from lib.imaging.bounds.chunks import check_png_chunks
from lib.imaging.completeness import LEAST_SHARE, report_lines, warn
from lib.imaging.decoders.dib import ALPHA, DEFAULT_MASKS, RGB, Dib, compression_of, read_dib
from lib.imaging.decoders.dib_pixels import CLEAR, clear_below, count_lines, mode_of, unpack_rows
from lib.imaging.decoders.png import CHANNELS, decode_png, open_png
from lib.imaging.decoders.undecoded import Undecoded, check_size

PNG = b"\x89PNG\r\n\x1a\n"
PNG_HEADER = struct.Struct(">II BB")
"""Of IHDR: width, height, bits of a sample, kind of colour."""


DIRECTORY = struct.Struct("<HHH")
ENTRY = struct.Struct("<4B2H2I")
"""Sides and colours as the directory says, two reserved, bits, then length and place."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One image of an icon: where it lies, what it says of itself; a bitmap with its header."""

    at: int
    size: tuple[int, int]
    bits: int
    bitmap: Dib | None = None

    @property
    def worth(self) -> tuple[int, int]:
        """Return what makes one image better than another: pixels, then bits of a pixel."""
        return self.size[0] * self.size[1], self.bits


def open_largest(file: BytesIO) -> Image.Image:
    """Return the largest image, the deepest of several, its pixels not decoded yet.

    Raises what its header raises, where there is no image that can be read.
    """
    data = file.getvalue()
    images, count = list(_images(data)), DIRECTORY.unpack_from(data)[2]
    found = max(images, key=lambda each: each.worth)
    image: Image.Image
    if found.bitmap is None:
        check_png_chunks(data, found.at + len(PNG))
        image = open_png(BytesIO(data[found.at :]))
    else:
        bitmap = found.bitmap
        image = Undecoded("RGBA", bitmap.size, partial(_decode, bitmap, data))
        lines = count_lines(bitmap, max(0, len(data) - bitmap.pixels_at))
        report_lines(image, lines, bitmap.size[1])
    if len(images) < count:
        passed_over = f"passed over: {count - len(images):,} of {count:,} images of the icon"
        warn(image, WarningCode.DAMAGED, passed_over)
    return image


def decode_icon(image: Image.Image) -> Image.Image:
    """Return the pixels of an opened icon."""
    return image.decode() if isinstance(image, Undecoded) else decode_png(image)


def _images(data: bytes) -> Iterator[_Found]:
    """Yield what can be read. Raises what the first one raised where nothing can."""
    _, _, count = DIRECTORY.unpack_from(data)
    end = min(len(data), DIRECTORY.size + count * ENTRY.size)
    failure: Exception = ValueError("no image in the directory")
    any_found = False
    for entry in range(DIRECTORY.size, end - ENTRY.size + 1, ENTRY.size):
        *_, length, at = ENTRY.unpack_from(data, entry)
        try:
            found = _read(data, at, length)
        except (PermanentError, ValueError, struct.error, Image.DecompressionBombError) as exc:
            failure = failure if any_found else exc
            continue
        any_found = True
        yield found
    if not any_found:
        raise failure


def _read(data: bytes, at: int, length: int) -> _Found:
    """Read what one image says of itself. Raises ValueError where it was cut away, or nearly."""
    if data.startswith(PNG, at):
        width, height, bits, kind = PNG_HEADER.unpack_from(data, at + 16)
        if (len(data) - at) * LEAST_SHARE < length:
            raise ValueError("cut short: a PNG of which the most is missing")
        return _Found(at, (width, height), bits * CHANNELS.get(kind, 1))
    dib = read_dib(data, at)
    if dib.runs:
        raise ValueError("an icon that is compressed as runs")
    if dib.bits == 32 and compression_of(data, at) == RGB:
        dib = replace(dib, masks=(*DEFAULT_MASKS[32], ALPHA))
    width, height = dib.size  # of the picture and of its mask
    dib = replace(dib, size=(width, height // 2))
    check_size(dib.size)
    lines = count_lines(dib, max(0, len(data) - dib.pixels_at))
    if lines * LEAST_SHARE < dib.size[1]:
        raise ValueError(f"cut short: {lines:,} of {dib.size[1]:,} lines are there")
    return _Found(at, dib.size, dib.bits, dib)


def _decode(dib: Dib, data: bytes) -> Image.Image:
    """Return the picture: its alpha, or where all of that is 0 or there is none, its mask."""
    height = dib.size[1]
    pixels = dib.stride * height
    rows = data[dib.pixels_at : dib.pixels_at + pixels]
    image = unpack_rows(dib, rows.ljust(pixels, b"\0"))
    if mode_of(dib) != "RGBA" or image.getchannel("A").getextrema() == (0, 0):
        image = image.convert("RGB")
        image.putalpha(_read_mask(dib, data[dib.pixels_at + pixels :]))
    lines = count_lines(dib, len(rows))
    if lines < height:
        image = clear_below(image, lines, from_bottom=not dib.is_top_down)
    return image


def _read_mask(dib: Dib, data: bytes) -> Image.Image:
    """Return which pixels show: all that no row of the mask hides."""
    mask = replace(dib, bits=1, palette=b"\xff\xff\xff\0\0\0", masks=CLEAR)
    length = mask.stride * mask.size[1]
    rows = data[:length].ljust(length, b"\0")
    return unpack_rows(mask, rows)
