"""JPEGs of one grey, written bit by bit: of any size, in a byte for some blocks (ITU-T T.81)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import ceil

FULL, HALF = ((1, 1), (1, 1), (1, 1)), ((2, 2), (1, 1), (1, 1))
"""Sampling factors of the components, across and down: 4:4:4 and 4:2:0."""


def segment(kind: int, content: bytes) -> bytes:
    """Return a marker with its segment."""
    return struct.pack(">BBH", 0xFF, kind, len(content) + 2) + content


def one_code_table(number: int) -> bytes:
    """Return a table with the code 0 for the symbol 0: no difference, or the end of a block."""
    return bytes((number, 1)) + bytes(15) + b"\0"


def blocks_of(size: tuple[int, int], factors: tuple[int, int], most: tuple[int, int]) -> int:
    """Return the blocks of a component in a scan of its own."""
    across, down = (
        ceil(ceil(side * factor / largest) / 8)
        for side, factor, largest in zip(size, factors, most, strict=True)
    )
    return across * down


def flat_jpeg(
    size: tuple[int, int],
    sampling: Sequence[tuple[int, int]] = HALF,
    *,
    progressive: bool = False,
    apart: bool = False,
) -> bytes:
    """Return a JPEG of middle grey; its scans are nothing but zeros.

    `apart`: one scan for each component, where it is not progressive.
    """
    most = max(across for across, _ in sampling), max(down for _, down in sampling)
    names = range(1, len(sampling) + 1)
    frame = struct.pack(">BHHB", 8, size[1], size[0], len(sampling)) + b"".join(
        bytes((name, across << 4 | down, 0))
        for name, (across, down) in zip(names, sampling, strict=True)
    )
    mcus = -(-size[0] // (8 * most[0])) * -(-size[1] // (8 * most[1]))
    blocks = mcus * sum(across * down for across, down in sampling)
    together = b"".join(bytes((name, 0)) for name in names)
    head = (
        b"\xff\xd8"
        + segment(0xDB, b"\0" + b"\1" * 64)
        + segment(0xC4, one_code_table(0x00))
        + segment(0xC4, one_code_table(0x10))
        + segment(0xC2 if progressive else 0xC0, frame)
    )

    def scan(components: bytes, first: int, last: int, bits: int) -> bytes:
        header = bytes((len(components) // 2,)) + components + bytes((first, last, 0))
        return segment(0xDA, header) + bytes(-(-bits // 8))

    if apart:
        scans = (
            scan(bytes((name, 0)), 0, 63, 2 * blocks_of(size, factors, most))
            for name, factors in zip(names, sampling, strict=True)
        )
        return head + b"".join(scans) + b"\xff\xd9"
    if not progressive:
        return head + scan(together, 0, 63, 2 * blocks) + b"\xff\xd9"
    details = b"".join(
        scan(bytes((name, 0)), 1, 63, blocks_of(size, factors, most))
        for name, factors in zip(names, sampling, strict=True)
    )
    return head + scan(together, 0, 0, blocks) + details + b"\xff\xd9"
