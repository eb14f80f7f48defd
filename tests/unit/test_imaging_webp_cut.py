"""Of a still WebP that is cut the lines that are there are shown, and counted."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from PIL import Image, ImageChops

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.decoders.webp_cut import (
    FREE_BYTES,
    MORE_BYTES,
    MOST_PROMISED,
    CutStill,
    find_cut,
)
from lib.imaging.load import Picture, read_picture
from lib.imaging.riff import CHUNK_HEAD, RIFF_HEAD, read_chunks
from tests.support.images import LIMITS, photo, save

SIZE = (150, 117)
KINDS: dict[str, tuple[str, dict[str, Any], int]] = {
    "lossy": ("RGB", {"quality": 80}, 16),
    "coarse": ("RGB", {"quality": 20}, 16),
    "lossy, alpha": ("RGBA", {"quality": 80}, 16),
    "lossy, profile": ("RGB", {"quality": 90, "icc_profile": b"none"}, 16),
    "lossless": ("RGB", {"lossless": True}, 1),
    "lossless, alpha": ("RGBA", {"lossless": True}, 1),
    "lossless, fast": ("RGB", {"lossless": True, "method": 0}, 1),
    "lossless, few colors": ("P", {"lossless": True}, 1),
}
"""Mode, how it is saved, lines that are coded together."""


def webp(name: str, **more: Any) -> bytes:
    mode, options, _ = KINDS[name]
    image = photo(SIZE)
    if mode == "P":
        image = image.quantize(16).convert("RGB")
    elif mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize(SIZE))
    return save(image, "webp", **options, **more)


def read(data: bytes) -> Picture:
    return read_picture(data, "webp", LIMITS)


def alike(one: Image.Image, other: Image.Image, top: int, bottom: int) -> bool:
    box = (0, top, one.width, bottom)
    pair = (image.convert("RGBA").crop(box) for image in (one, other))
    return ImageChops.difference(*pair).getbbox(alpha_only=False) is None


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("share", [0.5, 0.7, 0.85, 0.96])
def test_as_many_lines_are_told_as_are_right(name: str, share: float) -> None:
    whole = webp(name)
    start = max(whole.find(b"VP8 "), whole.find(b"VP8L"))
    picture = read(whole).image
    found = read(whole[: start + round((len(whole) - start) * share)])
    (warning,) = found.probe.warnings
    assert (warning.code, found.probe.complete) == (WarningCode.INCOMPLETE, False)
    lines, rows = int(warning.message.split()[2]), KINDS[name][2]
    assert 12 <= lines < SIZE[1]
    assert lines % rows == 0
    filtered = 7 if rows > 1 else 0
    assert alike(found.image, picture, 0, lines - filtered)
    assert not alike(found.image, picture, lines, lines + rows)
    if filtered:  # the next row of blocks begins to differ where its filter has not mixed yet
        cut = find_cut(whole[: start + round((len(whole) - start) * share)])
        assert isinstance(cut, CutStill)
        filled = read(cut.filled(0)).image
        assert not alike(filled, picture, lines, lines + rows - filtered)
    assert not found.image.convert("RGB").crop((0, lines, *SIZE)).getbbox()
    assert found.image.size == SIZE


@pytest.mark.parametrize("name", KINDS)
def test_a_cut_behind_the_pixels_is_no_loss(name: str) -> None:
    whole = webp(name, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0" + bytes(99), xmp=b"<x/>" * 9)
    picture = read(whole)
    for data in (whole[:-1], whole[:-30], whole[:-60], whole[: whole.index(b"EXIF") + 5]):
        found = read(data)
        assert found.probe.complete is True
        assert alike(found.image, picture.image, 0, SIZE[1])


@pytest.mark.parametrize("name", ["lossy", "lossless"])
@pytest.mark.parametrize("end", [12, 20, 30, 60])
def test_hardly_a_line_is_corrupt(name: str, end: int) -> None:
    with pytest.raises(PermanentError) as raised:
        read(webp(name)[:end])
    assert raised.value.code is ErrorCode.CORRUPT_MEDIA


def promising(there: int, promised: int) -> bytes:
    riff = RIFF_HEAD.pack(b"RIFF", promised + 12, b"WEBP")
    return riff + CHUNK_HEAD.pack(b"VP8L", promised) + bytes(there)


@pytest.mark.parametrize("there", [1000, 200_000, 1_000_000])
def test_what_is_put_there_is_a_few_times_what_was_received(there: int) -> None:
    most = 10 * there + FREE_BYTES
    cut = find_cut(promising(there, most))
    assert isinstance(cut, CutStill)
    filled = cut.filled(0x55)
    assert len(filled) <= 4 * most + MORE_BYTES + 21
    assert len(filled) == 8 + RIFF_HEAD.unpack_from(filled)[1]
    assert len(filled) == 20 + CHUNK_HEAD.unpack_from(filled, 12)[1]
    assert filled[20 + there :].count(0x55) == len(filled) - 20 - there
    assert find_cut(promising(there, most + 1)) is None


def test_much_is_not_put_there_several_times() -> None:
    there = 4_000_000
    cut = find_cut(promising(there, 10 * there))
    assert isinstance(cut, CutStill)
    assert len(cut.filled(0)) <= 15 * there
    assert find_cut(promising(there * 3, MOST_PROMISED + 1)) is None


@pytest.mark.parametrize("promised", [2**31, 2**32 - 10])
def test_a_promise_of_gigabytes_makes_no_room_for_them(promised: int) -> None:
    whole = bytearray(webp("lossy"))
    struct.pack_into("<I", whole, 4, promised)
    struct.pack_into("<I", whole, 16, promised - 12)
    with pytest.raises(PermanentError) as raised:
        read(bytes(whole))
    assert raised.value.code is ErrorCode.CORRUPT_MEDIA


def test_a_chunk_of_an_odd_length_has_a_byte_behind_it():
    body = CHUNK_HEAD.pack(b"ODD ", 3) + b"abc\0" + CHUNK_HEAD.pack(b"EVEN", 2) + b"de"
    data = RIFF_HEAD.pack(b"RIFF", 4 + len(body), b"WEBP") + body
    assert [(kind, data[start:end]) for kind, start, end in read_chunks(data)] == [
        (b"ODD ", b"abc"),
        (b"EVEN", b"de"),
    ]
