"""JPEG 2000 in the colour spaces that its boxes name: what the channels are, and in what order."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.color.icc import write_profile
from lib.imaging.color.tone_map import BT_709
from lib.imaging.decoders.jp2_boxes import Jp2
from lib.imaging.decoders.jpeg2000 import _samples
from lib.imaging.decoders.openjpeg import Component
from lib.imaging.load import Picture, read_picture
from tests.support.images import LIMITS
from tests.support.jpeg2000 import (
    CIELAB,
    CMYK,
    GREY,
    SRGB,
    SYCC,
    Part,
    box,
    codestream,
    color,
    definitions,
    jp2,
    palette,
)

SIZE = (16, 16)
YCC = Image.merge("RGB", [Image.new("L", SIZE, value) for value in (220, 30, 30)]).convert("YCbCr")
LUMA, CB, CR = (channel.getpixel((0, 0)) for channel in YCC.split())
HALF = 128
ALL_RGB = ((0, 0, 1), (1, 0, 2), (2, 0, 3))


def write(levels: tuple[int, ...], boxes: bytes) -> bytes:
    """Return a file of one colour."""
    parts = [Part(Image.new("L", SIZE, level)) for level in levels]
    return jp2(SIZE, codestream(SIZE, parts), boxes, components=len(levels))


def read(data: bytes) -> Picture:
    return read_picture(data, "jpeg2000", LIMITS)


def pixel(picture: Picture) -> tuple[int, ...]:
    return tuple(picture.image.crop((5, 5, 6, 6)).tobytes())


def near(found: tuple[int, ...], wanted: tuple[int, ...], levels: int = 3) -> bool:
    return len(found) == len(wanted) and all(
        abs(a - b) <= levels for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize(
    ("levels", "boxes", "wanted"),
    [
        ((220, 30, 30), color(SRGB), (220, 30, 30)),
        ((30, 30, 220), color(SRGB) + definitions((0, 0, 3), (1, 0, 2), (2, 0, 1)), (220, 30, 30)),
        ((LUMA, CB, CR), color(SYCC), (220, 30, 30)),
        ((LUMA, CB, CR), color(3), (220, 30, 30)),
        ((CR, CB, LUMA), color(24) + definitions((0, 0, 3), (1, 0, 2), (2, 0, 1)), (220, 30, 30)),
        ((CR, CB, LUMA), color(SYCC) + definitions((0, 0, 3), (1, 0, 2), (2, 0, 1)), (220, 30, 30)),
        ((CB, LUMA, CR), color(SYCC) + definitions((0, 0, 2), (1, 0, 1), (2, 0, 3)), (220, 30, 30)),
        ((90,), color(GREY), (90,)),
        ((90,), color(SRGB), (90,)),
        ((0, 255, 255, 0), color(CMYK), (255, 0, 0)),
        ((0, 0, 0, 255), color(CMYK), (0, 0, 0)),
        ((0, 0, 0, 0), color(CMYK), (255, 255, 255)),
        (
            (255, 255, 0, 0),
            color(CMYK) + definitions((0, 0, 2), (1, 0, 3), (2, 0, 1), (3, 0, 4)),
            (255, 0, 0),
        ),
    ],
)
def test_colours(levels: tuple[int, ...], boxes: bytes, wanted: tuple[int, ...]):
    picture = read(write(levels, boxes))
    assert picture.probe.has_alpha is False
    assert near(pixel(picture), wanted)


@pytest.mark.parametrize(
    ("levels", "boxes", "wanted"),
    [
        ((220, 30, 30, HALF), color(SRGB), (220, 30, 30, HALF)),
        ((220, 30, 30, HALF), color(SRGB) + definitions(*ALL_RGB, (3, 1, 0)), (220, 30, 30, HALF)),
        (
            (HALF, 220, 30, 30),
            color(SRGB) + definitions((0, 1, 0), (1, 0, 1), (2, 0, 2), (3, 0, 3)),
            (220, 30, 30, HALF),
        ),
        ((110, 15, 15, HALF), color(SRGB) + definitions(*ALL_RGB, (3, 2, 0)), (220, 30, 30, HALF)),
        ((LUMA, CB, CR, HALF), color(SYCC), (220, 30, 30, HALF)),
        ((LUMA, CB, CR, HALF), color(SYCC) + definitions(*ALL_RGB, (3, 1, 0)), (220, 30, 30, HALF)),
        ((90, HALF), color(GREY), (90, HALF)),
        ((HALF, 90), color(GREY) + definitions((0, 1, 0), (1, 0, 1)), (90, HALF)),
        ((90, HALF), color(GREY) + definitions((0, 0, 1), (1, 1, 1)), (90, HALF)),
        ((45, HALF), color(GREY) + definitions((0, 0, 1), (1, 2, 0)), (90, HALF)),
    ],
)
def test_opacity(levels: tuple[int, ...], boxes: bytes, wanted: tuple[int, ...]):
    picture = read(write(levels, boxes))
    assert picture.probe.has_alpha
    assert near(pixel(picture), wanted)


@pytest.mark.parametrize(
    ("levels", "boxes", "wanted"),
    [
        (
            (220, 30, 30, HALF),
            color(SRGB) + definitions(*ALL_RGB, (3, 65_535, 65_535)),
            (220, 30, 30),
        ),
        ((220, 30, 30, HALF), color(SRGB) + definitions(*ALL_RGB, (3, 1, 65_535)), (220, 30, 30)),
        ((90, HALF), color(GREY) + definitions((0, 0, 1), (1, 65_535, 65_535)), (90,)),
        ((220, 30, 30), color(SRGB) + definitions((0, 0, 1), (1, 0, 1), (9, 0, 7)), (220, 30, 30)),
        ((220, 30, 30), color(SRGB) + definitions((0, 65_535, 0)), (220, 30, 30)),
        ((220, 30, 30), color(GREY), (220, 30, 30)),
        ((220, 30, 30), b"", (220, 30, 30)),
        ((220, 30, 30), color(21) + color(SRGB), (220, 30, 30)),
    ],
)
def test_what_means_nothing_is_passed_over(
    levels: tuple[int, ...], boxes: bytes, wanted: tuple[int, ...]
):
    assert near(pixel(read(write(levels, boxes))), wanted)


@pytest.mark.parametrize("space", [1, 4, 11, 13, 20, 21, 100, 2**32 - 1])
def test_colour_spaces_that_are_not_read_are_called_so(space: int):
    with pytest.raises(PermanentError) as caught:
        read(write((220, 30, 30), color(space)))
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA
    assert f"JPEG 2000 in colour space {space}" in caught.value.message


COLORS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 230, 230))


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("index", [0, 1, 2, 3, 200])
def test_palettes(is_first: bool, index: int):
    table = palette(COLORS)
    boxes = table + color(SRGB) if is_first else color(SRGB) + table
    assert pixel(read(write((index,), boxes))) == COLORS[min(index, 3)]


def test_a_palette_with_opacity():
    table = palette([(*each, 60 * number) for number, each in enumerate(COLORS)])
    boxes = table + color(SRGB) + definitions(*ALL_RGB, (3, 1, 0))
    assert pixel(read(write((2,), boxes))) == (30, 30, 220, 120)


@pytest.mark.parametrize("depth", [4, 5, 8, 10, 16])
def test_a_palette_of_other_depths(depth: int):
    most = (1 << depth) - 1
    picture = read(write((1,), palette([(0, 0, 0), (most, most // 2, 0)], depth) + color(SRGB)))
    assert near(pixel(picture), (255, 127, 0), 9 if depth < 8 else 1)


def test_a_palette_of_greys():
    picture = read(write((1,), palette([(10,), (200,)]) + color(GREY)))
    assert (picture.image.mode, pixel(picture)) == ("L", (200,))


@pytest.mark.parametrize(
    "mapping",
    [
        b"",
        box(b"cmap", struct.pack(">HBB", 0, 0, 0) * 3),
        box(b"cmap", struct.pack(">HBBHBBHBB", 0, 1, 0, 0, 1, 1, 0, 1, 9)),
    ],
)
def test_a_palette_without_its_mapping(mapping: bytes):
    table = palette(COLORS)
    table = table[: table.index(b"cmap") - 4] + mapping
    assert pixel(read(write((2,), table + color(SRGB)))) == COLORS[2]


@pytest.mark.parametrize("alpha", [None, 700])
def test_only_the_channels_that_are_shown_are_made(
    alpha: int | None, monkeypatch: pytest.MonkeyPatch
):
    made: list[int | None] = []

    def count(component: Component, jp2: Jp2, column: int | None) -> Image.Image:
        made.append(column)
        return _samples(component, jp2, column)

    monkeypatch.setattr("lib.imaging.decoders.jpeg2000._samples", count)
    table = palette(COLORS)
    table = table[: table.index(b"cmap") - 4]
    mapping = b"".join(struct.pack(">HBB", 0, 1, each % 3) for each in range(900))
    boxes = table + box(b"cmap", mapping) + color(SRGB)
    if alpha is not None:
        boxes += definitions(*ALL_RGB, (alpha, 1, 0))
    found = pixel(read(write((2,), boxes)))
    shown = (0, 1, 2) if alpha is None else (0, 1, 2, alpha % 3)
    assert made == [each % 3 for each in shown]
    assert found == tuple(COLORS[2][each % 3] for each in shown)


def test_a_palette_beside_a_component_of_its_own():
    table = palette(COLORS).replace(
        struct.pack(">HBB", 0, 1, 2), struct.pack(">HBBHBB", 0, 1, 2, 1, 0, 0)
    )
    at = table.index(b"cmap") - 4
    table = table[:at] + box(b"cmap", table[at + 8 :])
    boxes = table + color(SRGB) + definitions(*ALL_RGB, (3, 1, 0))
    assert pixel(read(write((1, HALF), boxes))) == (30, 200, 30, HALF)


@pytest.mark.parametrize(
    ("lab", "details", "wanted"),
    [
        # 255 is 100; a* is 0 at 128 of 170, b* at 96 of 200, where the file does not say.
        ((255, 128, 96), b"", (255, 255, 255)),
        ((0, 128, 96), b"", (0, 0, 0)),
        ((137, 128, 96), b"", (128, 128, 128)),
        ((138, 249, 185), b"", (255, 0, 0)),
        ((138, 209, 198), struct.pack(">7I", 100, 0, 255, 128, 255, 128, 0), (255, 0, 0)),
        ((255, 128, 128), struct.pack(">7I", 100, 0, 255, 128, 255, 128, 0), (255, 255, 255)),
    ],
)
def test_cielab(lab: tuple[int, ...], details: bytes, wanted: tuple[int, ...]):
    picture = read(write(lab, color(CIELAB, details)))
    assert picture.probe.color_space == "Lab"
    assert near(pixel(picture), wanted, 5)


def test_cielab_with_opacity():
    picture = read(write((255, 128, 96, HALF), color(CIELAB)))
    assert near(pixel(picture), (255, 255, 255, HALF), 1)


@pytest.mark.parametrize("method", [2, 3])
def test_a_profile_is_followed(method: int):
    profile = write_profile("Linear", BT_709, lambda value: value)
    assert profile
    boxes = box(b"colr", bytes((method, 0, 0)) + profile)
    picture = read(write((220, 30, 30), boxes))
    assert picture.probe.color_space == "Linear"
    assert near(pixel(picture), (238, 96, 96), 2)
    assert near(pixel(read(write((220, 30, 30, HALF), boxes))), (238, 96, 96, HALF), 2)


def test_a_profile_of_no_light_is_passed_over():
    profile = bytearray(write_profile("Dark", BT_709, lambda value: value) or b"")
    at = struct.unpack_from(">I", profile, profile.index(b"rXYZ") + 4)[0]
    profile[at + 8 : at + 20] = bytes(12)
    picture = read(write((220, 30, 30), color(bytes(profile)) + color(SRGB)))
    assert picture.probe.color_space == "sRGB"
    assert pixel(picture) == (220, 30, 30)


@pytest.mark.parametrize(
    "boxes",
    [
        box(b"pclr", b""),
        box(b"pclr", struct.pack(">HB", 0, 3)),
        box(b"pclr", struct.pack(">HB3B", 4, 3, 7, 7, 7)),
        palette(COLORS).replace(struct.pack(">HBB", 0, 1, 2), struct.pack(">HBB", 7, 1, 2)),
        box(b"cdef", b"\0"),
        box(b"colr", b""),
        box(b"colr", b"\1\0\0\0"),
    ],
)
def test_boxes_that_lie_end_for_good(boxes: bytes):
    with pytest.raises(PermanentError) as caught:
        read(write((1,), boxes))
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA
