"""JPEG 2000: what a decoder makes room for, from the headers (ISO/IEC 15444-1, annexes A, B, I)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lib.imaging.bounds.parts import bounded, check_count, refuse_more
from lib.presets import Limits

CODESTREAM = b"\xff\x4f\xff\x51"
"""Start of the codestream, and of its sizes."""

SIZES, CODING, COMPONENT_CODING, TILE, DATA = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93
USER_PRECINCTS = 1
LARGEST_PRECINCT = 15
"""As a power of two, where the header does not say."""

MOST_LEVELS, LARGEST_BLOCK = 32, 12
MOST_COMPONENTS = 4

FREE_BLOCKS = 1_000_000
"""Code-blocks and precincts: 100 megapixels in three components have 100,000 of 64 × 64,
400,000 of 32 × 32, more in small tiles. Each takes a decoder 300 bytes and a microsecond."""

BYTES_A_BLOCK = 64
FREE_PACKETS = 1_000_000
"""Precincts × layers. The decoder keeps two bytes for each; in a file each takes one at least."""

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
    for kind, start, end in bounded(_boxes(data, 0, len(data)), len(data), "boxes"):
        if kind == SUPERBOX:
            for inner, content, _ in bounded(_boxes(data, start, end), len(data), "boxes"):
                if inner == PALETTE and data[content + 2] > MOST_COMPONENTS:
                    raise ValueError(f"a palette of {data[content + 2]} components")
        if kind == CONTAINED:
            if data.startswith(CODESTREAM, start):
                return start
            break
    raise ValueError("no codestream")


def check(data: bytes, _limits: Limits) -> None:
    """Refuse too many tiles, code-blocks, precincts and packets, over all tiles."""
    at = find_codestream(data)
    grid = _read_grid(data, at + 4)
    across, down = grid.tiles()
    check_count(across * down, len(data), "tiles")
    codings, layers, tiles = _read_codings(data, at, len(grid.sampling))
    work = _Work(len(data))
    for number in range(across * down):
        columns, rows = grid.extent(number % across, 0), grid.extent(number // across, 1)
        own, own_layers = tiles.get(number, (codings, layers))
        work.add_tile(columns, rows, grid.sampling, own, own_layers)


class _Work:
    """What the tiles take that were added so far; refuses what is too much."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._blocks = self._packets = 0

    def add_tile(
        self,
        columns: tuple[int, int],
        rows: tuple[int, int],
        sampling: tuple[tuple[int, int], ...],
        codings: tuple[Coding, ...],
        layers: int,
    ) -> None:
        most = 0
        for (dx, dy), coding in zip(sampling, codings, strict=True):
            x, y = (
                (_up(begin, step), _up(end, step))
                for (begin, end), step in ((columns, dx), (rows, dy))
            )
            for resolution in range(coding.levels + 1):
                precincts, blocks = _count(x, y, coding, resolution)
                most = max(most, precincts)
                self._blocks += 1 + precincts + blocks
            self._refuse()
        resolutions = 1 + max(coding.levels for coding in codings)
        self._packets += (layers + 1) * resolutions * len(codings) * most
        self._refuse()

    def _refuse(self) -> None:
        most = FREE_BLOCKS + self._size // BYTES_A_BLOCK
        if self._blocks > most:
            refuse_more(most, "code-blocks and precincts", self._size)
        if self._packets > FREE_PACKETS + self._size:
            refuse_more(FREE_PACKETS + self._size, "packets", self._size)


