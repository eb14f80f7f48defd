"""TIFFs that are cut or damaged, tell too little of their strips, or are of kinds not read."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.bounds.ifd import read_first
from lib.imaging.decoders import tiff_cells
from lib.imaging.decoders.libtiff import unpack_rows
from lib.imaging.load import Picture, read_picture
from tests.media.make_tiffs import (
    CMYK,
    GREY,
    PACKINGS,
    RGB,
    SIZE,
    YCBCR,
    Entries,
    Kind,
    directory,
    write,
)
from tests.support.images import LIMITS, photo, save


def read(data: bytes) -> Picture:
    return read_picture(data, "tiff", LIMITS)


def refused(data: bytes) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        read(data)
    return caught.value


# What is cut, damaged, or lies


def read_unless_short(data: bytes) -> Picture | None:
    """Return what is there, None where it is less than a tenth; nothing else may happen."""
    try:
        return read(data)
    except PermanentError as exc:
        if exc.code is ErrorCode.CORRUPT_MEDIA and exc.message.startswith("cut short: "):
            return None
        raise


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("rows", [3, 24])
def test_a_cut_page_shows_the_lines_that_are_there(packing: str, rows: int):
    kind = Kind(RGB, packing=packing, rows=rows, size=(61, 24))
    whole = write(kind)
    # The directory first: what is cut are the strips.
    at = struct.unpack_from("<I", whole, 4)[0]
    front = 4096
    moved = _directory_first(whole, front)
    reference = read(whole).image
    seen = set()
    for length in range(front + 40, front + at, (at - 48) // 40):
        picture = read_unless_short(moved[:length])
        if picture is None or picture.probe.complete:
            continue
        (warning,) = picture.probe.warnings
        assert warning.code is WarningCode.INCOMPLETE
        lines = int(warning.message.split()[2])
        seen.add(lines)
        box = (0, 0, 61, lines)
        assert picture.image.crop(box).tobytes() == reference.crop(box).tobytes()
    # An LZMA stream is checked as a whole, at its end.
    assert len(seen) >= (4 if rows == 3 or packing not in ("lzma",) else 0)


def _directory_first(data: bytes, front: int) -> bytes:
    """Move the content of a file behind its directory, which is given `front` bytes."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    moved = bytearray(data[at:])
    for entry in range(2, 2 + 12 * count, 12):
        tag, kind, number, value = struct.unpack_from("<HHII", moved, entry)
        size = {3: 2, 4: 4}[kind] * number
        place = value - at if size > 4 else entry + 8
        if size > 4:
            struct.pack_into("<I", moved, entry + 8, 8 + place)
        if tag == 273:
            for n in range(number):
                (start,) = struct.unpack_from("<I", moved, place + 4 * n)
                struct.pack_into("<I", moved, place + 4 * n, start - 8 + front)
    head = data[:4] + struct.pack("<I", 8) + moved
    assert len(head) <= front
    return head.ljust(front, b"\0") + data[8:at]


@pytest.mark.parametrize("packing", ["lzw", "deflate", "packbits"])
def test_a_damaged_strip_leaves_the_others(packing: str):
    kind = Kind(RGB, packing=packing, rows=2)
    data = bytearray(write(kind))
    whole = read(bytes(data)).image
    end = read_first(bytes(data)).numbers(273)[1]
    data[8:end] = b"\x80" * (end - 8)
    picture = read(bytes(data))
    assert picture.probe.warnings[0].message == "cut short: 10 of 12 lines are there"
    assert picture.image.crop((0, 2, *SIZE)).tobytes() == whole.crop((0, 2, *SIZE)).tobytes()


def test_a_missing_tile_leaves_the_others():
    kind = Kind(RGB, tile=16, size=(48, 48), packing="deflate")
    data = bytearray(write(kind))
    whole = read(bytes(data)).image
    data[8:20] = bytes(12)
    picture = read(bytes(data))
    assert picture.probe.warnings[0].message == "cut short: 32 of 48 lines are there"
    assert picture.image.getpixel((0, 0)) == (0, 0, 0)
    for box in ((16, 0, 48, 16), (0, 16, 48, 48)):
        assert picture.image.crop(box).tobytes() == whole.crop(box).tobytes()


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


def test_strips_that_take_too_much_memory_are_refused():
    kind = Kind(RGB, 16, packing="deflate", size=(16, 16), rows=10_000)
    data = bytearray(write(replace(kind, more={256: ("I", [9_900]), 257: ("I", [9_900])})))
    error = refused(bytes(data))
    assert error.code is ErrorCode.LIMIT_EXCEEDED
    assert "MB of memory" in error.message


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


@pytest.mark.parametrize("compression", ["jpeg", "group3", "group4"])
def test_of_what_fills_up_missing_rows_the_share_of_bytes_tells(compression: str):
    image = photo((64, 100)).convert("RGB" if compression == "jpeg" else "1")
    saved = save(image, "tiff", compression=compression, strip_size=1 << 20)
    page = read_first(saved)
    ((start,), (length,)) = page.numbers(273), page.numbers(279)
    strip = saved[start : start + length]
    # Once more, its directory first.
    entries: Entries = {256: ("I", [64]), 257: ("I", [100]), 278: ("I", [100])}
    for tag in (258, 259, 262, 277, 530):
        if tag in page.entries:
            entries[tag] = ("H", page.numbers(tag))
    for tag in (292, 293, 347):
        if tag in page.entries:
            raw = page.raw(tag)
            entries[tag] = ("B", list(raw)) if tag == 347 else ("I", page.numbers(tag))
    front = 4096
    entries |= {273: ("I", [front]), 279: ("I", [length])}
    data = directory(b"", entries, "<").ljust(front, b"\0") + strip
    assert read(data).probe.complete is True
    picture = read(data[: front + length // 2])
    (warning,) = picture.probe.warnings
    lines = int(warning.message.split()[2])
    assert lines == pytest.approx(50, abs=1)


def test_a_file_of_strips_that_are_all_damaged_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch,
):
    kind = Kind(GREY, channels=1, packing="deflate", rows=1, size=(4, 3000))
    data = bytearray(write(kind))
    for start in read_first(bytes(data)).numbers(273):
        data[start] = 0
    tries = []

    def counted(*arguments: Any) -> Image.Image:
        tries.append(1)
        return unpack_rows(*arguments)

    monkeypatch.setattr(tiff_cells, "unpack_rows", counted)
    assert refused(bytes(data)).message == "cut short: 0 of 3,000 lines are there"
    assert len(tries) <= tiff_cells.MOST_ATTEMPTS + 1


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_is_right_is_unpacked_at_once(packing: str, monkeypatch: pytest.MonkeyPatch):
    """The last strip has fewer rows, which is no damage."""
    monkeypatch.setattr(tiff_cells, "MOST_ATTEMPTS", 0)
    assert read(write(Kind(RGB, packing=packing, rows=5))).probe.complete


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
