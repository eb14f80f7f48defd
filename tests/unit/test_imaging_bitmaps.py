"""Bitmaps of every version, depth and mask: each pixel as it was written, or as Chromium shows."""

from __future__ import annotations

import struct

import pytest

from lib.imaging.load import Picture, read_picture
from tests.support.bitmaps import (
    BITFIELDS,
    QUARTERS,
    RGB_MASKS,
    Header,
    bmp,
    colored,
    corners,
    near,
    opaque,
    pack_indices,
    palette_of,
    quarters,
)
from tests.support.images import LIMITS

SIZE = (7, 6)
SEEN = ((220, 30, 30, 255), (30, 200, 30, 128), (30, 30, 220, 0), (230, 230, 230, 64))
BGRA = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
ALPHABITFIELDS = 6


def read(data: bytes) -> Picture:
    return read_picture(data, "bmp", LIMITS)


@pytest.mark.parametrize("length", [40, 52, 56, 64, 108, 124])
@pytest.mark.parametrize("bits", [24, 32])
@pytest.mark.parametrize("downwards", [False, True])
def test_colours_of_each_version(length: int, bits: int, downwards: bool):
    height = -SIZE[1] if downwards else SIZE[1]
    header = Header(size=(SIZE[0], height), bits=bits, length=length)
    picture = read(colored(header, quarters(SIZE, QUARTERS), RGB_MASKS[bits]))
    assert picture.image.mode == "RGB"
    assert picture.image.size == SIZE
    assert corners(picture.image) == opaque()
    assert picture.probe.complete


def test_colours_of_a_core_header():
    header = Header(size=SIZE, bits=24, length=12)
    assert corners(read(colored(header, quarters(SIZE, QUARTERS))).image) == opaque()


@pytest.mark.parametrize("length", [16, 24, 42, 46, 48, 60, 64])
def test_any_part_of_the_header_of_os2(length: int):
    header = Header(size=SIZE, bits=24, length=length)
    assert corners(read(colored(header, quarters(SIZE, QUARTERS))).image) == opaque()


@pytest.mark.parametrize(
    ("bits", "masks", "levels"),
    [
        (16, (0x7C00, 0x3E0, 0x1F), 4),
        (16, (0xF800, 0x7E0, 0x1F), 4),
        (16, (0x1F, 0x7E0, 0xF800), 4),
        (16, (0xF00, 0xF0, 0xF), 8),
        (16, (0xF000, 0xF00, 0xF0), 8),
        (16, (0xF, 0xF0, 0xF00), 8),
        (16, (0xE000, 0x1C00, 0x300), 42),
        (16, (0xE0, 0x1C, 0x3), 42),
        (24, (0xFF, 0xFF00, 0xFF0000), 0),
        (24, (0x3F, 0xFC0, 0x3F000), 2),
        (32, (0xFF, 0xFF00, 0xFF0000), 0),
        (32, (0xFF000000, 0xFF0000, 0xFF00), 0),
        (32, (0xFF00, 0xFF0000, 0xFF000000), 0),
        (32, (0xFF000000, 0xFF00, 0xFF), 0),
        (32, (0xFF0000, 0xFF000000, 0xFF), 0),
        (32, (0x3FF00000, 0xFFC00, 0x3FF), 1),
        (32, (0x3FF, 0xFFC00, 0x3FF00000), 1),
        (32, (0x7FF, 0x3FF800, 0xFFC00000), 1),
        (32, (0xFF00000, 0xFF000, 0xFF0), 0),
        (32, (0x1FE0000, 0x1FE00, 0x1FE), 0),
        (32, (0xFFFF0000, 0xFF00, 0xFF), 1),
        (32, (0xFC000000, 0x3F00000, 0xFC000), 2),
    ],
)
@pytest.mark.parametrize("length", [40, 108])
def test_bit_fields(bits: int, masks: tuple[int, ...], levels: int, length: int):
    header = Header(size=SIZE, bits=bits, length=length, compression=BITFIELDS, masks=masks)
    image = read(colored(header, quarters(SIZE, QUARTERS))).image
    assert image.mode == "RGB"
    assert near(corners(image), opaque(), levels)


def test_the_highest_and_the_lowest_of_few_bits_are_white_and_black():
    header = Header(size=(2, 1), bits=16, compression=BITFIELDS, masks=(0xF00, 0xF0, 0xF))
    image = read(colored(header, [[(255, 255, 255), (0, 0, 0)]])).image
    assert image.tobytes() == b"\xff\xff\xff\0\0\0"


