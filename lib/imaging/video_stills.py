"""The small pictures that were taken from a video: which show something, and a sheet of many.

They are the pipeline's own files: plain, upright, sRGB.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageFilter, ImageStat

from lib.imaging.decode import DECODERS, blaming_the_source
from lib.imaging.encode import encode
from lib.imaging.port import Still, StillStatistics

MEASURED_SIDE = 256
"""Longest side in px that is measured: a blur that is not seen at this size does no harm."""

LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=4, offset=128)
"""The second derivative in both directions. Its variance as a measure of focus: J. L. Pech-Pacheco
and others, "Diatom autofocusing in brightfield microscopy: a comparative study" (2000)."""

SHEET_BACKGROUND = "#000000"
"""Where the last row has fewer pictures."""

SHEET_QUALITY = 70
"""Of a JPEG that was a JPEG before, seen for moments and small."""


def read_still(still: Still) -> Image.Image:
    """Decode a picture. Raises PermanentError(CORRUPT_MEDIA)."""
    with blaming_the_source(still.container):
        decoded = DECODERS[still.container].open(io.BytesIO(still.data))
        image: Image.Image = decoded.convert("RGB")
    return image


def measure_still(image: Image.Image) -> StillStatistics:
    """Measure a picture at a small size."""
    grey = image.convert("L")
    grey.thumbnail((MEASURED_SIDE, MEASURED_SIDE), Image.Resampling.BOX)
    edges = grey.filter(LAPLACIAN)
    if min(edges.size) > 2:
        # The filter leaves the outermost pixels as they were.
        edges = edges.crop((1, 1, edges.width - 1, edges.height - 1))
    found = ImageStat.Stat(grey)
    return StillStatistics(found.mean[0], found.stddev[0], ImageStat.Stat(edges).var[0])


def make_sprite_sheet(stills: Sequence[Still], columns: int, size: tuple[int, int]) -> bytes:
    """Return a JPEG of rows of `columns` pictures, left to right; the last row may be shorter.

    Each fills a cell of `size` px. The sheet is as wide as its first row.
    Raises PermanentError(CORRUPT_MEDIA).
    """
    width, height = size
    rows = -(-len(stills) // columns)
    sheet = Image.new("RGB", (min(columns, len(stills)) * width, rows * height), SHEET_BACKGROUND)
    for index, still in enumerate(stills):
        row, column = divmod(index, columns)
        sheet.paste(read_still(still), (column * width, row * height))
    return encode(sheet, "jpeg", SHEET_QUALITY, SHEET_BACKGROUND)
