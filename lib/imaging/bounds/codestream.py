"""Read the headers of a JPEG 2000 codestream (ISO/IEC 15444-1, annexes A and I)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.boxes import read_boxes
from lib.imaging.bounds.parts import limit_parts

CODESTREAM = b"\xff\x4f\xff\x51"
"""Start of the codestream, and of its sizes."""

CODING, COMPONENT_CODING, ORDERS, TILE, DATA = 0xFF52, 0xFF53, 0xFF5F, 0xFF90, 0xFF93
END_OF_CODESTREAM = b"\xff\xd9"
WITH_LENGTH = frozenset(range(0xFF50, 0xFF54)) | frozenset(
    (*range(0xFF55, 0xFF5A), *range(0xFF5C, 0xFF62), 0xFF63, 0xFF64, *range(0xFF74, 0xFF79))
)
"""Markers that a decoder knows. It looks for one of them behind what it does not know, in steps of
two bytes, whatever is said of its length."""

ORDER_BYTES = 7
"""Of one change of the order (A.6.6), where there are fewer than 257 components."""

USER_PRECINCTS = 1
LARGEST_PRECINCT = 15
"""As a power of two, where the header does not say."""

MOST_LEVELS, LARGEST_BLOCK = 32, 12
MOST_COMPONENTS = 4

SUPERBOX, PALETTE, CONTAINED = b"jp2h", b"pclr", b"jp2c"


@dataclass(frozen=True, slots=True)
class Coding:
    """How a component of a tile is coded: decomposition levels, code-blocks, precincts.

    All sizes are powers of two; `precincts` are (width, height) from the lowest resolution on.
    """

    levels: int
    block: tuple[int, int]
    precincts: tuple[tuple[int, int], ...]

    def precinct(self, resolution: int) -> tuple[int, int]:
        """Return the precincts of a resolution."""
        return self.precincts[resolution] if self.precincts else (LARGEST_PRECINCT,) * 2


@dataclass(frozen=True, slots=True)
class TileCoding:
    """How a tile is coded: its components, its layers, and how often the order of packets changes.

    Each change makes a decoder go through the positions of the tile once more.
    """

    components: tuple[Coding, ...]
    layers: int
    orders: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The picture and its tiles on the reference grid, in px: x, then y; components' sampling."""

    begin: tuple[int, int]
    end: tuple[int, int]
    tile: tuple[int, int]
    tile_begin: tuple[int, int]
    sampling: tuple[tuple[int, int], ...]

    def tiles(self) -> tuple[int, int]:
        """Return how many tiles there are in a row, and how many rows."""
        across, down = (
            -(-(end - first) // size)
            for end, first, size in zip(self.end, self.tile_begin, self.tile, strict=True)
        )
        return across, down

    def extent(self, number: int, axis: int) -> tuple[int, int]:
        """Return where a column or a row of tiles begins and ends."""
        begin = self.tile_begin[axis] + number * self.tile[axis]
        return max(begin, self.begin[axis]), min(begin + self.tile[axis], self.end[axis])


def find_codestream(data: bytes) -> int:
    """Return where the codestream begins that a decoder reads: the first in a box of its own.

    Raises ValueError where there is none, or a palette makes more components than are read.
    """
    if data.startswith(CODESTREAM):
        return 0
    for box in read_boxes(data, 0, len(data)):
        if box.kind == SUPERBOX:
            for inner in read_boxes(data, box.start, box.end):
                if inner.kind == PALETTE and data[inner.start + 2] > MOST_COMPONENTS:
                    raise ValueError(f"a palette of {data[inner.start + 2]} components")
        if box.kind == CONTAINED:
            if data.startswith(CODESTREAM, box.start):
                return box.start
            break
    raise ValueError("no codestream")


def read_grid(data: bytes, at: int) -> Grid:
    """Read SIZ (A.5.1), whose length is at a place.

    Raises ValueError for what has no size, PermanentError(UNSUPPORTED_MEDIA) for more components
    than a picture is made of.
    """
    numbers = struct.unpack_from(">8IH", data, at + 4)
    components = numbers[8]
    if components > MOST_COMPONENTS:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA, f"JPEG 2000 of {components} components: not supported"
        )
    sampling = tuple(
        (data[at + 39 + 3 * each], data[at + 40 + 3 * each]) for each in range(components)
    )
    grid = Grid(numbers[2:4], numbers[0:2], numbers[4:6], numbers[6:8], sampling)
    if not all(grid.tile) or not sampling or any(0 in steps for steps in sampling):
        raise ValueError("tiles or samples of no size")
    return grid


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield each marker of a header and where it stands; the last one ends the header."""
    while True:
        (marker,) = struct.unpack_from(">H", data, at)
        yield marker, at
        if marker in (TILE, DATA):
            return
        at += 2
        if marker in WITH_LENGTH:
            at += int.from_bytes(data[at : at + 2])


def read_codings(data: bytes, at: int, components: int) -> tuple[TileCoding, dict[int, TileCoding]]:
    """Return the coding of the main header, and of each tile that has its own (A.6)."""
    main = _Codings(components)
    at = main.read(data, at + 2)
    tiles: dict[int, _Codings] = {}
    for number, start in limit_parts(_tile_parts(data, at), len(data), "tile-parts"):
        own = tiles.get(number) or _Codings(components, main)
        own.read(data, start)
        if own.is_changed:
            tiles[number] = own
    return main.all(), {number: own.all() for number, own in tiles.items()}


def _tile_parts(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield each tile-part's tile, and where the rest of its header begins (A.4.2).

    Raises ValueError for more of a tile that is complete: it would be decoded once more.
    """
    parts: dict[int, int] = {}
    complete: set[int] = set()
    over: set[int] = set()
    while at + 12 <= len(data):
        marker, _, number, length, part, of = struct.unpack_from(">HHHIBB", data, at)
        if marker != TILE:
            return
        promised = parts[number] = of or parts.get(number, 0)
        # Some encoders promise one part less than they write, and OpenJPEG takes it.
        is_one_more = 0 < promised == part
        if number in over or (number in complete and not is_one_more):
            raise ValueError(f"more than all parts of tile {number}")
        if is_one_more:
            over.add(number)
        elif part + 1 == promised:
            complete.add(number)
        yield number, at + 12
        if not length:  # up to the end
            return
        at += max(length, 12)


