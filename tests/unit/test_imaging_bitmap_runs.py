"""Bitmaps compressed as runs: each pixel as the codes say, or as Chromium shows."""

from __future__ import annotations

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.load import Picture, read_picture
from tests.support.bitmaps import BLUE, GREEN, QUARTERS, RED, WHITE, Header, bmp, palette_of
from tests.support.images import LIMITS

BLACK = (0, 0, 0)
RLE8, RLE4, RLE24 = (1, 8, 40), (2, 4, 40), (4, 24, 64)
LINE, END, DELTA = b"\0\0", b"\0\1", b"\0\2"


def read(kind: tuple[int, int, int], codes: bytes, height: int = 3) -> Picture:
    compression, bits, length = kind
    header = Header(size=(6, height), bits=bits, compression=compression, length=length)
    palette = palette_of(QUARTERS).ljust(4 << bits, b"\0") if bits <= 8 else b""
    return read_picture(bmp(header, codes, palette=palette), "bmp", LIMITS)


def rows(picture: Picture) -> list[list[tuple[int, ...]]]:
    """Return the rows from the bottom up, as the codes have them."""
    image = picture.image.convert("RGB")
    data, width = image.tobytes(), image.width
    pixels = [tuple(data[at : at + 3]) for at in range(0, len(data), 3)]
    return [pixels[at : at + width] for at in range(0, len(pixels), width)][::-1]


REST = [[BLACK] * 6] * 2


@pytest.mark.parametrize(
    ("kind", "codes", "first"),
    [
        (RLE8, b"\6\0", [RED] * 6),
        (RLE8, b"\2\0\3\1\1\2", [RED] * 2 + [GREEN] * 3 + [BLUE]),
        (RLE8, b"\0\3\1\2\3\0\3\0", [GREEN, BLUE, WHITE, RED, RED, RED]),
        (RLE8, b"\0\4\1\2\3\1\2\0", [GREEN, BLUE, WHITE, GREEN, RED, RED]),
        (RLE8, b"\2\1" + DELTA + b"\2\0\2\2", [GREEN, GREEN, BLACK, BLACK, BLUE, BLUE]),
        (RLE8, b"\2\1", [GREEN, GREEN, *[BLACK] * 4]),
        (RLE8, b"\x09\1\2\2", [GREEN] * 6),
        (RLE8, b"\4\1\0\5\2\2\2\2\2\0", [GREEN] * 4 + [BLUE] * 2),
        (RLE8, b"\5\1\1\x09", [GREEN] * 5 + [BLACK]),
        (RLE4, b"\6\x12", [GREEN, BLUE] * 3),
        (RLE4, b"\3\x12\3\x30", [GREEN, BLUE, GREEN, WHITE, RED, WHITE]),
        (RLE4, b"\0\5\x12\x30\x10\0\1\x20", [GREEN, BLUE, WHITE, RED, GREEN, BLUE]),
        (RLE4, b"\0\3\x12\x30\3\0", [GREEN, BLUE, WHITE, RED, RED, RED]),
        (RLE4, b"\1\x10" + DELTA + b"\4\0\1\x20", [GREEN, *[BLACK] * 4, BLUE]),
        (RLE24, b"\6\1\2\3", [(3, 2, 1)] * 6),
        (RLE24, b"\2\1\2\3\4\4\5\6", [(3, 2, 1)] * 2 + [(6, 5, 4)] * 4),
        (RLE24, b"\0\3" + b"\1\2\3" * 3 + b"\0\3\7\x08\x09", [(3, 2, 1)] * 3 + [(9, 8, 7)] * 3),
    ],
)
def test_codes_of_a_row(
    kind: tuple[int, int, int], codes: bytes, first: list[tuple[int, int, int]]
):
    picture = read(kind, codes + LINE + END)
    assert rows(picture) == [first, *REST]
    assert picture.probe.complete
    assert picture.probe.has_alpha is False


def test_rows_from_the_top():
    picture = read(RLE8, b"\6\1" + LINE + b"\6\2" + END, height=-3)
    assert rows(picture)[::-1] == [[GREEN] * 6, [BLUE] * 6, [BLACK] * 6]


def test_a_step_over_rows():
    picture = read(RLE8, b"\2\1" + DELTA + b"\1\2\3\2" + END)
    assert rows(picture) == [
        [GREEN, GREEN, *[BLACK] * 4],
        [BLACK] * 6,
        [BLACK, BLACK, BLACK, BLUE, BLUE, BLUE],
    ]


def test_a_step_out_of_the_picture_ends_it():
    picture = read(RLE8, b"\6\1" + DELTA + b"\xff\xff\6\2" + END)
    assert rows(picture) == [[GREEN] * 6, *REST]


def test_codes_behind_the_last_row_are_dropped():
    codes = (b"\6\1" + LINE) * 3 + b"\6\2" * 100
    assert rows(read(RLE8, codes)) == [[GREEN] * 6] * 3


@pytest.mark.parametrize(
    ("codes", "there"),
    [
        (b"\6\1" + LINE + b"\6\2", 2),
        (b"\6\1" + LINE + b"\6\2" + LINE, 2),
        (b"\6\1" + LINE + b"\2", 1),
        (b"\6\1" + LINE + b"\2\1" + DELTA, 1),
    ],
)
def test_codes_that_were_cut_keep_the_rows_before(codes: bytes, there: int):
    picture = read(RLE8, codes)
    assert picture.probe.complete is False
    assert f"{there} of 3 lines" in picture.probe.warnings[0].message
    alpha = picture.image.getchannel("A").tobytes()
    assert alpha == bytes(6 * (3 - there)) + b"\xff" * 6 * there


def test_all_rows_without_an_end_are_complete():
    assert read(RLE8, b"\6\1\0\0" * 2 + b"\6\1").probe.complete


def test_nothing_at_all_is_corrupt():
    with pytest.raises(PermanentError) as caught:
        read(RLE8, b"")
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA
