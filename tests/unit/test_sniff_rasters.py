"""Bitmaps, cursors and TGA, which have a short signature, a shared one, or none."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from lib.domain.media import MediaType
from lib.sniff import sniff
from tests.support.bitmaps import QUARTERS, Header, IconImage, colored, icon, quarters

SIZE = (5, 4)


def tga(kind: int, bits: int, *, name: bytes = b"", flags: int = 0, entry: int = 0) -> bytes:
    head = struct.pack(
        "<BBBHHBHHHHBB",
        *(len(name), bool(entry), kind, 0, 256 if entry else 0, entry, 0, 0),
        *(*SIZE, bits, flags),
    )
    return head + name + bytes(entry // 8 * 256) + bytes(SIZE[0] * SIZE[1] * bits // 8)


@pytest.mark.parametrize(
    "data",
    [
        *(tga(kind, bits) for kind in (2, 10) for bits in (15, 16, 24, 32)),
        *(tga(kind, bits) for kind in (3, 11) for bits in (8, 16)),
        *(tga(kind, 8, entry=entry) for kind in (1, 9) for entry in (16, 24, 32)),
        *(tga(2, 32, flags=flags) for flags in (0x00, 0x08, 0x10, 0x20, 0x28, 0x30)),
        tga(2, 24, name=b"made by hand"),
        tga(10, 24, entry=24),
    ],
)
def test_a_tga_is_called_so(data: bytes):
    found = sniff(data)
    assert found.media_type is MediaType.UNSUPPORTED
    assert found.reason == "Truevision TGA image: not supported"


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("compression", [None, "tga_rle"])
def test_a_tga_that_others_write(mode: str, compression: str | None):
    file = io.BytesIO()
    Image.new("RGB", SIZE, "teal").convert(mode).save(file, "TGA", compression=compression)
    assert sniff(file.getvalue()).mime == "image/x-tga"


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("hotspot", [0, 3, 24])
def test_a_cursor_stays_one(count: int, hotspot: int):
    image = IconImage(content=bytes(1000), size=(32, 32), bits=hotspot)
    assert sniff(icon(*[image] * count, kind=2)).reason == "cursor: not supported"


@pytest.mark.parametrize(
    "change",
    [
        {2: 4},
        {1: 2},
        {12: 0},
        {14: 0},
        {16: 20},
        {17: 0x40},
        {5: 1},
        {7: 24},
    ],
)
def test_what_no_tga_says_is_not_known(change: dict[int, int]):
    data = bytearray(tga(2, 24))
    for at, value in change.items():
        data[at] = value
    assert sniff(bytes(data)).mime != "image/x-tga"


@pytest.mark.parametrize("length", [12, 16, 24, 40, 42, 46, 48, 52, 56, 60, 64, 108, 124])
def test_bitmaps_of_each_header(length: int):
    data = colored(Header(size=SIZE, bits=24, length=length), quarters(SIZE, QUARTERS))
    assert sniff(data).container == "bmp"


def test_an_icon_stays_one():
    assert sniff(icon(IconImage(content=b"", size=(1, 1), bits=32))).container == "ico"
