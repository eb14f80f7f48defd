"""Bits below the eighth are rounded, not dropped: a dropped one tints what is bright in HDR."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import pillow_heif
import pytest

from lib.imaging.color.tone_map import Hdr, encode_pq, map_signals
from lib.imaging.decode import DECODERS, open_header
from lib.imaging.decoders import heif
from lib.imaging.load import read_picture
from tests.media.hostile_images import Item, ispe
from tests.support.boxes import box
from tests.support.image_items import nclx, with_properties, write
from tests.support.images import LIMITS

FLAT = {
    (618, 518, 510): "0a0b02000005557ffc6af9c84032161000810200000000008000033fc609e77ed90a129898",
    (500, 430, 600): "0a0b02000005557ffc6af9c84032181000810200000000008000049053"
    "50cdfb1bf4c157efcf60",
}
"""64 × 64 px of luma and chroma in 10 bits, 4:2:0 and full range, by SVT-AV1 through ffmpeg."""


def item(luma_chroma: tuple[int, int, int]) -> Item:
    configuration = box(b"av1C", b"\x81\x05\x4c\0")
    return Item(b"av01", bytes.fromhex(FLAT[luma_chroma]), [ispe(64, 64), configuration])


MATRICES = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Code point (ITU-T H.273) → parts of red and blue in luma; where nothing is said, BT.601's."""


def to_rgb(luma_chroma: Sequence[int], matrix: int = 9) -> tuple[float, ...]:
    """RGB of 0–255."""
    kr, kb = MATRICES[matrix]
    luma, blue, red = (
        (value - middle) / 1023 for value, middle in zip(luma_chroma, (0, 512, 512), strict=True)
    )
    red, blue = luma + 2 * (1 - kr) * red, luma + 2 * (1 - kb) * blue
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return tuple(255 * each for each in (red, green, blue))


def decoded(data: bytes, container: str) -> tuple[int, ...]:
    image = DECODERS[container].decode(open_header(data, container, LIMITS)).convert("RGB")
    return tuple(image.crop((32, 32, 33, 33)).tobytes())


@pytest.mark.parametrize("luma_chroma", FLAT)
@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("matrix", MATRICES)
def test_an_avif_is_rounded(luma_chroma: tuple[int, int, int], transfer: int, matrix: int):
    data = write("avif", with_properties(item(luma_chroma), nclx(9, transfer, matrix)))
    exact = to_rgb(luma_chroma, matrix)
    received = decoded(data, "avif")
    assert all(abs(a - b) <= 1.1 for a, b in zip(received, exact, strict=True)), (received, exact)


def test_each_tile_of_an_avif_is_rounded():
    tile = with_properties(item((618, 518, 510)), nclx(9, 16, 9))
    grid = Item(
        b"grid",
        struct.pack(">BBBBHH", 0, 0, 0, 1, 128, 64),
        [ispe(128, 64), nclx(9, 16, 9)],
        {b"dimg": [2, 3]},
    )
    exact = to_rgb((618, 518, 510))
    received = decoded(write("avif", grid, tile, tile), "avif")
    assert all(abs(a - b) <= 1.1 for a, b in zip(received, exact, strict=True)), received


def test_what_is_not_hdr_is_decoded_as_ever():
    for signals in (nclx(9, 14, 9), nclx(1, 16, 1)):
        data = write("avif", with_properties(item((500, 430, 600)), signals))
        assert heif.open_avif(io.BytesIO(data)).size == (64, 64)


def deep_heic(
    size: tuple[int, int], color: Sequence[int], mode: str = "RGB;16", **saved: int
) -> bytes:
    """A picture of one colour of 10 bits, in an HEIC of 10 bits."""
    pixel = struct.pack(f"<{len(color)}H", *(value << 6 for value in color))
    image = pillow_heif.from_bytes(mode, size, pixel * (size[0] * size[1]))
    signals = {
        "color_primaries": 9,
        "transfer_characteristics": 16,
        "matrix_coefficients": 9,
        "full_range_flag": 1,
    }
    file = io.BytesIO()
    image.save(
        file, format="HEIF", quality=100, chroma=444, save_nclx_profile=True, **signals | saved
    )
    return file.getvalue()


@pytest.mark.parametrize("size", [(64, 64), (80, 200), (65, 67)])
def test_a_heic_is_rounded(size: tuple[int, int]):
    color = (613, 616, 628)
    received = decoded(deep_heic(size, color), "heif")
    exact = [255 * value / 1023 for value in color]
    assert all(abs(a - b) <= 0.8 for a, b in zip(received, exact, strict=True)), (received, exact)


def test_a_heic_with_alpha_is_rounded_and_keeps_it():
    picture = read_picture(deep_heic((64, 64), (613, 616, 628, 512), "RGBA;16"), "heif", LIMITS)
    assert picture.image.mode == "RGBA"
    assert abs(picture.image.crop((32, 32, 33, 33)).tobytes()[3] - 128) <= 1
    assert picture.probe.hdr == "pq"


def test_a_bright_grey_of_a_heic_has_no_tint():
    signal = round(1023 * encode_pq(600 / 203))
    picture = read_picture(deep_heic((64, 64), [signal] * 3), "heif", LIMITS)
    red, green, blue = picture.image.crop((32, 32, 33, 33)).tobytes()
    right = round(255 * map_signals(Hdr("pq"))(*(signal / 1023,) * 3)[0])
    assert max(abs(each - right) for each in (red, green, blue)) <= 2


def test_what_is_large_is_decoded_in_eight_bits(monkeypatch: pytest.MonkeyPatch):
    data = deep_heic((64, 64), (613, 616, 628))
    assert "deep" in heif.open_heif(io.BytesIO(data)).info
    monkeypatch.setattr(heif, "DEEP_MEGAPIXELS", 0)
    assert "deep" not in heif.open_heif(io.BytesIO(data)).info
    assert read_picture(data, "heif", LIMITS).image.size == (64, 64)


def test_a_heic_of_ten_bits_that_is_not_hdr_is_decoded_as_ever():
    data = deep_heic((64, 64), (613, 616, 628), transfer_characteristics=13)
    assert "deep" not in heif.open_heif(io.BytesIO(data)).info
    assert read_picture(data, "heif", LIMITS).probe.hdr is None
