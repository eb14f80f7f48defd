"""A transparent grey or colour of a PNG is compared with all of its bits (11.3.1.1)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from lib.domain.png import SIGNATURE
from lib.imaging.load import read_picture
from tests.support.images import LIMITS
from tests.support.pngs import chunk, ihdr, palette, png

GREY, RGB, PALETTE = 0, 2, 3


def read(data: bytes) -> Image.Image:
    return read_picture(data, "png", LIMITS).image


def greys(depth: int, interlaced: bool) -> bytes:
    """One row of 8 px: the values 0 … 7, of 1 bit 0 and 1 in turn, of 16 bits in steps of one."""
    values = [value & (1 << min(depth, 8)) - 1 for value in range(8)]
    if depth == 16:
        return b"\0" + struct.pack(">8H", *[0x2000 + value for value in values])
    bits = "".join(f"{value:0{depth}b}" for value in values)
    return b"\0" + int(bits, 2).to_bytes(depth, "big")


@pytest.mark.parametrize(
    ("depth", "value", "hits"),
    [
        (1, 0, [0, 2, 4, 6]),
        (1, 1, [1, 3, 5, 7]),
        (2, 0, [0, 4]),
        (2, 1, [1, 5]),
        (2, 3, [3, 7]),
        (4, 0, [0]),
        (4, 2, [2]),
        (4, 7, [7]),
        (4, 9, []),
        (8, 0, [0]),
        (8, 5, [5]),
        (8, 200, []),
        (16, 0x2003, [3]),
        (16, 0x2007, [7]),
        (16, 0x2103, []),
        (16, 0x2008, []),
        (16, 0x0003, []),
    ],
)
def test_one_grey_is_transparent(depth: int, value: int, hits: list[int]) -> None:
    """Above its depth a value's bits do not count."""
    above = 0 if depth == 16 else 0xFF00
    found = read(
        png(
            (8, 1),
            depth,
            GREY,
            greys(depth, False),
            before=chunk(b"tRNS", struct.pack(">H", value | above)),
        )
    )
    assert (found.mode in ("LA", "RGBA")) is bool(hits)
    if hits:
        alpha = found.getchannel("A")
        assert [x for x in range(8) if alpha.getpixel((x, 0)) == 0] == hits
        assert {alpha.getpixel((x, 0)) for x in range(8)} <= {0, 255}
    most = (1 << depth) - 1
    at = 6
    raw = [value & most for value in range(8)][at] if depth < 16 else 0x2000 + at
    seen = found.convert("RGB").getpixel((at, 0))
    assert seen == (round(raw * 255 / most),) * 3


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("off", "hit"), [((0, 0, 0), True), ((1, 0, 0), False), ((0, 1, 0), False), ((0, 0, 1), False)]
)
def test_one_color_is_transparent(depth: int, off: tuple[int, int, int], hit: bool) -> None:
    color = (0x10, 0x20, 0x30) if depth == 8 else (0x1011, 0x2022, 0x3033)
    numbers = f">{'B' if depth == 8 else 'H'}".replace(">", ">6")
    raw = b"\0" + struct.pack(numbers, *color, *color[::-1])
    sought = [value + more for value, more in zip(color, off, strict=True)]
    found = read(png((2, 1), depth, RGB, raw, before=chunk(b"tRNS", struct.pack(">3H", *sought))))
    assert found.mode == ("RGBA" if hit else "RGB")
    if hit:
        assert [found.getpixel((x, 0))[3] for x in (0, 1)] == [0, 255]  # type: ignore[index]
    assert found.getpixel((1, 0))[:3] == (0x30, 0x20, 0x10)  # type: ignore[index]


@pytest.mark.parametrize("spoil", [lambda s: s[:-4] + b"\1\2\3\4", lambda s: b"\x18\x19" + s[2:]])
@pytest.mark.parametrize(
    ("model", "color"), [(RGB, (0x0102,) * 3), (RGB, (0x1011, 0x2022, 0x3033)), (GREY, (0x0102,))]
)
def test_it_is_so_too_where_the_stream_has_a_wrong_head_or_end(
    model: int, color: tuple[int, ...], spoil: Callable[[bytes], bytes]
) -> None:
    near = (*color[:-1], color[-1] ^ 1)
    raw = b"\0" + struct.pack(f">{2 * len(color)}H", *color, *near) + bytes(1 + 4 * len(color))
    data = SIGNATURE + ihdr((2, 2), 16, model)
    data += chunk(b"tRNS", struct.pack(f">{len(color)}H", *color))
    data += chunk(b"IDAT", spoil(zlib.compress(raw))) + chunk(b"IEND", b"")
    alpha = read(data).getchannel("A")
    assert list(alpha.tobytes()) == [0, 255, 255, 255]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_entries_of_a_palette_have_alpha_of_their_own(depth: int) -> None:
    count = 1 << depth
    values = [value % count for value in range(8)]
    bits = "".join(f"{value:0{depth}b}" for value in values)
    raw = b"\0" + int(bits, 2).to_bytes(depth, "big")
    alphas = bytes((128, 7))
    before = palette(count) + chunk(b"tRNS", alphas)
    alpha = read(png((8, 1), depth, PALETTE, raw, before=before)).getchannel("A")
    expected = [alphas[value] if value < 2 else 255 for value in values]
    assert [alpha.getpixel((x, 0)) for x in range(8)] == expected


@pytest.mark.parametrize("count", [1, 256, 257, 300])
def test_more_alphas_than_entries_do_no_harm(count: int) -> None:
    before = palette() + chunk(b"tRNS", bytes([9] * count))
    assert (
        read(png((1, 1), 8, PALETTE, b"\0\0", before=before)).getchannel("A").getpixel((0, 0)) == 9
    )


@pytest.mark.parametrize(("model", "raw"), [(4, b"\0\x10\x80"), (6, b"\0\x10\x20\x30\x80")])
def test_what_has_an_alpha_channel_has_no_transparent_color(model: int, raw: bytes) -> None:
    before = chunk(b"tRNS", struct.pack(">3H", 0x10, 0x20, 0x30))
    assert read(png((1, 1), 8, model, raw, before=before)).getchannel("A").getpixel((0, 0)) == 128
