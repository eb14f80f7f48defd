"""Icons: the best of their images, whatever their directory says of it, and what of it shows."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.load import Picture, read_picture
from tests.support.bitmaps import (
    BITFIELDS,
    QUARTERS,
    RGB_MASKS,
    Header,
    IconImage,
    Pixel,
    corners,
    dib,
    icon,
    pack,
    pack_indices,
    palette_of,
    quarters,
)
from tests.support.images import LIMITS

SIZE = (9, 8)
"""Its mask has padding."""

BGRA = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
SEEN = ((220, 30, 30, 255), (30, 200, 30, 128), (30, 30, 220, 0), (230, 230, 230, 64))
HIDDEN = tuple((*color, 0) for color in QUARTERS)
MASK = (0, 0, 1, 0)
MASKED = [(*color, 0 if bit else 255) for color, bit in zip(QUARTERS, MASK, strict=True)]
OPAQUE = [(*color, 255) for color in QUARTERS]


def read(data: bytes) -> Picture:
    return read_picture(data, "ico", LIMITS)


def bitmap(
    bits: int,
    values: Sequence[Pixel] = QUARTERS,
    *,
    mask: Sequence[int] = MASK,
    size: tuple[int, int] = SIZE,
    length: int = 40,
    masks: Sequence[int] = (),
) -> bytes:
    """Write an icon's bitmap; up to 8 bits its palette has the four colours."""
    header = Header(
        size=(size[0], 2 * size[1]),
        bits=bits,
        length=length,
        compression=BITFIELDS if masks else 0,
        masks=masks,
    )
    shown = quarters(size, mask) if mask else ()
    if bits > 8:
        packed = BGRA if bits == 32 else RGB_MASKS[bits]
        return dib(header, pack(quarters(size, values), bits, masks or packed), shown)
    palette = palette_of(QUARTERS).ljust(4 << bits, b"\0")[: 4 << bits]
    rows = pack_indices(quarters(size, [number % (1 << bits) for number in range(4)]), bits)
    return dib(header, rows, shown).replace(bytes(header), bytes(header) + palette, 1)


def png(size: tuple[int, int], mode: str = "RGBA") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, {"RGBA": (220, 30, 30, 128), "RGB": (220, 30, 30)}[mode]).save(
        file, "PNG"
    )
    return file.getvalue()


def one(content: bytes, told: int = 32, size: tuple[int, int] = SIZE) -> bytes:
    return icon(IconImage(content=content, size=size, bits=told))


@pytest.mark.parametrize("told", [0, 1, 4, 8, 24, 32])
def test_alpha_counts_whatever_the_directory_says(told: int):
    assert corners(read(one(bitmap(32, SEEN), told)).image) == list(SEEN)


@pytest.mark.parametrize("told", [0, 1, 8, 32])
@pytest.mark.parametrize("bits", [24, 8, 4])
def test_the_mask_counts_where_there_is_no_alpha(bits: int, told: int):
    assert corners(read(one(bitmap(bits), told)).image) == MASKED


@pytest.mark.parametrize("told", [1, 32])
def test_the_mask_counts_where_all_alpha_is_0(told: int):
    assert corners(read(one(bitmap(32, HIDDEN), told)).image) == MASKED


def test_all_alpha_0_and_no_mask_is_opaque():
    picture = read(one(bitmap(32, HIDDEN, mask=())))
    assert corners(picture.image) == OPAQUE
    assert picture.probe.has_alpha is False
    assert picture.probe.complete


def test_alpha_counts_more_than_a_mask():
    values = [(*color, 255) for color in QUARTERS]
    assert corners(read(one(bitmap(32, values, mask=(1, 1, 1, 1)))).image) == OPAQUE


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_palettes(bits: int):
    found = corners(read(one(bitmap(bits, mask=(0, 0, 0, 0)), bits)).image)
    assert found == [OPAQUE[number % (1 << bits)] for number in range(4)]


def test_sixteen_bits():
    found = corners(read(one(bitmap(16), 16)).image)
    assert [color[3] for color in found] == [255, 255, 0, 255]
    assert all(abs(a - b) <= 4 for a, b in zip(found[0], MASKED[0], strict=True))


@pytest.mark.parametrize("length", [108, 124])
def test_later_headers_with_a_mask_of_alpha(length: int):
    assert corners(read(one(bitmap(32, SEEN, length=length, masks=BGRA))).image) == list(SEEN)


def test_bit_fields_without_alpha_have_the_mask():
    content = bitmap(32, QUARTERS, masks=(0xFF, 0xFF00, 0xFF0000))
    assert corners(read(one(content)).image) == MASKED


@pytest.mark.parametrize("told", [(1, 1), (16, 16), (0, 0)])
def test_the_size_is_the_bitmaps_own(told: tuple[int, int]):
    picture = read(one(bitmap(32, SEEN), size=told))
    assert (picture.probe.width, picture.probe.height) == SIZE
    assert corners(picture.image) == list(SEEN)


