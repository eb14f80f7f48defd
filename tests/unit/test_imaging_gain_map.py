"""A gain map beside a picture is told, and the picture stays what it is without one."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import pytest
from PIL import Image

from lib.imaging.decoders.gain_map import has_gain_map
from lib.imaging.load import Picture, read_picture
from tests.media.hostile_images import Item
from tests.support.boxes import box
from tests.support.image_items import coded_item, with_properties, write
from tests.support.images import LIMITS, photo, save

NAMESPACE = (
    b'<x:xmpmeta><r xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>'
)
APPLES = b'<x:xmpmeta><r xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/"/>'
APPLES_TYPE = b"<x:xmpmeta><t>urn:com:apple:photo:2020:aux:hdrgainmap</t>"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
ISO = b"urn:iso:std:iso:ts:21496:-1\0"


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def jpeg(image: Image.Image, *segments: bytes) -> bytes:
    data = save(image, "jpeg", quality=90)
    return data[:2] + b"".join(segments) + data[2:]


def index(offset: int, size: int, order: str = ">") -> bytes:
    """A Multi-Picture index of two pictures; the first has the offset 0 (CIPA DC-007)."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    entries = [(0xB000, 7, 4, b"0100"), (0xB001, 4, 1, struct.pack(order + "I", 2))]
    directory = struct.pack(order + "H", 3)
    for tag, kind, count, value in entries:
        directory += struct.pack(order + "HHI", tag, kind, count) + value
    at = 8 + 2 + 3 * 12 + 4
    directory += struct.pack(order + "HHII", 0xB002, 7, 32, at) + bytes(4)
    pictures = struct.pack(order + "IIIHH", 0x20030000, 0, 0, 0, 0)
    pictures += struct.pack(order + "IIIHH", 0, size, offset, 0, 0)
    return segment(0xE2, b"MPF\0" + head + directory + pictures)


SMALL = Image.new("L", (40, 30), 90)


def multi_picture(second: bytes, *firsts: bytes, order: str = ">", off: int = 0) -> bytes:
    """A file of a photo and, behind it, a second picture that its index finds."""

    def first(offset: int) -> bytes:
        return jpeg(photo(), *firsts, index(offset, len(second), order))

    whole = first(0)
    place = len(whole) - (whole.index(b"MPF\0") + 4)
    return first(place + off) + second


def read(data: bytes, container: str = "jpeg") -> Picture:
    return read_picture(data, container, LIMITS)


SECONDS = {
    "ultra-hdr": jpeg(SMALL, segment(0xE1, XMP + NAMESPACE)),
    "iso": jpeg(SMALL, segment(0xE2, ISO + bytes(10))),
    "apple": jpeg(SMALL, segment(0xE1, b"Exif\0\0MM\0*"), segment(0xE1, XMP + APPLES)),
    "apple-type": jpeg(SMALL, segment(0xE1, XMP + APPLES_TYPE)),
}


@pytest.mark.parametrize("second", SECONDS.values(), ids=SECONDS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_gain_map_is_told_and_the_picture_stays(second: bytes, order: str):
    picture = read(multi_picture(second, order=order))
    assert picture.probe.hdr == "gain-map"
    alone = read(jpeg(photo()))
    assert picture.image.tobytes() == alone.image.tobytes()
    assert alone.probe.hdr is None
    assert picture.probe.color_space == alone.probe.color_space


def test_what_the_first_picture_says_is_not_enough():
    """An editor that dropped the map left the words."""
    words = segment(0xE1, XMP + NAMESPACE), segment(0xE2, ISO + bytes(10))
    assert not has_gain_map(jpeg(photo(), *words))
    assert not has_gain_map(multi_picture(jpeg(SMALL), *words))
    assert has_gain_map(multi_picture(SECONDS["ultra-hdr"], *words))


def test_a_second_view_is_no_gain_map():
    assert not has_gain_map(multi_picture(jpeg(photo(), segment(0xE1, XMP + b"<x:xmpmeta/>"))))


@pytest.mark.parametrize("off", [-1, 1, 1_000_000, -(2**20)])
def test_an_index_that_leads_astray_finds_none(off: int):
    data = multi_picture(SECONDS["iso"], off=off % 2**32 if off < -100 else off)
    assert not has_gain_map(data)
    assert read(data).probe.hdr is None


def test_nothing_that_is_damaged_raises():
    whole = multi_picture(SECONDS["apple"])
    begin = whole.index(b"MPF\0")
    chance = random.Random(5)
    told = 0
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(begin, begin + 90)] = chance.choice(
                (0, 1, 255, chance.randrange(256))
            )
        cut = chance.randrange(len(damaged)) if chance.random() < 0.2 else len(damaged)
        told += has_gain_map(bytes(damaged[:cut]))
    assert 0 < told < 2000


# HEIC and AVIF


@pytest.mark.parametrize("container", ["avif", "heif"])
def test_a_gain_map_of_items_is_told(container: str):
    picture = coded_item(photo((128, 96)), container)
    gains = coded_item(Image.new("L", (64, 64), 90), container)
    toned = Item(b"tmap", bytes(62), [], {b"dimg": [1, 2]})
    data = write(container, picture, gains, toned)
    plain = read(write(container, picture), container)
    assert plain.probe.hdr is None
    assert read(data, container).probe.hdr == "gain-map"
    assert read(data, container).image.tobytes() == plain.image.tobytes()


def test_apples_gain_map_of_items_is_told():
    picture = coded_item(photo((128, 96)), "heif")
    gains = coded_item(Image.new("L", (64, 64), 90), "heif")

    def with_auxiliary(name: bytes) -> bytes:
        auxiliary = with_properties(gains, box(b"auxC", bytes(4) + name + b"\0"))
        return write("heif", picture, replace(auxiliary, references={b"auxl": [1]}))

    assert (
        read(with_auxiliary(b"urn:com:apple:photo:2020:aux:hdrgainmap"), "heif").probe.hdr
        == "gain-map"
    )
    assert read(with_auxiliary(b"urn:mpeg:hevc:2015:auxid:2"), "heif").probe.hdr is None


def test_a_gain_map_of_another_item_is_not_the_pictures():
    picture = coded_item(photo((128, 96)), "avif")
    gains = coded_item(Image.new("L", (64, 64), 90), "avif")
    toned = Item(b"tmap", bytes(62), [], {b"dimg": [2, 3]})
    data = write("avif", picture, gains, gains, toned)
    assert read(data, "avif").probe.hdr is None


def test_an_index_behind_many_segments_is_found():
    depth = [segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(1000))] * 300
    assert has_gain_map(multi_picture(SECONDS["iso"], *depth))
