"""HEVC: the coded size, and the pictures in an item (ITU-T H.265, ISO/IEC 14496-15)."""

from __future__ import annotations

from collections.abc import Iterator

from lib.imaging.bounds.bits import Bits
from lib.imaging.variants import Size

PARAMETERS = 33
"""NAL unit type of a sequence parameter set; below 32 are slices."""

FIRST_SLICES, FIRST_OF_PICTURE = 32, 0x80
ARRAYS = 22
"""Where hvcC counts them; the length of NAL units' lengths is in the byte before."""

HEADER_BYTES = 400
"""Of a parameter set, that its size is well within."""


def read_configuration(data: bytes) -> tuple[list[Size], int]:
    """Return the sizes (px) in a decoder configuration, and how many bytes a length has."""
    sizes, at = [], ARRAYS + 1
    for _ in range(data[ARRAYS]):
        kind, count = data[at] & 0x3F, int.from_bytes(data[at + 1 : at + 3])
        at += 3
        for _ in range(count):
            length = int.from_bytes(data[at : at + 2])
            if kind == PARAMETERS:
                sizes.append(read_size(data[at + 2 : at + 2 + length]))
            at += 2 + length
            if at > len(data):
                raise ValueError("a NAL unit behind the end")
    return sizes, (data[ARRAYS - 1] & 3) + 1


def read_pictures(data: bytes, length_bytes: int) -> tuple[list[Size], int]:
    """Return the sizes (px) among an item's NAL units, and how many pictures they are."""
    sizes, pictures = [], 0
    for at, end in _units(data, length_bytes):
        kind = data[at] >> 1 & 0x3F
        if kind == PARAMETERS:
            sizes.append(read_size(data[at : min(end, at + HEADER_BYTES)]))
        elif kind < FIRST_SLICES and at + 2 < end and data[at + 2] & FIRST_OF_PICTURE:
            pictures += 1
    return sizes, pictures


def _units(data: bytes, length_bytes: int) -> Iterator[tuple[int, int]]:
    at = 0
    while at + length_bytes < len(data):
        length = int.from_bytes(data[at : at + length_bytes])
        at += length_bytes
        if length and at < len(data):
            yield at, min(at + length, len(data))
        at += length


def read_size(unit: bytes) -> Size:
    """Return the luma samples of a sequence parameter set (7.3.2.2), its NAL header included."""
    bits = Bits(unit[2:HEADER_BYTES].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 88 + 8)  # temporal nesting; general profile and level
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.take(88 * has_profile + 8 * has_level)
    bits.take_exp_golomb()  # its number
    if bits.take_exp_golomb() == 3:  # 4:4:4
        bits.take(1)
    return bits.take_exp_golomb(), bits.take_exp_golomb()
