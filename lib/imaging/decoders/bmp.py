"""Open a Windows or OS/2 bitmap. Pillow's own class reads few masks and no alpha or profile."""

from __future__ import annotations

import struct
from functools import partial
from io import BytesIO

from PIL import Image

from lib.imaging.completeness import report_lines
from lib.imaging.decoders.dib import Dib, read_dib
from lib.imaging.decoders.dib_pixels import clear_below, count_lines, mode_of, unpack_rows
from lib.imaging.decoders.dib_runs import decode_runs
from lib.imaging.decoders.undecoded import Undecoded

FILE_HEADER = struct.Struct("<2sIHHI")
"""BITMAPFILEHEADER: "BM", length, reserved, reserved, where the pixels begin."""


def open_bitmap(file: BytesIO) -> Undecoded:
    """Return a bitmap, its pixels not decoded yet.

    Raises as `dib.read_dib` does, and PermanentError(CORRUPT_MEDIA) where less than a tenth of its
    rows is there.
    """
    data = file.getvalue()
    *_, pixels_at = FILE_HEADER.unpack_from(data)
    dib = read_dib(data, FILE_HEADER.size, pixels_at)
    image = Undecoded(mode_of(dib), dib.size, partial(_decode, dib, data))
    if not dib.runs:
        report_lines(image, count_lines(dib, max(0, len(data) - dib.pixels_at)), dib.size[1])
    if dib.profile:
        at, length = dib.profile
        image.info["icc_profile"] = data[at : at + length]
    return image


def _decode(dib: Dib, data: bytes) -> Image.Image:
    if dib.runs:
        image, lines = decode_runs(dib, data)
    else:
        rows = data[dib.pixels_at : dib.pixels_at + dib.stride * dib.size[1]]
        lines = count_lines(dib, len(rows))
        image = unpack_rows(dib, rows.ljust(dib.stride * dib.size[1], b"\0"))
    if lines < dib.size[1]:
        image = clear_below(image, lines, from_bottom=not dib.is_top_down)
        report_lines(image, lines, dib.size[1])
    return image
