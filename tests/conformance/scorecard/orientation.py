"""Rows about which way is up."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from tests.conformance.scorecard.case import Case
from tests.conformance.scorecard.judges import BLUE, GREEN, RED, WHITE, colors, size_of
from tests.support.images import save

CORNERS = (RED, GREEN, BLUE, WHITE)

# What a camera that is held in this way stores: the inverse of what makes it upright.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def cases() -> Iterator[Case]:
    """Build the rows."""
    upright = Image.new("RGB", (96, 64))
    for index, color in enumerate(CORNERS):
        upright.paste(color, _quarter(index))
    for orientation in range(1, 9):
        method = STORED.get(orientation)
        stored = upright if method is None else upright.transpose(method)
        exif = Image.Exif()
        exif[0x0112] = orientation
        source = save(stored, "jpeg", quality=95, exif=exif.tobytes())
        yield Case(f"upright: EXIF orientation {orientation}", source, is_upright)
        if orientation in (5, 6):
            for container in ("heif", "avif"):
                boxes = save(stored, container, quality=95, exif=exif.tobytes())
                assert b"irot" in boxes
                name = f"upright: {container.upper()} boxes for orientation {orientation}"
                yield Case(name, boxes, is_upright)


def _quarter(index: int) -> tuple[int, int, int, int]:
    left, top = index % 2 * 48, index // 2 * 32
    return left, top, left + 48, top + 32


def is_upright(content: bytes) -> bool:
    """Tell whether the four corners are where they belong."""
    points = ((8, 8), (87, 8), (8, 55), (87, 55))
    return size_of(content) == (96, 64) and colors(content, *points) == list(CORNERS)