def _up(value: int, step: int) -> int:
    return -(-value // step)


def _cells(begin: int, end: int, power: int) -> int:
    """Return how many cells of a size, a power of two, a stretch touches."""
    return -(-end >> power) - (begin >> power) if end > begin else 0


def _count(
    x: tuple[int, int], y: tuple[int, int], coding: Coding, resolution: int
) -> tuple[int, int]:
    """Return the precincts and the code-blocks of a resolution of one component (B.5–B.7)."""
    down = coding.levels - resolution
    wide, high = coding.precinct(resolution)
    left, right, top, bottom = (-(-value >> down) for value in (*x, *y))
    precincts = _cells(left, right, wide) * _cells(top, bottom, high)
    if resolution == 0:
        width, height = min(coding.block[0], wide), min(coding.block[1], high)
        return precincts, _cells(left, right, width) * _cells(top, bottom, height)
    # A precinct covers half its size of each of the three bands, which are half as large.
    width, height = min(coding.block[0], wide - 1), min(coding.block[1], high - 1)
    if min(width, height) < 0:
        raise ValueError("precincts of 1 px in a band")
    across, below = (
        (_cells(begin >> 1, begin2 >> 1, size), _cells(_up(begin, 2), _up(begin2, 2), size))
        for begin, begin2, size in ((left, right, width), (top, bottom, height))
    )
    blocks = across[0] * below[1] + across[1] * below[0] + across[0] * below[0]
    return precincts, blocks


def _read_grid(data: bytes, at: int) -> Grid:
    """Read SIZ (A.5.1), whose length field is at `at`."""
    numbers = struct.unpack_from(">8IH", data, at + 4)
    components = numbers[8]
    if not 1 <= components <= MOST_COMPONENTS:
        raise ValueError(f"{components} components")
    sampling = tuple(
        (data[at + 39 + 3 * each], data[at + 40 + 3 * each]) for each in range(components)
    )
    grid = Grid(numbers[2:4], numbers[0:2], numbers[4:6], numbers[6:8], sampling)
    if not all(grid.tile) or any(0 in steps for steps in sampling):
        raise ValueError("tiles or samples of no size")
    return grid


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield each marker of a header and where it stands; the last one ends the header."""
    while True:
        (marker,) = struct.unpack_from(">H", data, at)
        yield marker, at
        if marker in (TILE, DATA):
            return
        at += 2 + int.from_bytes(data[at + 2 : at + 4])


def _read_codings(
    data: bytes, at: int, components: int
) -> tuple[tuple[Coding, ...], int, dict[int, tuple[tuple[Coding, ...], int]]]:
    """Return codings and layers of the main header, and of each tile that has its own (A.6)."""
    main = _Codings(components)
    at = main.read(data, at + 2)
    tiles: dict[int, _Codings] = {}
    for number, start in bounded(_tile_parts(data, at), len(data), "tile-parts"):
        own = tiles.get(number) or _Codings(components, main)
        own.read(data, start)
        if own.is_changed:
            tiles[number] = own
    return *main.all(), {number: own.all() for number, own in tiles.items()}


def _tile_parts(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield each tile-part's tile, and where the rest of its header begins (A.4.2)."""
    while at + 12 <= len(data):
        marker, _, number, length = struct.unpack_from(">HHHI", data, at)
        if marker != TILE:
            return
        yield number, at + 12
        if not length:  # up to the end
            return
        at += max(length, 12)


class _Codings:
    """The coding of each component, as the headers that were read say one after the other."""

    def __init__(self, components: int, inherited: _Codings | None = None) -> None:
        self._default: Coding | None = inherited._default if inherited else None
        self._own: dict[int, Coding] = dict(inherited._own) if inherited else {}
        self._layers: int = inherited._layers if inherited else 1
        self._components = components
        self.is_changed = False

    def read(self, data: bytes, at: int) -> int:
        """Take a header into account; return where it ends."""
        for marker, start in bounded(_segments(data, at), len(data), "markers"):
            if marker == CODING:
                style, _, self._layers = struct.unpack_from(">BBH", data, start + 4)
                self._default, self._own = _read_coding(data, start + 9, style), {}
                self.is_changed = True
            elif marker == COMPONENT_CODING:
                component, style = data[start + 4], data[start + 5]
                self._own[component] = _read_coding(data, start + 6, style)
                self.is_changed = True
        return start

    def all(self) -> tuple[tuple[Coding, ...], int]:
        """Return each component's coding, and the layers. Raises ValueError for a missing one."""
        codings = [self._own.get(each, self._default) for each in range(self._components)]
        found = tuple(coding for coding in codings if coding)
        if len(found) < self._components:
            raise ValueError("no coding style")
        return found, self._layers


def _read_coding(data: bytes, at: int, style: int) -> Coding:
    """Read what COD and COC have alike (A.6.1, table A.20)."""
    levels, wide, high = data[at], data[at + 1] + 2, data[at + 2] + 2
    if levels > MOST_LEVELS or wide + high > LARGEST_BLOCK:
        raise ValueError(f"{levels} levels, code-blocks of 2^{wide} × 2^{high}")
    sizes = data[at + 5 : at + 6 + levels] if style & USER_PRECINCTS else b""
    if sizes and len(sizes) <= levels:
        raise ValueError("precincts of no size")
    return Coding(levels, (wide, high), tuple((size & 15, size >> 4) for size in sizes))


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box: its type, where its content begins and where it ends (I.4)."""
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        after = at + length if length else end
        if after < start:
            return
        yield kind, start, min(after, end)
        at = after
