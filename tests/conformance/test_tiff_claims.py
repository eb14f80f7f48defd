"""TIFFs and Photoshop documents that claim more than their bytes hold."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.ifd import read_first
from lib.imaging.decode import open_header
from lib.imaging.decoders import tiff_codecs
from lib.imaging.decoders.libtiff import Packing, unpack_rows
from lib.imaging.decoders.tiff import FACTS_BYTES
from lib.imaging.load import Picture, read_picture
from tests.media import make_psds
from tests.media.make_tiffs import CMYK, GREY, RGB, Kind, assemble, write
from tests.support.images import LIMITS


def read(data: bytes, container: str = "tiff") -> Picture:
    return read_picture(data, container, LIMITS)


def refused(data: bytes, container: str = "tiff") -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        read(data, container)
    return caught.value


@pytest.fixture
def no_canvas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing make an image that is large."""
    new = Image.new

    def small(mode: str, size: tuple[int, int], *rest: Any) -> Image.Image:
        assert size[0] * size[1] < 1_000_000
        return new(mode, size, *rest)

    monkeypatch.setattr(Image, "new", small)


def with_many_tags(count: int, order: str, pointer: int = 0) -> bytes:
    """Return a TIFF of many texts that are the same 4,096 bytes, and of a camera.

    They are in its first directory, or in that which a pointer tells of.
    """
    packed = write(Kind(GREY, 8, 1, order=order))
    page = read_first(packed)
    text_at = len(packed)
    texts = [(40_000 + at, 2, 4096, struct.pack(order + "I", text_at)) for at in range(count)]
    first = [
        (tag, each.type, each.count, packed[each.at : each.at + 4].ljust(4, b"\0"))
        for tag, each in page.entries.items()
        if tag != 0x10F
    ]
    first.append((0x10F, 2, 4, b"Ada\0"))
    details = text_at + 4096
    if pointer:
        first.append((pointer, 4, 1, struct.pack(order + "I", details)))
    lists = [texts, first] if pointer else [first + texts]
    data = packed + bytes([65] * 4095) + b"\0"
    for entries in lists:
        at = len(data)
        data += struct.pack(order + "H", len(entries))
        for tag, kind, number, value in sorted(entries):
            data += struct.pack(order + "HHI", tag, kind, number) + value
        data += bytes(4)
    return data[:4] + struct.pack(order + "I", at) + data[8:]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("pointer", [0, 0x8769, 0x8825])
def test_tags_of_the_same_bytes_are_not_written_again_and_again(order: str, pointer: int):
    data = with_many_tags(3000, order, pointer)
    assert len(data) < 50_000
    assert len(open_header(data, "tiff", LIMITS).info["exif"]) < 2 * FACTS_BYTES
    assert read(data).probe.camera == "Ada"


def claiming(kind: Kind, size: tuple[int, int], there: int) -> bytes:
    """Return a TIFF of one strip in each plane, in all of which so many bytes are there."""
    planes = kind.channels if kind.planar else 1
    parts = [bytes(there // planes)] * planes
    return assemble(parts, replace(kind, size=size, rows=size[1]), kind.channels)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("planar", [False, True])
def test_rows_that_are_not_there_take_no_memory(
    order: str, big: bool, planar: bool, no_canvas: None
):
    kind = Kind(RGB, order=order, big=big, planar=planar)
    error = refused(claiming(kind, (9000, 9000), 600))
    assert error.code is ErrorCode.CORRUPT_MEDIA
    assert error.message.endswith(" of 243,000,000 bytes are there")


def test_of_tiles_too(no_canvas: None):
    kind = Kind(RGB, tile=960, size=(9000, 9000))
    error = refused(assemble([bytes(1000)] * 100, kind, 3))
    assert (error.code, error.message[:10]) == (ErrorCode.CORRUPT_MEDIA, "cut short:")


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        (Kind(CMYK, 32, 8, extras=(0,) * 4), (10_000, 10_000)),
        (Kind(CMYK, 32, 4), (10_000, 10_000)),
        (Kind(GREY, 32, 1), (99_000_000, 1)),
        (Kind(GREY, 32, 1, packing="deflate"), (99_000_000, 1)),
        (Kind(GREY, 32, 1, packing="deflate"), (49_500_000, 2)),
    ],
)
def test_strips_of_too_much_memory_are_refused_whatever_packs_them(
    kind: Kind, size: tuple[int, int], no_canvas: None
):
    error = refused(claiming(kind, size, 64))
    assert error.code is ErrorCode.LIMIT_EXCEEDED
    assert "MB of memory" in error.message


@pytest.mark.parametrize(("lines", "is_read"), [(100, True), (50, True), (10, True), (9, False)])
@pytest.mark.parametrize("planar", [False, True])
def test_a_tenth_of_the_rows_is_enough(lines: int, is_read: bool, planar: bool):
    data = claiming(Kind(RGB, planar=planar), (400, 100), lines * 1200)
    if not is_read:
        assert refused(data).code is ErrorCode.CORRUPT_MEDIA
        return
    probe = read(data).probe
    assert probe.complete is (lines == 100)
    assert [each.message for each in probe.warnings] == (
        [] if lines == 100 else [f"cut short: {lines} of 100 lines are there"]
    )


