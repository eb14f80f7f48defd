"""JPEG 2000 of all kinds of components, put together from codestreams of one component each.

In the progression CPRL (ISO/IEC 15444-1, B.12) all packets of a component follow each other, so
that those of several encodings make one codestream, whatever sampling and depth each has.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

SOC, SIZ, COD, QCD, QCC, SOT, SOD, EOC = (
    *(0xFF4F, 0xFF51, 0xFF52, 0xFF5C, 0xFF5D),
    *(0xFF90, 0xFF93, 0xFFD9),
)
SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
SRGB, GREY, SYCC, CMYK, CIELAB = 16, 17, 18, 12, 14
EXIF_UUID = b"JpgTiffExif->JP2"
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
IPTC_UUID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


@dataclass(frozen=True, slots=True)
class Part:
    """One component: samples (mode L or I;16), and how far they lie apart.

    Of a signed one (mode L) 128 stands for 0.
    """

    samples: Image.Image
    step: tuple[int, int] = (1, 1)
    is_signed: bool = False
    depth: int = 0
    """Bits, where they are fewer than the mode has: the samples are such numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The picture's place on the reference grid and its tiles, in px; how often it is halved."""

    begin: tuple[int, int] = (0, 0)
    tile: tuple[int, int] | None = None
    tile_begin: tuple[int, int] = (0, 0)
    levels: int = 2


def _up(value: int, step: int) -> int:
    return -(-value // step)


def _on(step: tuple[int, int], place: tuple[int, int]) -> tuple[int, int]:
    """Return a place on the reference grid as one among samples that lie so far apart."""
    return _up(place[0], step[0]), _up(place[1], step[1])


def _shifted(part: Part) -> Image.Image:
    """Return samples of which Pillow's encoder makes what those of a part are coded as (G.1)."""
    if part.is_signed:
        return part.samples.point([value ^ 128 for value in range(256)])
    if not part.depth:
        return part.samples
    bits = 8 if part.samples.mode == "L" else 16
    shift = (1 << bits - 1) - (1 << part.depth - 1)
    if bits == 8:
        return part.samples.point([min(255, value + shift) for value in range(256)])
    return part.samples.convert("I").point(lambda value: value * 1 + shift).convert("I;16")


def _encode(part: Part, grid: Grid) -> bytes:
    file = io.BytesIO()
    _shifted(part).save(
        file,
        "JPEG2000",
        no_jp2=True,
        progression="CPRL",
        num_resolutions=grid.levels + 1,
        offset=_on(part.step, grid.begin),
        tile_offset=_on(part.step, grid.tile_begin),
        tile_size=_on(part.step, grid.tile) if grid.tile else None,
        signed=part.is_signed,
    )
    return file.getvalue()


def _segments(data: bytes) -> tuple[dict[int, bytes], list[bytes]]:
    """Return the segments of the main header, and the packets of each tile."""
    header, at = {}, 2
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == SOT:
            break
        header[marker] = data[at + 4 : at + 2 + length]
        at += 2 + length
    tiles = []
    while struct.unpack_from(">H", data, at)[0] == SOT:
        (length,) = struct.unpack_from(">I", data, at + 6)
        assert struct.unpack_from(">H", data, at + 12)[0] == SOD
        tiles.append(data[at + 14 : at + length])
        at += length
    return header, tiles


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">HH", marker, len(content) + 2) + content


def codestream(size: tuple[int, int], parts: Sequence[Part], grid: Grid | None = None) -> bytes:
    """Return a codestream of a picture of `size` px, whose components have the samples of `parts`.

    Of a part there have to be as many samples as lie in the picture.
    """
    grid = grid or Grid()
    encoded = [_segments(_encode(part, grid)) for part in parts]
    end = tuple(at + side for at, side in zip(grid.begin, size, strict=True))
    tile = grid.tile or tuple(e - b for e, b in zip(end, grid.tile_begin, strict=True))
    sizes = struct.pack(">H8IH", 0, *end, *grid.begin, *tile, *grid.tile_begin, len(parts))
    for part, (header, _) in zip(parts, encoded, strict=True):
        depth = header[SIZ][36]
        depth = depth & 128 | part.depth - 1 if part.depth else depth
        sizes += bytes((depth, *part.step))
    data = struct.pack(">H", SOC) + _segment(SIZ, sizes)
    data += _segment(COD, encoded[0][0][COD]) + _segment(QCD, encoded[0][0][QCD])
    for number, (header, _) in enumerate(encoded[1:], 1):
        data += _segment(QCC, bytes((number,)) + header[QCD])
    for number in range(len(encoded[0][1])):
        packets = b"".join(tiles[number] for _, tiles in encoded)
        data += struct.pack(">HHHIBBH", SOT, 10, number, len(packets) + 14, 0, 1, SOD) + packets
    return data + struct.pack(">H", EOC)


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box (ISO/IEC 15444-1, I.4)."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def color(space: int | bytes, details: bytes = b"") -> bytes:
    """Return a colour specification: an enumerated space, or a profile."""
    if isinstance(space, bytes):
        return box(b"colr", b"\2\0\0" + space)
    return box(b"colr", b"\1\0\0" + struct.pack(">I", space) + details)


def definitions(*channels: tuple[int, int, int]) -> bytes:
    """Return channel definitions: channel, kind (0 colour, 1 opacity, 2 premultiplied), whose."""
    entries = b"".join(struct.pack(">3H", *each) for each in channels)
    return box(b"cdef", struct.pack(">H", len(channels)) + entries)


def palette(colors: Sequence[Sequence[int]], depth: int = 8) -> bytes:
    """Return a palette and the mapping of one component to all of its columns."""
    columns, size = len(colors[0]), (depth + 7) // 8
    values = b"".join(value.to_bytes(size) for entry in colors for value in entry)
    table = struct.pack(">HB", len(colors), columns) + bytes([depth - 1] * columns) + values
    mapping = b"".join(struct.pack(">HBB", 0, 1, column) for column in range(columns))
    return box(b"pclr", table) + box(b"cmap", mapping)


def jp2(
    size: tuple[int, int], stream: bytes, boxes: bytes, *, components: int = 3, behind: bytes = b""
) -> bytes:
    """Put boxes around a codestream; `boxes` go into its header, `behind` after it."""
    head = struct.pack(">IIHBBBB", size[1], size[0], components, 7, 7, 0, 0)
    header = box(b"jp2h", box(b"ihdr", head) + boxes)
    kind = box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    return SIGNATURE + kind + header + box(b"jp2c", stream) + behind
