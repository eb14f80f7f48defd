"""A JPEG 2000 is refused by what its headers make a decoder lay out."""

from __future__ import annotations

import struct

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.codestream import Coding
from lib.imaging.bounds.jpeg2000 import count_cells
from lib.imaging.decode import check_work
from lib.imaging.load import read_picture
from tests.media.hostile_images import codestream, coding, component_coding, jp2, orders
from tests.support.images import LIMITS, photo, save

LARGE = (5000, 5000)
TINY = coding(block=0)
"""One and a half million code-blocks of 4 × 4 in 25 megapixels."""

USUAL = coding()
UNKNOWN = b"\xff\x30\0\x0e"
"""A marker that has no length, and two bytes that would be one."""


def refusal(data: bytes) -> str:
    with pytest.raises(PermanentError) as caught:
        check_work(data, "jpeg2000", LIMITS)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
    return caught.value.message


def is_nonsense(data: bytes) -> bool:
    with pytest.raises(PermanentError) as caught:
        read_picture(data, "jpeg2000", LIMITS)
    return caught.value.code is ErrorCode.CORRUPT_MEDIA


def passes(data: bytes) -> None:
    check_work(data, "jpeg2000", LIMITS)


def test_code_blocks_are_counted_as_the_standard_lays_them_out():
    """1000 × 600 in two levels: bands of 500 × 300 and 250 × 150, in blocks of 64."""
    plain = Coding(2, (6, 6), ())
    found = [count_cells((0, 1000), (0, 600), plain, resolution) for resolution in range(3)]
    assert found == [(1, 4 * 3), (1, 3 * 4 * 3), (1, 3 * 8 * 5)]
    # Precincts of 128: in a band, and so its blocks, they are 64.
    divided = Coding(1, (7, 7), ((7, 7), (7, 7)))
    assert count_cells((0, 1000), (0, 600), divided, 1) == (8 * 5, 3 * 8 * 5)
    assert count_cells((0, 1000), (0, 600), divided, 0) == (4 * 3, 4 * 3)
    # Cells are those of the whole picture, wherever a tile begins.
    assert count_cells((60, 70), (0, 1), Coding(0, (6, 6), ()), 0) == (1, 2)


@pytest.mark.parametrize(
    "data",
    [
        codestream(LARGE, main=TINY),
        codestream(LARGE, main=coding(levels=0, precincts=b"\0")),
        codestream(LARGE, main=coding(levels=1, precincts=b"\x11\x11")),
        codestream(LARGE, main=USUAL + component_coding(1, block=0), components=3),
        codestream(LARGE, main=USUAL, tile_headers=[(0, TINY)]),
        codestream(LARGE, main=USUAL, tile_headers=[(0, component_coding(0, block=0))]),
        codestream(LARGE, main=USUAL, tile_headers=[(0, b""), (0, TINY)], parts=0),
        codestream(LARGE, main=USUAL + UNKNOWN + TINY),
        codestream((9000, 5000), main=USUAL, tile=(4500, 5000), tile_headers=[(1, TINY)]),
        jp2(codestream(LARGE, main=TINY), LARGE),
    ],
    ids=[
        *("blocks", "precincts-of-1", "precincts-of-2", "component", "tile", "tile-component"),
        *("second-tile-part", "behind-an-unknown-marker", "second-tile", "in-boxes"),
    ],
)
def test_blocks_and_precincts_are_bounded(data: bytes):
    assert "code-blocks and precincts" in refusal(data)


def test_blocks_of_a_tile_are_bounded():
    side, tiny = 2600, coding(block=0)
    assert "of one tile" in refusal(codestream((side, side), main=tiny))
    passes(codestream((side, side), main=tiny, tile=(side // 2, side // 2)))


def test_tiles_are_bounded():
    assert "tiles" in refusal(codestream((4000, 4000), tile=(16, 16)))
    passes(codestream((4000, 4000), tile=(64, 64)))


def test_packets_are_bounded():
    passes(codestream((1000, 1000), main=coding(layers=1000)))
    layers = coding(layers=65_535, precincts=b"\x77" * 6)
    assert "packets" in refusal(codestream((1000, 1000), main=layers))
    assert "packets" in refusal(codestream((1000, 1000), tile_headers=[(0, layers)]))


def test_the_codestream_is_the_one_that_is_decoded():
    """Not the first bytes that look like one, in a box that decoders pass over."""
    size = (64, 48)
    decoy = save(photo(size), "jpeg2000", no_jp2=True)
    hidden = struct.pack(">I", 8 + len(decoy)) + b"free" + decoy
    assert "code-blocks" in refusal(jp2(codestream(LARGE, main=TINY), LARGE, before=hidden))
    real = save(photo(size), "jpeg2000")
    at = real.index(b"jp2c") - 4
    bomb = codestream(LARGE, main=TINY)
    harmless = struct.pack(">I", 8 + len(bomb)) + b"free" + bomb
    assert read_picture(real[:at] + harmless + real[at:], "jpeg2000", LIMITS).probe.width == 64


def test_what_the_standard_does_not_know_is_corrupt():
    size = (64, 48)
    palette = struct.pack(">HB", 2, 200) + b"\x07" * 200 + bytes(400)
    inside = struct.pack(">I", 8 + len(palette)) + b"pclr" + palette
    assert is_nonsense(jp2(codestream(size), size, inside=inside))
    assert is_nonsense(codestream(size, main=coding(levels=33)))
    assert is_nonsense(codestream(size, main=coding(block=11)))
    assert is_nonsense(codestream(size, components=0))
    assert is_nonsense(codestream(size, tile=(0, 48)))
    assert is_nonsense(codestream(size, main=coding(levels=1, precincts=b"\0\0")))
    assert is_nonsense(codestream(size)[:60])


def test_a_tile_is_decoded_once():
    again = codestream((64, 64), tile=(32, 32), tile_headers=[(0, b""), (0, b"")])
    assert is_nonsense(again)
    with pytest.raises(ValueError, match="all parts of tile 0"):
        check_work(again, "jpeg2000", LIMITS)


def test_places_of_packets_are_bounded():
    """Few precincts, narrow in one component and low in the other: a million and a half places."""
    narrow, low = bytes([0xFF] * 5 + [0xF1]), bytes([0xFF] * 5 + [0x1F])
    headers = coding(precincts=narrow) + component_coding(1, precincts=low)
    passes(codestream((2500, 2500), main=headers, components=2))
    again = codestream((2500, 2500), main=headers + orders(20, 2), components=2)
    assert "positions of packets" in refusal(again)
    # The same by one component's resolutions, and in the header of a tile.
    crossed = coding(precincts=bytes([0xFF] * 4 + [0x1F, 0xF1]))
    passes(codestream((2500, 2500), main=crossed))
    again = codestream((2500, 2500), main=crossed, tile_headers=((0, orders(30)),))
    assert "positions of packets" in refusal(again)


def test_usual_orders_pass():
    passes(codestream((9000, 9000), main=coding(precincts=b"\x77" * 6) + orders(5)))
