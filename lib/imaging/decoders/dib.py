"""Read the header of a device-independent bitmap, as BMP files and icons have it.

Windows: BITMAPCOREHEADER to BITMAPV5HEADER ([MS-WMF] 2.2.2, MSDN); OS/2: Presentation Manager's
bitmap file format, versions 1.x and 2.x. Where they leave a choice, it is Chromium's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lib.domain.errors import ErrorCode, PermanentError

CORE, INFO, V2, V3, OS2, V4, V5 = 12, 40, 52, 56, 64, 108, 124
"""Lengths of headers, in bytes. OS/2 writes any part of its own from 16 bytes on."""

LEAST_OS2 = 16
WINDOWS = frozenset((INFO, V2, V3, V4, V5))

RGB, RLE8, RLE4, BITFIELDS, JPEG, PNG, ALPHABITFIELDS = range(7)
"""Compressions of Windows."""

HUFFMAN, RLE24 = 3, 4
"""Those of OS/2 with the same numbers, for 1 and 24 bits."""

RUNS = {RLE8: 8, RLE4: 4}
"""Compressions of runs → the bits of a pixel that they are for."""

DEFAULT_MASKS = {
    16: (0x7C00, 0x3E0, 0x1F),
    24: (0xFF0000, 0xFF00, 0xFF),
    32: (0xFF0000, 0xFF00, 0xFF),
}
ALPHA = 0xFF000000

PALETTE_BITS = (1, 2, 4, 8)
PROFILE_EMBEDDED = b"MBED"[::-1]
MASKS_AT, COLOR_SPACE_AT, PROFILE_AT = 40, 56, 112


@dataclass(frozen=True, slots=True)
class Dib:
    """A bitmap's header. `size` in px; `masks` of red, green, blue, alpha, 0 for what is not there.

    `palette` are RGB bytes, empty where pixels are no indices; `runs` are the bits of a pixel that
    runs repeat (4, 8 or 24), 0 where there are none; `pixels_at` is where they begin; `profile` the
    ICC profile's place and length, where there is one.
    """

    size: tuple[int, int]
    is_top_down: bool
    bits: int
    masks: tuple[int, int, int, int]
    palette: bytes
    runs: int
    pixels_at: int
    profile: tuple[int, int] | None

    @property
    def stride(self) -> int:
        """Return the bytes of a row, which are padded to four."""
        return (self.size[0] * self.bits + 31) // 32 * 4

    @property
    def step(self) -> int:
        """Return 1 where the first row in the file is the top one, else -1."""
        return 1 if self.is_top_down else -1


def read_dib(data: bytes, at: int, pixels_at: int = 0) -> Dib:
    """Read the header that begins at a place.

    `pixels_at` is where a file says that its pixels begin: some say nothing, or a place within the
    header, and icons have no word for it. Then they follow the palette.

    Raises PermanentError(UNSUPPORTED_MEDIA) for what is no mistake and not read, ValueError for
    what cannot be, struct.error for a header that was cut.
    """
    (length,) = struct.unpack_from("<I", data, at)
    if length == CORE:
        width, height, _planes, bits = struct.unpack_from("<HHHH", data, at + 4)
        compression, colors = RGB, 0
    elif LEAST_OS2 <= length <= OS2 or length in WINDOWS:
        fields = data[at + 4 : at + min(length, INFO)]
        if len(fields) < min(length, INFO) - 4:
            raise ValueError("cut within its header")
        numbers = struct.unpack("<iiHHIIiiII", fields.ljust(INFO - 4, b"\0"))
        width, height, _planes, bits, compression = numbers[:5]
        colors = numbers[8]
    else:
        raise ValueError(f"a header of {length} bytes")
    if width <= 0 or height == 0:
        raise ValueError(f"{width} × {height} px")
    runs = _runs(length, bits, compression)
    end = at + length
    masks = (0, 0, 0, 0)
    if bits in DEFAULT_MASKS and not runs:
        masks, end = _masks(data, at, length, bits, compression)
    palette = b""
    if bits in PALETTE_BITS:
        entry = 3 if length == CORE else 4
        most = colors or 1 << bits
        table = data[end : end + entry * min(most, 1 << bits)]
        palette = _palette(table[: pixels_at - end] if pixels_at > end else table, entry)
        pixels_at = pixels_at if pixels_at > end else end + most * entry
    return Dib(
        (width, abs(height)),
        height < 0,
        bits,
        masks,
        palette,
        runs,
        max(end, pixels_at),
        _profile(data, at) if length == V5 else None,
    )


def compression_of(data: bytes, at: int) -> int:
    """Return the compression of a header that `read_dib` has read."""
    length, compression = struct.unpack_from("<I12xI", data, at)
    return int(compression) if length > LEAST_OS2 else RGB


def _runs(length: int, bits: int, compression: int) -> int:
    """Return the bits of a pixel in runs, 0 for none; refuse what else a bitmap may hold."""
    if length not in WINDOWS and (compression, bits) == (RLE24, 24):
        return 24
    if length not in WINDOWS and compression == HUFFMAN:
        raise _unsupported("compressed as a facsimile (OS/2's Huffman 1D)")
    if compression in (JPEG, PNG):
        raise _unsupported(f"with a {'JPEG' if compression == JPEG else 'PNG'} in it")
    if bits not in PALETTE_BITS and bits not in DEFAULT_MASKS:
        raise _unsupported(f"of {bits} bits a pixel")
    if compression in RUNS:
        if bits != RUNS[compression]:
            raise ValueError(f"runs of {RUNS[compression]} bits in a bitmap of {bits}")
        return bits
    if compression not in (RGB, BITFIELDS, ALPHABITFIELDS):
        raise _unsupported(f"of compression {compression}")
    return 0


def _masks(
    data: bytes, at: int, length: int, bits: int, compression: int
) -> tuple[tuple[int, int, int, int], int]:
    """Return where each channel's bits lie, and where the header ends with the masks."""
    end = at + length
    masks = [*DEFAULT_MASKS[bits], 0]
    if compression in (BITFIELDS, ALPHABITFIELDS):
        count = 4 if compression == ALPHABITFIELDS or length >= V3 else 3
        masks[:count] = struct.unpack_from(f"<{count}I", data, at + MASKS_AT)
        end = max(end, at + MASKS_AT + 4 * count)
    elif length >= V4 and bits == 32 and any(data[at + V2 : at + V2 + 4]):
        masks[3] = ALPHA  # no mask counts without bit fields, but that there is one of alpha does
    red, green, blue, alpha = (mask & (1 << bits) - 1 for mask in masks)
    for mask in (red, green, blue, alpha):
        if mask + (mask & -mask) & mask:
            raise ValueError(f"a mask of separate bits, {mask:#x}")
    return (red, green, blue, alpha), end


def _palette(table: bytes, entry: int) -> bytes:
    """Return RGB bytes of the entries that are there: blue, green, red, and what fills the rest."""
    count = len(table) // entry
    if not count:
        raise ValueError("no palette")
    rgb = bytearray(3 * count)
    for channel in range(3):
        rgb[channel::3] = table[2 - channel : count * entry : entry]
    return bytes(rgb)


def _profile(data: bytes, at: int) -> tuple[int, int] | None:
    """Return where an embedded profile lies; one in a file of its own is not looked for."""
    start, length = struct.unpack_from("<II", data, at + PROFILE_AT)
    is_there = start >= V5 and length and at + start + length <= len(data)
    if data[at + COLOR_SPACE_AT : at + COLOR_SPACE_AT + 4] != PROFILE_EMBEDDED or not is_there:
        return None
    return at + start, length


def _unsupported(what: str) -> PermanentError:
    return PermanentError(ErrorCode.UNSUPPORTED_MEDIA, f"Windows bitmap {what}: not supported")
