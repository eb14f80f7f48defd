"""A header above the limit is LIMIT_EXCEEDED in every format, whatever follows it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.load import Picture, read_picture
from lib.imaging.variants import Size
from tests.support.images import LIMITS, icon, photo, psd, save, tiff
from tests.support.jpegs import FULL, HALF, flat_jpeg

PHOTO = photo((64, 64))


def put(data: bytes, at: int, numbers: str, *values: int) -> bytes:
    """Return the bytes with other numbers at a place."""
    patched = bytearray(data)
    struct.pack_into(numbers, patched, at, *values)
    return bytes(patched)


def of_jpeg(frame: bytes, size: Size, **options: object) -> bytes:
    data = save(PHOTO, "jpeg", **options)
    return put(data, data.index(frame) + 5, ">HH", *size[::-1])


def of_png(data: bytes, size: Size) -> bytes:
    at = data.index(b"IHDR")
    data = put(data, at + 4, ">II", *size)
    return put(data, at + 17, ">I", zlib.crc32(data[at : at + 17]))


def of_gif(size: Size) -> bytes:
    data = put(save(PHOTO.convert("P"), "gif"), 6, "<HH", *size)
    return put(data, data.index(b",\0\0\0\0") + 5, "<HH", *size)


def of_tiff(compression: str, size: Size) -> bytes:
    data = tiff(bytes(64 * 64), (64, 64), bits=8, photometric=1)
    if compression:
        data = save(PHOTO, "tiff", compression=compression)
    (at,) = struct.unpack_from("<I", data, 4)
    for entry in range(at + 2, at + 2 + 12 * data[at], 12):
        (tag,) = struct.unpack_from("<H", data, entry)
        if tag in (256, 257):
            data = put(data, entry + 2, "<HII", 4, 1, size[tag - 256])
    return data


def of_jpeg2000(size: Size, *, raw: bool) -> bytes:
    data = save(PHOTO, "jpeg2000", no_jp2=raw)
    if not raw:
        data = put(data, data.index(b"ihdr") + 4, ">II", *size[::-1])
    at = data.index(b"\xff\x4f\xff\x51") + 8
    return put(put(data, at, ">4I", *size, 0, 0), at + 16, ">4I", *size, 0, 0)


def of_webp(size: Size, kind: str) -> bytes:
    if kind == "VP8":
        data = save(PHOTO, "webp")
        return put(data, data.index(b"\x9d\x01\x2a") + 3, "<HH", *size)
    if kind == "VP8L":
        data = save(PHOTO, "webp", lossless=True)
        at = data.index(b"VP8L") + 9
        sizes = (size[0] - 1) | (size[1] - 1) << 14
        return put(data, at, "<I", struct.unpack_from("<I", data, at)[0] & 15 << 28 | sizes)
    more = {"save_all": True, "append_images": [Image.new("RGB", (64, 64))]}
    data = save(PHOTO, "webp", **(more if kind == "animated" else {"exif": b"Exif\0\0II*\0"}))
    at = data.index(b"VP8X") + 12
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    return data[:at] + sides + data[at + 6 :]


def of_boxes(container: str, size: Size) -> bytes:
    data = save(PHOTO, container)
    return put(data, data.index(b"ispe") + 8, ">II", *size)


HEADERS: dict[str, tuple[str, Callable[[Size], bytes], int]] = {
    "baseline": ("jpeg", lambda size: of_jpeg(b"\xff\xc0", size), 65_535),
    "progressive": ("jpeg", lambda size: of_jpeg(b"\xff\xc2", size, progressive=True), 65_535),
    "gif": ("gif", of_gif, 65_535),
    "png": ("png", lambda size: of_png(save(PHOTO, "png"), size), 2**31 - 1),
    "icon": ("ico", lambda size: of_png(icon(PHOTO), size), 2**31 - 1),
    "bmp": ("bmp", lambda size: put(save(PHOTO, "bmp"), 18, "<ii", *size), 2**31 - 1),
    "bmp down": (
        "bmp",
        lambda size: put(save(PHOTO, "bmp"), 18, "<ii", size[0], -size[1]),
        2**31 - 1,
    ),
    "psd": ("psd", lambda size: put(psd(PHOTO), 14, ">II", *size[::-1]), 2**32 - 1),
    "vp8": ("webp", lambda size: of_webp(size, "VP8"), 16_383),
    "vp8l": ("webp", lambda size: of_webp(size, "VP8L"), 16_383),
    "vp8x": ("webp", lambda size: of_webp(size, "VP8X"), 65_535),
    "webp": ("webp", lambda size: of_webp(size, "animated"), 65_535),
    "jp2": ("jpeg2000", lambda size: of_jpeg2000(size, raw=False), 2**32 - 1),
    "j2k": ("jpeg2000", lambda size: of_jpeg2000(size, raw=True), 2**32 - 1),
    "avif": ("avif", lambda size: of_boxes("avif", size), 2**32 - 1),
    "heif": ("heif", lambda size: of_boxes("heif", size), 2**32 - 1),
    **{
        f"tiff {compression}": (
            "tiff",
            lambda size, compression=compression: of_tiff(compression, size),  # type: ignore[misc]
            2**32 - 1,
        )
        for compression in ("", "tiff_deflate", "tiff_lzw", "jpeg", "packbits")
    },
}
"""How a header is written, and what the longest side is that it can tell."""


def code_of(data: bytes, container: str) -> ErrorCode:
    with pytest.raises(PermanentError) as raised:
        read_picture(data, container, LIMITS)
    return raised.value.code


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("side", [10_500, 17_000, 65_535, 2**31 - 1, 2**32 - 1])
def test_a_header_above_the_limit(name: str, side: int) -> None:
    container, make, longest = HEADERS[name]
    side = min(side, longest)
    assert code_of(make((side, side)), container) is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("name", HEADERS)
def test_the_header_alone_is_what_is_refused(name: str) -> None:
    """As it stands each is a picture."""
    container, make, _ = HEADERS[name]
    picture = read_picture(make((64, 64)), container, LIMITS)
    assert (picture.probe.width, picture.probe.height) == (64, 64)


# Photos of phones that have more pixels than others can decode at once

PHONE = replace(LIMITS, image_megapixels=220, decoded_megapixels=100)
MEGAPIXELS_108, MEGAPIXELS_200 = (12_000, 9_000), (16_320, 12_240)


def read(data: bytes, widest: int | None = 320, container: str = "jpeg") -> Picture:
    return read_picture(data, container, PHONE, widest=widest)


@pytest.mark.parametrize("size", [MEGAPIXELS_108, MEGAPIXELS_200, MEGAPIXELS_200[::-1]])
@pytest.mark.parametrize("sampling", [HALF, FULL, ((1, 1),)])
def test_photos_of_108_and_200_megapixels_are_read(size: Size, sampling: object) -> None:
    picture = read(flat_jpeg(size, sampling))  # type: ignore[arg-type]
    assert (picture.probe.width, picture.probe.height) == size
    assert picture.image.width == 320
    assert picture.probe.complete is True


def test_so_is_a_progressive_one_whose_coefficients_fit() -> None:
    picture = read(flat_jpeg(MEGAPIXELS_108, HALF, progressive=True))
    assert (picture.probe.width, picture.probe.complete) == (12_000, True)


@pytest.mark.parametrize(
    ("size", "sampling", "progressive", "reason"),
    [
        ((15_000, 15_000), HALF, False, "225.0 MP, the limit is 220 MP"),
        ((16_000, 13_700), ((1, 1),) * 4, True, "1,754 MB of coefficients"),
        ((15_000, 14_500), ((1, 1), (2, 2), (2, 2), (2, 2)), True, "MB of coefficients"),
    ],
)
def test_what_takes_more_memory_is_refused_by_its_header(
    size: Size, sampling: tuple[Size, ...], progressive: bool, reason: str
) -> None:
    with pytest.raises(PermanentError, match=reason) as raised:
        read(flat_jpeg(size, sampling, progressive=progressive))
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize(("widest", "is_read"), [(6000, True), (6001, False), (None, False)])
def test_what_cannot_be_decoded_small_enough_is_refused(widest: int | None, is_read: bool) -> None:
    data = flat_jpeg(MEGAPIXELS_108, ((1, 1),))
    if is_read:
        assert read(data, widest).image.width == widest
        return
    with pytest.raises(PermanentError, match="what is decoded is 100 MP") as raised:
        read(data, widest)
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("name", [name for name in HEADERS if HEADERS[name][0] != "jpeg"])
def test_other_formats_are_decoded_whole_and_stay_at_100_megapixels(name: str) -> None:
    container, make, _ = HEADERS[name]
    with pytest.raises(PermanentError) as raised:
        read(make((10_500, 10_500)), container=container)
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED


def test_a_larger_picture_may_have_fewer_scans() -> None:
    def scans(size: Size, count: int) -> bytes:
        data = flat_jpeg(size, ((1, 1),), progressive=True)
        last = data[data.rindex(b"\xff\xda") :][:10]
        return data[:-2] + last * (count - 2) + b"\xff\xd9"

    assert read(scans(MEGAPIXELS_200, 50)).probe.width
    for size, count in ((MEGAPIXELS_200, 51), ((5000, 5000), 201)):
        with pytest.raises(PermanentError, match="scans of") as raised:
            read(scans(size, count))
        assert raised.value.code is ErrorCode.LIMIT_EXCEEDED