@pytest.mark.parametrize("lie", [False, True])
def test_the_deepest_of_the_largest(lie: bool):
    data = icon(
        IconImage(content=bitmap(8), size=SIZE, bits=32 if lie else 8),
        IconImage(content=bitmap(32, SEEN), size=SIZE, bits=8 if lie else 32),
        IconImage(content=bitmap(32, OPAQUE, size=(4, 4)), size=(4, 4), bits=32),
    )
    assert corners(read(data).image) == list(SEEN)


@pytest.mark.parametrize("lie", [False, True])
def test_the_largest(lie: bool):
    sizes = [(16, 16), (20, 20)]
    data = icon(
        IconImage(content=bitmap(32, SEEN, size=sizes[0]), size=sizes[lie], bits=32),
        IconImage(content=bitmap(4, size=sizes[1]), size=sizes[not lie], bits=4),
    )
    assert read(data).image.size == sizes[1]


@pytest.mark.parametrize("first", [False, True])
def test_a_png_among_bitmaps(first: bool):
    images = [
        IconImage(content=png((64, 64)), size=(64, 64), bits=32),
        IconImage(content=bitmap(32, SEEN), size=SIZE, bits=32),
    ]
    picture = read(icon(*(images if first else images[::-1])))
    assert corners(picture.image) == [(220, 30, 30, 128)] * 4


def test_a_png_of_256_px_whose_size_has_no_room():
    assert read(one(png((256, 256), "RGB"), size=(0, 0))).image.size == (256, 256)


def test_a_bitmap_is_better_than_a_png_of_fewer_bits():
    data = icon(
        IconImage(content=png(SIZE, "RGB"), size=SIZE, bits=32),
        IconImage(content=bitmap(32, SEEN), size=SIZE, bits=32),
    )
    assert corners(read(data).image) == list(SEEN)


@pytest.mark.parametrize("told", [1, 10_000_000])
def test_the_length_in_the_directory_is_not_believed(told: int):
    data = bytearray(one(bitmap(24), 24))
    struct.pack_into("<I", data, 6 + 8, told)
    assert corners(read(bytes(data)).image) == MASKED


def test_an_image_that_cannot_be_read_is_passed_over():
    data = icon(
        IconImage(content=b"\xff" * 60, size=(32, 32), bits=32),
        IconImage(content=bitmap(32, SEEN), size=SIZE, bits=32),
    )
    assert corners(read(data).image) == list(SEEN)


@pytest.mark.parametrize("largest", ["png", "bitmap"])
def test_the_largest_that_is_there_where_the_end_was_cut(largest: str):
    content = png((64, 64)) if largest == "png" else bitmap(24, size=(64, 64))
    data = icon(
        IconImage(content=bitmap(32, SEEN), size=SIZE, bits=32),
        IconImage(content=content, size=(64, 64), bits=32),
    )
    kept = 45 if largest == "bitmap" else len(content) // 12
    picture = read(data[: len(data) - len(content) + kept])
    assert corners(picture.image) == list(SEEN)
    (warning,) = picture.probe.warnings
    assert (warning.code, "1 of 2 images" in warning.message) == (WarningCode.DAMAGED, True)


def test_a_header_beyond_the_limit_is_no_image_where_its_pixels_are_missing():
    large = bytes(Header(size=(60_000, 120_000), bits=32))
    data = icon(
        IconImage(content=large, size=(0, 0), bits=32),
        IconImage(content=bitmap(32, SEEN), size=SIZE, bits=32),
    )
    assert corners(read(data).image) == list(SEEN)
    with pytest.raises(PermanentError) as caught:
        read(one(large))
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED


def test_a_directory_that_promises_more_images():
    data = bytearray(one(bitmap(24), 24))
    struct.pack_into("<H", data, 4, 65_535)
    assert corners(read(bytes(data)).image) == MASKED


@pytest.mark.parametrize("lost", [1, 8, 16, 32])
def test_rows_of_the_mask_that_are_missing_hide_nothing(lost: int):
    picture = read(one(bitmap(24)[:-lost], 24))
    shown = [color[3] for color in corners(picture.image)]
    assert shown == [255, 255, 255 if lost == 32 else 0, 255]
    assert picture.probe.complete


def test_rows_of_the_picture_that_are_missing_are_transparent():
    content = bitmap(24, mask=())
    picture = read(one(content[: len(content) - 3 * 28], 24))
    assert corners(picture.image)[:2] == [(0, 0, 0, 0)] * 2
    assert corners(picture.image)[2:] == OPAQUE[2:]
    assert picture.probe.complete is False


@pytest.mark.parametrize(
    "data",
    [
        icon(),
        one(b""),
        one(b"\xff" * 60),
        one(bytes(Header(size=(8, 1), bits=32)) + bytes(600)),
        one(bytes(Header(size=(8, 16), bits=8, compression=1)) + bytes(1600)),
        one(bitmap(24)[:60], 24),
    ],
)
def test_an_icon_without_an_image_is_corrupt(data: bytes):
    with pytest.raises(PermanentError) as caught:
        read(data)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA
