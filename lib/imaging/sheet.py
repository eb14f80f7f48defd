"""Lay pictures of one size side by side: a sprite sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from lib.imaging.encode import encode
from lib.imaging.images import Still
from lib.imaging.stills import read_still

PAPER = "#000000"
"""Where the last row has fewer pictures."""

QUALITY = 70
"""Of a JPEG that was a JPEG before, seen for moments and small."""


def lay_out(stills: Sequence[Still], columns: int, size: tuple[int, int]) -> bytes:
    """Return a JPEG of rows of `columns` pictures, left to right; the last row may be shorter.

    Each fills a cell of `size` px. The sheet is as wide
    as its first row. Raises PermanentError(CORRUPT_MEDIA).
    """
    width, height = size
    rows = -(-len(stills) // columns)
    sheet = Image.new("RGB", (min(columns, len(stills)) * width, rows * height), PAPER)
    for index, still in enumerate(stills):
        row, column = divmod(index, columns)
        sheet.paste(read_still(still).image, (column * width, row * height))
    return encode(sheet, "jpeg", QUALITY, PAPER)
