"""GIF: blocks and their sub-blocks (GIF89a)."""

from __future__ import annotations

from collections.abc import Iterator

from lib.imaging.bounds.parts import bounded
from lib.presets import Limits

EXTENSION, IMAGE, END = 0x21, 0x2C, 0x3B
HEAD_BYTES, FLAGS = 13, 10
HAS_PALETTE = 0x80


def check(data: bytes, _limits: Limits) -> None:
    """Refuse too many blocks: a decoder keeps those of a comment, and visits each of the others."""
    for _ in bounded(_blocks(data), len(data), "blocks"):
        pass


def _blocks(data: bytes) -> Iterator[int]:
    """Yield where each block and each sub-block begins, and each stray byte between them."""
    at, end = HEAD_BYTES + palette_bytes(data[FLAGS]), len(data)
    while at < end and data[at] != END:
        yield at
        if data[at] == EXTENSION:
            at += 2
        elif data[at] == IMAGE and at + 9 < end:
            at += 11 + palette_bytes(data[at + 9])
        else:
            at += 1
            continue
        while at < end and data[at]:
            yield at
            at += 1 + data[at]
        at += 1


def palette_bytes(flags: int) -> int:
    """Return the bytes of the palette that follows a descriptor of these flags."""
    return 3 << (flags & 7) + 1 if flags & HAS_PALETTE else 0