def measure_tiles(data: bytes, at: int, grid: Grid) -> tuple[int, int | None]:
    """Return how many bytes of tiles there are, and how many there should be.

    Where tile-parts are missing, as many bytes as others have; None where the last one that is
    there does not say how long it is.
    """
    *_, (_, first) = limit_parts(_segments(data, at + 2), len(data), "markers")
    parts: dict[int, tuple[int, int]] = {}
    end = first
    while end + 12 <= len(data):
        marker, _, number, length, _, of = struct.unpack_from(">HHHIBB", data, end)
        if marker != TILE:
            break
        if not length:
            is_ended = data.endswith(END_OF_CODESTREAM)
            return len(data) - first, len(data) - first if is_ended else None
        seen, promised = parts.get(number, (0, 0))
        parts[number] = seen + 1, max(promised, of)
        end += max(length, 12)
    seen = sum(each for each, _ in parts.values())
    across, down = grid.tiles()
    if not seen:
        return 0, 1
    wanted = sum(max(each) for each in parts.values()) * across * down / len(parts)
    return min(end, len(data)) - first, round((end - first) * wanted / seen)


class _Codings:
    """The coding of each component, as the headers that were read say one after the other."""

    def __init__(self, components: int, inherited: _Codings | None = None) -> None:
        self._default: Coding | None = inherited._default if inherited else None
        self._own: dict[int, Coding] = dict(inherited._own) if inherited else {}
        self._layers: int = inherited._layers if inherited else 1
        self._orders: int = inherited._orders if inherited else 0
        self._components = components
        self.is_changed = False

    def read(self, data: bytes, at: int) -> int:
        """Take a header into account; return where it ends."""
        for marker, start in limit_parts(_segments(data, at), len(data), "markers"):
            if marker == CODING:
                style, _, self._layers = struct.unpack_from(">BBH", data, start + 4)
                self._default, self._own = _read_coding(data, start + 9, style), {}
                self.is_changed = True
            elif marker == COMPONENT_CODING:
                component, style = data[start + 4], data[start + 5]
                self._own[component] = _read_coding(data, start + 6, style)
                self.is_changed = True
            elif marker == ORDERS:
                (length,) = struct.unpack_from(">H", data, start + 2)
                self._orders += (length - 2) // ORDER_BYTES
                self.is_changed = True
        return start

    def all(self) -> TileCoding:
        """Return what the headers add up to. Raises ValueError for a component without a coding."""
        codings = [self._own.get(each, self._default) for each in range(self._components)]
        found = tuple(coding for coding in codings if coding)
        if len(found) < self._components:
            raise ValueError("no coding style")
        return TileCoding(found, self._layers, self._orders)


def _read_coding(data: bytes, at: int, style: int) -> Coding:
    """Read what COD and COC have alike (A.6.1, table A.20)."""
    levels, wide, high = data[at], data[at + 1] + 2, data[at + 2] + 2
    if levels > MOST_LEVELS or wide + high > LARGEST_BLOCK:
        raise ValueError(f"{levels} levels, code-blocks of 2^{wide} × 2^{high}")
    sizes = data[at + 5 : at + 6 + levels] if style & USER_PRECINCTS else b""
    if sizes and len(sizes) <= levels:
        raise ValueError("precincts of no size")
    return Coding(levels, (wide, high), tuple((size & 15, size >> 4) for size in sizes))
