"""TIFF: strips and tiles of the first page, and what is in them (TIFF 6.0)."""

from __future__ import annotations

from lib.imaging.bounds.ifd import Directory, check_pointers, read_first
from lib.imaging.bounds.jpeg import ARITHMETIC, refuse_scans
from lib.imaging.bounds.parts import check_count, check_most
from lib.presets import Limits

WIDTH, LENGTH, COMPRESSION, STRIPS, SAMPLES, ROWS_PER_STRIP = 256, 257, 259, 273, 277, 278
STRIP_BYTES, PLANAR, TILE_WIDTH, TILE_LENGTH, TILES, TILE_BYTES = 279, 284, 322, 323, 324, 325
SEPARATE = 2
OLD_JPEG, JPEG = 6, 7

SCAN = b"\xff\xda"
"""Start of a scan. In what a JPEG codes, FF is followed by a zero or a marker."""

MOST_SAMPLES = 8
"""Pillow reads up to six for a pixel."""

PADDING = 4
"""How many times the largest picture all tiles may have: they are decoded whole, also where most of
one lies beyond the edge."""

READ_AGAIN = 4
"""How often strips may tell of the same bytes, on average. A decoder goes through them each time,
even where nothing comes of it; some writers say too much of each."""


def check_tiff(data: bytes, limits: Limits) -> None:
    """Refuse too many values, strips or tiles, strips over each other, and JPEG's scans in them."""
    page = read_first(data)
    check_pointers(page)
    width, height = page.number(WIDTH), page.number(LENGTH)
    is_tiled = is_in_tiles(page)
    if is_tiled:
        wide, high = page.number(TILE_WIDTH), page.number(TILE_LENGTH)
        if not wide or not high:
            raise ValueError("tiles of no size")
    else:
        wide, high = width, min(page.number(ROWS_PER_STRIP, height), height) or height
    if not width or not height:
        raise ValueError(f"{width} × {height} px")
    strips = -(-width // wide) * -(-height // high)
    if is_tiled:
        check_most(
            wide * high * strips, PADDING * limits.image_megapixels * 1_000_000, "px of all tiles"
        )
    if page.number(PLANAR) == SEPARATE:
        strips *= min(page.number(SAMPLES, 1), MOST_SAMPLES)
    check_count(strips, len(data), "tiles" if is_tiled else "strips")
    extents = _extents(page, *place_tags(page))
    check_most(
        sum(end - start for start, end in extents),
        READ_AGAIN * len(data),
        "bytes of all strips together",
    )
    compression = page.number(COMPRESSION, 1)
    if compression == OLD_JPEG:
        refuse_scans(
            data.count(SCAN),
            width * height,
            limits.image_megapixels,
            arithmetic=_is_arithmetic(data, [(0, len(data))]),
        )
    elif compression == JPEG:
        scans = sum(data.count(SCAN, start, end) for start, end in extents)
        # Of the whole picture, as if each strip had the average.
        pixels = max(1, wide * high * max(strips, len(extents)))
        refuse_scans(
            -(-scans // max(strips, 1)),
            pixels,
            limits.image_megapixels,
            arithmetic=_is_arithmetic(data, extents),
        )


def is_in_tiles(page: Directory) -> bool:
    """Tell whether a page is in tiles: their size is told, as libtiff has it."""
    return TILE_WIDTH in page.entries and TILE_LENGTH in page.entries


def place_tags(page: Directory) -> tuple[int, int]:
    """Return the tags of places and lengths; some writers have the strips' for tiles."""
    is_told = TILES in page.entries and (is_in_tiles(page) or STRIPS not in page.entries)
    return (TILES, TILE_BYTES) if is_told else (STRIPS, STRIP_BYTES)


def _is_arithmetic(data: bytes, extents: list[tuple[int, int]]) -> bool:
    """Tell whether one of the JPEGs inside may be coded so: a table may hold the same bytes."""
    frames = [bytes((0xFF, kind)) for kind in ARITHMETIC]
    return any(data.find(each, start, end) >= 0 for start, end in extents for each in frames)


def _extents(page: Directory, offsets: int, lengths: int) -> list[tuple[int, int]]:
    """Return where the bytes of each strip or tile lie, as far as there are any."""
    size = len(page.data)
    return [
        (min(start, size), min(start + length, size))
        for start, length in zip(page.numbers(offsets), page.numbers(lengths), strict=False)
    ]