@pytest.mark.parametrize(
    ("length", "compression", "masks"),
    [
        (56, BITFIELDS, BGRA),
        (108, BITFIELDS, BGRA),
        (124, BITFIELDS, BGRA),
        (124, 0, BGRA),
        (108, 0, BGRA),
        (124, 0, (0, 0, 0, 0x80000000)),
        (124, 0, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
        (40, ALPHABITFIELDS, BGRA),
        (124, BITFIELDS, (0xFF000000, 0xFF0000, 0xFF00, 0xFF)),
        (124, BITFIELDS, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
        (124, BITFIELDS, (0xFF0000, 0xFF, 0xFF000000, 0xFF00)),
    ],
)
def test_alpha_where_the_header_has_a_mask_for_it(
    length: int, compression: int, masks: tuple[int, ...]
):
    header = Header(size=SIZE, bits=32, length=length, compression=compression, masks=masks)
    picture = read(colored(header, quarters(SIZE, SEEN), masks if compression else BGRA))
    assert picture.probe.has_alpha
    assert corners(picture.image) == list(SEEN)


@pytest.mark.parametrize("masks", [(0xF00, 0xF0, 0xF, 0xF000), (0xF000, 0xF00, 0xF0, 0xF)])
def test_alpha_of_four_bits(masks: tuple[int, ...]):
    header = Header(size=SIZE, bits=16, length=124, compression=BITFIELDS, masks=masks)
    image = read(colored(header, quarters(SIZE, SEEN))).image
    assert [corner[3] for corner in corners(image)] == [255, 136, 0, 68]


@pytest.mark.parametrize("length", [40, 52, 56])
def test_the_fourth_byte_is_no_alpha_without_a_mask(length: int):
    header = Header(size=SIZE, bits=32, length=length, masks=() if length == 40 else BGRA)
    picture = read(colored(header, quarters(SIZE, SEEN), BGRA))
    assert picture.probe.has_alpha is False
    assert corners(picture.image) == opaque(SEEN)


def test_alpha_that_has_no_room_in_a_pixel_is_none():
    header = Header(size=SIZE, bits=24, length=108, masks=BGRA)
    picture = read(colored(header, quarters(SIZE, QUARTERS), RGB_MASKS[24]))
    assert picture.probe.has_alpha is False
    assert corners(picture.image) == opaque()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("length", [12, 40, 64, 124])
def test_palettes(bits: int, length: int):
    indices = [0, 1, 1, 0] if bits == 1 else [0, 1, 2, 3]
    entry = 3 if length == 12 else 4
    palette = palette_of(QUARTERS, entry).ljust(entry << bits, b"\0")[: entry << bits]
    rows = b"".join(reversed(pack_indices(quarters(SIZE, indices), bits)))
    image = read(bmp(Header(size=SIZE, bits=bits, length=length), rows, palette=palette)).image
    assert corners(image) == opaque([QUARTERS[index] for index in indices])


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("told", [0, 2, 300])
def test_entries_that_a_palette_does_not_have_are_black(bits: int, told: int):
    header = Header(size=SIZE, bits=bits, colors=told)
    rows = b"".join(reversed(pack_indices(quarters(SIZE, [0, 1, 2, 3]), bits)))
    image = read(bmp(header, rows, palette=palette_of(QUARTERS[:2]))).image
    assert corners(image) == opaque([*QUARTERS[:2], (0, 0, 0), (0, 0, 0)])


def test_a_grey_palette_makes_a_grey_picture():
    greys = [(value, value, value) for value in (0, 90, 200, 255)]
    rows = b"".join(reversed(pack_indices(quarters(SIZE, [3, 2, 1, 0]), 2)))
    picture = read(bmp(Header(size=SIZE, bits=2, colors=4), rows, palette=palette_of(greys)))
    assert picture.image.mode == "L"
    assert picture.probe.color_space == "grey"
    assert corners(picture.image) == opaque(greys[::-1])


@pytest.mark.parametrize("length", [40, 108])
def test_pixels_follow_the_header_where_the_file_does_not_say(length: int):
    data = bytearray(colored(Header(size=SIZE, bits=24, length=length), quarters(SIZE, QUARTERS)))
    struct.pack_into("<I", data, 10, 0)
    assert corners(read(bytes(data)).image) == opaque()
