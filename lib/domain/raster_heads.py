"""Know raster images whose first bytes are no signature, or another format's too."""

from __future__ import annotations

import struct

CURSOR = b"\0\0\2\0"
CURSOR_HEAD = struct.Struct("<4xH3xB8xI")
"""How many images there are; of the first a byte that is 0, and where it begins."""

BITMAP_HEADERS = frozenset((12, *range(16, 65, 2), 108, 124))
"""Lengths: Windows' are 12, 40, 52, 56, 108 and 124; OS/2 writes any part of its 64."""

TGA_HEAD = struct.Struct("<BBBHHBHHHHBB")
INDEXED, COLORED, GREY = (1, 9), (2, 10), (3, 11)
"""Kinds of TGA, as they are and compressed as runs."""

TGA_BITS = {
    **dict.fromkeys(INDEXED, (8, 16)),
    **dict.fromkeys(COLORED, (15, 16, 24, 32)),
    **dict.fromkeys(GREY, (8, 16)),
}
RESERVED = 0xC0
ENTRY_BITS = (15, 16, 24, 32)


def is_bitmap(head: bytes) -> bool:
    """Tell whether a source begins as a Windows or OS/2 bitmap."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BITMAP_HEADERS


def is_cursor(head: bytes) -> bool:
    """Tell whether a source begins as a Windows cursor: not as a TGA, whose counts are 0 there."""
    if not head.startswith(CURSOR):
        return False
    count, reserved, start = CURSOR_HEAD.unpack_from(head.ljust(CURSOR_HEAD.size, b"\0"))
    is_there = len(head) >= CURSOR_HEAD.size
    return bool(count) and not reserved and (start >= 6 + 16 * count or not is_there)


def is_tga(head: bytes) -> bool:
    """Tell whether a source begins as a Truevision TGA (2.0), by all that its header may say."""
    if len(head) < TGA_HEAD.size:
        return False
    _, has_map, kind, _, entries, entry_bits, _, _, *size, bits, flags = TGA_HEAD.unpack_from(head)
    if bits not in TGA_BITS.get(kind, ()) or not all(size) or flags & RESERVED:
        return False
    if has_map:
        return bool(has_map == 1 and entries and entry_bits in ENTRY_BITS)
    return kind not in INDEXED and not entries and not entry_bits
