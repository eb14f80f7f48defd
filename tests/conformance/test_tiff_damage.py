"""TIFFs that are cut or damaged, and what is shown of them."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.bounds.ifd import read_first
from lib.imaging.decoders import tiff_cells, tiff_codecs
from lib.imaging.decoders.libtiff import unpack_rows
from lib.imaging.load import Picture
from tests.media.make_tiffs import (
    GREY,
    PACKINGS,
    RGB,
    SIZE,
    Entries,
    Kind,
    directory,
    write,
)
from tests.support.images import photo, save
from tests.support.tiffs import read, refused


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


def test_strips_that_take_too_much_memory_are_refused():
    kind = Kind(RGB, 16, packing="deflate", size=(16, 16), rows=10_000)
    data = bytearray(write(replace(kind, more={256: ("I", [9_900]), 257: ("I", [9_900])})))
    error = refused(bytes(data))
    assert error.code is ErrorCode.LIMIT_EXCEEDED
    assert "MB of memory" in error.message


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

    monkeypatch.setattr(tiff_codecs, "unpack_rows", counted)
    assert refused(bytes(data)).message == "cut short: 0 of 3,000 lines are there"
    assert len(tries) <= tiff_cells.MOST_ATTEMPTS + 1


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_is_right_is_unpacked_at_once(packing: str, monkeypatch: pytest.MonkeyPatch):
    """The last strip has fewer rows, which is no damage."""
    monkeypatch.setattr(tiff_cells, "MOST_ATTEMPTS", 0)
    assert read(write(Kind(RGB, packing=packing, rows=5))).probe.complete