def test_a_damaged_strip_may_have_more_bytes_than_a_picture_may_have_pixels():
    size, limits = (700, 700), replace(LIMITS, image_megapixels=1)
    packed = zlib.compress(bytes(range(210)) * 7000)
    kind = Kind(RGB, packing="deflate", size=size, rows=700)
    data = assemble([packed[: len(packed) // 2]], kind, 3)
    (warning,) = read_picture(data, "tiff", limits).probe.warnings
    assert warning.message.startswith("cut short: ")
    assert 300 < int(warning.message.split()[2]) < 400


@pytest.mark.parametrize("tag", tiff_codecs.NEEDED)
def test_tables_that_are_none_do_not_go_along_with_each_tile(
    tag: int, monkeypatch: pytest.MonkeyPatch
):
    handed = []

    def noted(packing: Packing, *rest: Any) -> Image.Image:
        handed.append(sum(len(raw) for _, _, raw in packing.entries.values()))
        return unpack_rows(packing, *rest)

    monkeypatch.setattr(tiff_codecs, "unpack_rows", noted)
    kind = Kind(GREY, 8, 1, packing="deflate", tile=16, size=(16, 160))
    plain = read(write(kind)).image
    assert read(write(replace(kind, more={tag: ("B", [0] * 50_000)}))).image == plain
    assert len(handed) == 20
    assert not any(handed)


def with_place(data: bytes, tag: int, place: int) -> bytes:
    """Return a TIFF (II) in which the values of a tag begin at another place."""
    at = data.rindex(struct.pack("<H", tag), struct.unpack_from("<I", data, 4)[0])
    return data[: at + 8] + struct.pack("<I", place) + data[at + 12 :]


@pytest.mark.parametrize("behind", [0, 1, 1000, 2**31])
def test_values_behind_the_end_are_none(behind: int):
    whole = write(Kind(RGB, rows=3))
    data = with_place(whole, 279, len(whole) + behind)
    page = read_first(data)
    assert (page.numbers(279), page.raw(279)) == ((), b"")
    assert page.numbers(258) == (8, 8, 8)
    assert read(data).image.tobytes() == read(whole).image.tobytes()


@pytest.mark.parametrize("tag", [258, 273, 339])
def test_what_no_picture_can_do_without_is_damage(tag: int):
    whole = write(Kind(RGB, 16, rows=3, more={339: ("H", [1, 1, 1])}))
    error = refused(with_place(whole, tag, len(whole) + 4))
    assert error.code is ErrorCode.CORRUPT_MEDIA


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("place", [2**62, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_next_page_beyond_all_files_is_none(order: str, place: int):
    whole = write(Kind(GREY, 8, 1, order=order, big=True))
    (at,) = struct.unpack_from(order + "Q", whole, 8)
    (count,) = struct.unpack_from(order + "Q", whole, at)
    end = at + 8 + 20 * count
    data = whole[:end] + struct.pack(order + "Q", place) + whole[end + 8 :]
    picture = read(data)
    assert picture.probe.frames == 1
    assert picture.image.tobytes() == read(whole).image.tobytes()
    first = data[:8] + struct.pack(order + "Q", place) + data[16:]
    assert refused(first).code is ErrorCode.CORRUPT_MEDIA


def document(size: tuple[int, int], depth: int, packing: int, there: int) -> bytes:
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 1, size[1], size[0], depth, make_psds.GREY)
    return head + bytes(12) + struct.pack(">H", packing) + bytes(there)


@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize("size", [(99_000_000, 1), (30_001, 1), (1, 30_001)])
@pytest.mark.parametrize("packing", range(4))
def test_a_document_has_no_longer_sides(
    depth: int, size: tuple[int, int], packing: int, no_canvas: None
):
    error = refused(document(size, depth, packing, 50), "psd")
    assert error.code is ErrorCode.CORRUPT_MEDIA
    assert "30000 a side at most" in error.message


@pytest.mark.parametrize("packing", range(4))
def test_a_document_without_its_bytes_takes_no_memory(packing: int, no_canvas: None):
    error = refused(document((30_000, 3000), 8, packing, 50), "psd")
    assert error.code is ErrorCode.CORRUPT_MEDIA
    assert error.message.endswith(" of 90,000,000 bytes are there")


@pytest.mark.parametrize("packing", range(1, 4))
def test_what_is_packed_as_small_as_can_be_is_whole(packing: int):
    """Rows of one value, of which the fewest bytes tell."""
    rows = [bytes(30_000)] * 60
    content = zlib.compress(b"".join(rows), 9)
    if packing == make_psds.RUN_LENGTHS:
        row = b"\x81\0" * (30_000 // 128) + bytes((257 - 30_000 % 128, 0))
        content = struct.pack(">60H", *[len(row)] * 60) + row * 60
    data = document((30_000, 60), 8, packing, 0) + content
    assert read(data, "psd").probe.complete
