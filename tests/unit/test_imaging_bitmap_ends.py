"""Bitmaps with a profile, of kinds that are not read, impossible ones, and what was cut."""

from __future__ import annotations

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.color.icc import write_profile
from lib.imaging.color.tone_map import BT_709
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
    pack,
    pack_indices,
    quarters,
)
from tests.support.images import LIMITS

SIZE = (7, 6)


def read(data: bytes) -> Picture:
    return read_picture(data, "bmp", LIMITS)


def refusal(data: bytes) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        read(data)
    return caught.value


def with_profile(profile: bytes, **fields: object) -> bytes:
    rows = pack(quarters(SIZE, QUARTERS), 24, RGB_MASKS[24])
    said: dict[str, object] = {
        "profile_at": 124 + sum(map(len, rows)),
        "profile_bytes": len(profile),
        "color_space": b"MBED",
        **fields,
    }
    header = Header(size=SIZE, bits=24, length=124, **said)  # type: ignore[arg-type]
    return bmp(header, b"".join(reversed(rows)), behind=profile)


def linear_profile() -> bytes:
    profile = write_profile("Linear", BT_709, lambda value: value)
    assert profile
    return profile


def test_an_embedded_profile_is_followed():
    picture = read(with_profile(linear_profile()))
    assert picture.probe.color_space == "Linear"
    # 30 of 255 in light is 96 in sRGB, 220 is 238.
    assert near(corners(picture.image), opaque([(238, 96, 96)]) + corners(picture.image)[1:], 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"color_space": b"LINK"},
        {"color_space": b"Win "},
        {"profile_bytes": 0},
        {"profile_bytes": 10_000_000},
        {"profile_at": 5},
        {"profile_at": 2**32 - 1},
    ],
)
def test_a_profile_that_is_not_there_is_none(fields: dict[str, object]):
    picture = read(with_profile(linear_profile(), **fields))
    assert picture.probe.color_space == "sRGB"
    assert corners(picture.image) == opaque()


@pytest.mark.parametrize(
    ("bits", "compression", "length", "why"),
    [
        (24, 4, 40, "with a JPEG in it"),
        (0, 4, 124, "with a JPEG in it"),
        (0, 5, 40, "with a PNG in it"),
        (64, 0, 40, "of 64 bits a pixel"),
        (48, 0, 40, "of 48 bits a pixel"),
        (0, 0, 40, "of 0 bits a pixel"),
        (1, 3, 64, "compressed as a facsimile"),
        (24, 11, 40, "of compression 11"),
    ],
)
def test_what_is_not_read_is_called_so(bits: int, compression: int, length: int, why: str):
    header = Header(size=SIZE, bits=bits, compression=compression, length=length)
    error = refusal(bmp(header, bytes(8 * 42)))
    assert error.code is ErrorCode.UNSUPPORTED_MEDIA
    assert f"Windows bitmap {why}" in error.message


@pytest.mark.parametrize(
    "header",
    [
        Header(size=(0, 6), bits=24),
        Header(size=(-7, 6), bits=24),
        Header(size=(7, 0), bits=24),
        Header(size=SIZE, bits=24, length=80),
        Header(size=SIZE, bits=32, compression=BITFIELDS, masks=(0xF0F000, 0xF00, 0xFF)),
        Header(size=SIZE, bits=24, compression=1),
        Header(size=SIZE, bits=4, compression=1),
    ],
)
def test_what_cannot_be_is_corrupt(header: Header):
    assert refusal(bmp(header, bytes(1000))).code is ErrorCode.CORRUPT_MEDIA


@pytest.mark.parametrize("length", [0, 5000, 90_000_000])
def test_the_size_is_refused_before_what_is_missing(length: int):
    header = Header(size=(40_000, 40_000), bits=8)
    error = refusal(bmp(header, bytes(length), palette=bytes(1024)))
    assert error.code is ErrorCode.LIMIT_EXCEEDED
    assert "40000 × 40000 px are 1600.0 MP, the limit is 100 MP" in error.message


@pytest.mark.parametrize("downwards", [False, True])
@pytest.mark.parametrize(("lines", "bits"), [(1, 24), (3, 32), (5, 8)])
def test_a_bitmap_that_was_cut_keeps_its_whole_rows(downwards: bool, lines: int, bits: int):
    header = Header(size=(7, -6 if downwards else 6), bits=bits)
    if bits == 8:
        rows = pack_indices(quarters(SIZE, [0, 1, 2, 3]), 8)
        data = bmp(header, b"".join(rows if downwards else rows[::-1]), palette=bytes(1024))
    else:
        data = colored(header, quarters(SIZE, QUARTERS))
    stride = (7 * bits + 31) // 32 * 4
    picture = read(data[: len(data) - stride * (6 - lines) + stride // 2])
    alphas = [picture.image.convert("RGBA").crop((0, y, 1, y + 1)).tobytes()[3] for y in range(6)]
    shown = [255] * lines + [0] * (6 - lines)
    assert alphas == (shown if downwards else shown[::-1])
    assert picture.probe.complete is False
    (warning,) = picture.probe.warnings
    assert (warning.code, f"{lines} of 6 lines" in warning.message) == (
        WarningCode.INCOMPLETE,
        True,
    )


def test_the_last_row_needs_no_padding():
    data = colored(Header(size=SIZE, bits=24), quarters(SIZE, QUARTERS))
    picture = read(data[:-3])
    assert picture.probe.complete
    assert corners(picture.image) == opaque()


def test_below_a_tenth_of_its_rows_a_bitmap_is_corrupt():
    header = Header(size=(7, 30), bits=24)
    data = colored(header, quarters((7, 30), QUARTERS))
    assert refusal(data[: 54 + 2 * 24]).code is ErrorCode.CORRUPT_MEDIA
    assert read(data[: 54 + 3 * 24]).probe.complete is False
