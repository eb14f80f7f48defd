"""TIFFs whose tags tell too little, too much, or of kinds that are not read."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from lib.domain.errors import ErrorCode
from lib.imaging.bounds.ifd import read_first
from tests.media.make_tiffs import (
    CMYK,
    GREY,
    PACKINGS,
    RGB,
    YCBCR,
    Kind,
    write,
)
from tests.support.tiffs import read, refused


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("lengths", [None, [0] * 4, [1, 1, 1, 1]])
def test_strips_whose_lengths_are_not_told(packing: str, lengths: list[int] | None):
    """Old writers leave them out, or zero; of what is not packed they are known anyhow."""
    kind = Kind(RGB, packing=packing, rows=3)
    wanted = read(write(kind)).image
    data = bytearray(write(replace(kind, more={279: ("I", lengths or [0] * 4)})))
    if lengths is None:
        at = data.index(struct.pack("<HH", 279, 4), struct.unpack_from("<I", data, 4)[0])
        struct.pack_into("<H", data, at, 280)  # a tag that nobody reads
    if lengths == [1, 1, 1, 1] and packing != "raw":
        assert refused(bytes(data)).code is ErrorCode.CORRUPT_MEDIA
        return
    assert read(bytes(data)).image.tobytes() == wanted.tobytes()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Kind(RGB, more={259: ("H", [34_887])}), "compression 34887"),
        (Kind(RGB, more={262: ("H", [32_844])}), "colours of kind 32844"),
        (Kind(GREY, 1, 1, more={262: ("H", [RGB])}), "1 samples where colours have 3"),
        (Kind(GREY, 16, 1, more={339: ("H", [2])}), "signed or complex numbers"),
        (Kind(GREY, 8, 1, more={339: ("H", [3])}), "numbers of 8 bits with a point"),
        (Kind(GREY, 12, 1, packing="lzw", more={317: ("H", [2])}), "a predictor for 12 bits"),
        (Kind(CMYK, 8, 4, more={277: ("H", [9])}), "9 samples a pixel"),
        (Kind(YCBCR, planar=True, more={530: ("H", [2, 2])}), "subsampled colours in planes"),
        (Kind(RGB, 16, more={259: ("H", [7])}), "samples of 16 bits in what packs 8"),
        (Kind(GREY, 8, 1, more={259: ("H", [4])}), "fax of other than single bits"),
    ],
)
def test_what_is_not_read_says_so(kind: Kind, why: str):
    error = refused(write(kind))
    assert error.code is ErrorCode.UNSUPPORTED_MEDIA
    assert error.message.startswith(f"TIFF with {why}")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("big", [False, True])
def test_a_page_is_turned_by_its_tag(orientation: int, big: bool):
    plain = read(write(Kind(RGB, 16, planar=True))).image
    data = write(Kind(RGB, 16, planar=True, order=">", big=big, more={274: ("H", [orientation])}))
    turned = plain.getexif()
    turned[274] = orientation
    from PIL import ImageOps

    expected = ImageOps.exif_transpose(plain)
    assert expected is not None
    assert read(data).image.tobytes() == expected.tobytes()
    assert read(data).probe.orientation == orientation


def test_a_strip_that_ends_before_its_rows_is_not_filled_from_the_next():
    kind = Kind(GREY, 8, 1, rows=3)
    data = bytearray(write(kind))
    page = read_first(bytes(data))
    (first, second, *_), at = page.numbers(273), page.entries[273].at
    struct.pack_into("<I", data, at, second - 16)  # one row before the second strip
    struct.pack_into("<I", data, page.entries[279].at, 16)
    picture = read(bytes(data))
    assert first == 8
    assert picture.probe.warnings[0].message == "cut short: 10 of 12 lines are there"


def test_planes_that_nobody_asks_for_need_not_be_there():
    kind = Kind(RGB, extras=(0, 2, 0), planar=True, packing="lzw")
    data = bytearray(write(kind))
    wanted = read(bytes(data)).image
    at = read_first(bytes(data)).entries[273].at
    for plane in (3, 5):
        struct.pack_into("<I", data, at + 4 * plane, len(data))
    picture = read(bytes(data))
    assert picture.probe.complete is True
    assert picture.image.tobytes() == wanted.tobytes()


def renamed(data: bytes, tags: dict[int, int]) -> bytes:
    """Return a little-endian file with other tags in place of some."""
    changed = bytearray(data)
    (at,) = struct.unpack_from("<I", changed, 4)
    for old, new in tags.items():
        struct.pack_into("<H", changed, changed.index(struct.pack("<H", old), at + 2), new)
    return bytes(changed)


@pytest.mark.parametrize("packing", ["raw", "lzw"])
def test_tiles_whose_places_are_told_as_those_of_strips(packing: str):
    data = write(Kind(RGB, tile=16, size=(37, 21), packing=packing))
    told = renamed(data, {324: 273, 325: 279})
    assert read(told).image.tobytes() == read(data).image.tobytes()


@pytest.mark.parametrize("planar", [False, True])
def test_rows_of_a_strip_are_counted_where_the_tag_says_too_many(planar: bool):
    kind = Kind(RGB, rows=4, planar=planar, packing="lzw")
    lying = replace(kind, more={278: ("I", [2_147_483_649])})
    assert read(write(lying)).image.tobytes() == read(write(kind)).image.tobytes()


def test_signed_bytes_are_taken_as_they_are():
    plain = Kind(GREY, 8, 1)
    signed = replace(plain, more={339: ("H", [2])})
    assert read(write(signed)).image.tobytes() == read(write(plain)).image.tobytes()
