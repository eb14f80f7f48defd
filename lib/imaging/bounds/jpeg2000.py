"""JPEG 2000: what a decoder makes room for (ISO/IEC 15444-1, annex B)."""

from __future__ import annotations

from lib.imaging.bounds.codestream import (
    Coding,
    TileCoding,
    find_codestream,
    read_codings,
    read_grid,
)
from lib.imaging.bounds.parts import check_count, check_most, refuse_more
from lib.presets import Limits

FREE_BLOCKS = 1_000_000
"""Code-blocks and precincts: 100 megapixels in three components have 100,000 of 64 × 64, more in
small tiles. Each takes a decoder a microsecond."""

BYTES_A_BLOCK = 64

BLOCKS_OF_A_TILE = 400_000
"""100 megapixels of 32 × 32 in one tile. Each takes a decoder 400 bytes until the tile is done."""

FREE_PACKETS = 1_000_000
"""Precincts × layers. The decoder keeps two bytes for each; in a file each takes one at least."""

MOST_VISITS = 100_000_000
"""Positions at which packets may begin × components × resolutions × changes of the order. Each
takes a decoder four nanoseconds, whether a packet is there or not; 100 megapixels in precincts of
128 px have 110,000."""


def check_jpeg2000(data: bytes, _limits: Limits) -> None:
    """Refuse too many tiles, code-blocks, precincts and packets, over all tiles."""
    at = find_codestream(data)
    grid = read_grid(data, at + 4)
    across, down = grid.tiles()
    check_count(across * down, len(data), "tiles")
    coding, tiles = read_codings(data, at, len(grid.sampling))
    work = _Work(len(data))
    for number in range(across * down):
        columns, rows = grid.extent(number % across, 0), grid.extent(number // across, 1)
        work.add_tile(columns, rows, grid.sampling, tiles.get(number, coding))


class _Work:
    """What the tiles take that were added so far; refuses what is too much."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._blocks = self._packets = self._visits = 0

    def add_tile(
        self,
        columns: tuple[int, int],
        rows: tuple[int, int],
        sampling: tuple[tuple[int, int], ...],
        tile: TileCoding,
    ) -> None:
        before, most = self._blocks, 0
        for (dx, dy), coding in zip(sampling, tile.components, strict=True):
            x, y = (
                (_up(begin, step), _up(end, step))
                for (begin, end), step in ((columns, dx), (rows, dy))
            )
            for resolution in range(coding.levels + 1):
                precincts, blocks = count_cells(x, y, coding, resolution)
                most = max(most, precincts)
                self._blocks += 1 + precincts + blocks
            self._refuse()
        check_most(self._blocks - before, BLOCKS_OF_A_TILE, "code-blocks and precincts of one tile")
        resolutions = 1 + max(coding.levels for coding in tile.components)
        self._packets += (tile.layers + 1) * resolutions * len(tile.components) * most
        positions = count_positions(columns, rows, sampling, tile.components)
        self._visits += positions * resolutions * len(tile.components) * (1 + tile.orders)
        self._refuse()

    def _refuse(self) -> None:
        most = FREE_BLOCKS + self._size // BYTES_A_BLOCK
        if self._blocks > most:
            refuse_more(most, "code-blocks and precincts", self._size)
        if self._packets > FREE_PACKETS + self._size:
            refuse_more(FREE_PACKETS + self._size, "packets", self._size)
        check_most(self._visits, MOST_VISITS, "positions of packets")


def _up(value: int, step: int) -> int:
    return -(-value // step)


def _cells(begin: int, end: int, power: int) -> int:
    """Return how many cells of a size, a power of two, a stretch touches."""
    return -(-end >> power) - (begin >> power) if end > begin else 0


def count_positions(
    columns: tuple[int, int],
    rows: tuple[int, int],
    sampling: tuple[tuple[int, int], ...],
    codings: tuple[Coding, ...],
) -> int:
    """Return at how many places of a tile a decoder looks for packets (B.12).

    It goes in steps of the smallest precincts. Those that are narrow and those that are low may be
    of different components or resolutions.
    """
    steps = [
        (dx << (wide + down), dy << (high + down))
        for (dx, dy), coding in zip(sampling, codings, strict=True)
        for down in range(coding.levels + 1)
        for wide, high in (coding.precinct(coding.levels - down),)
    ]
    across, below = (
        _up(end - begin, min(step[axis] for step in steps)) + 1
        for axis, (begin, end) in enumerate((columns, rows))
    )
    return across * below


def count_cells(
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
