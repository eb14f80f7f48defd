"""What people upload beside JPEG and PNG: read as it is meant, or refused as what it is."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, ImageChops, ImageStat

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.load import read_picture
from tests.media.make_tiffs import Entries, Kind, write
from tests.support.ciede2000 import difference as difference_of
from tests.support.ciede2000 import srgb_to_lab
from tests.support.images import LIMITS, icon, photo, psd, save, tiff


def pixel(image: Image.Image, x: int = 0, y: int = 0) -> list[int]:
    return list(image.crop((x, y, x + 1, y + 1)).tobytes())


def difference(a: Image.Image, b: Image.Image) -> float:
    """Root mean square over all channels, 0–255."""
    means = ImageStat.Stat(ImageChops.difference(a.convert("RGB"), b.convert("RGB"))).rms
    return max(means)


def refusal(data: bytes, container: str) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        read_picture(data, container, LIMITS)
    return caught.value


# JPEG 2000


@pytest.mark.parametrize("suffix", ["jp2", "j2k"])
def test_jpeg_2000_with_and_without_its_box(suffix: str):
    file = io.BytesIO()
    photo().save(file, "JPEG2000", no_jp2=suffix == "j2k")
    picture = read_picture(file.getvalue(), "jpeg2000", LIMITS)
    assert difference(picture.image, photo()) < 1
    assert picture.probe.format == "jpeg2000"


@pytest.mark.parametrize("size", [(1000, 872), (999, 871), (1001, 873)])
@pytest.mark.parametrize("tiles", [None, (255, 130)])
def test_a_large_jpeg_2000_is_decoded_at_half_its_size(
    size: tuple[int, int], tiles: tuple[int, int] | None
):
    data = save(photo(size), "jpeg2000", tile_size=tiles)
    whole, part = (read_picture(data, "jpeg2000", LIMITS, widest=w) for w in (None, 200))
    assert (part.probe.width, part.probe.height) == size
    assert difference(part.image, whole.image.resize(part.image.size, 3)) < 4


def test_a_jpeg_2000_without_a_half_is_decoded_whole():
    data = save(photo((400, 300)), "jpeg2000", num_resolutions=1)
    assert read_picture(data, "jpeg2000", LIMITS, widest=40).image.width == 40


def test_a_jpeg_2000_that_takes_more_memory_than_there_is_is_refused():
    data = bytearray(save(Image.new("L", (64, 64)), "jpeg2000", num_resolutions=1, no_jp2=True))
    struct.pack_into(">2I8x2I", data, 8, 9000, 9000, 9000, 9000)
    error = refusal(bytes(data), "jpeg2000")
    assert error.code is ErrorCode.LIMIT_EXCEEDED
    assert "9000 × 9000" in error.message


def test_a_jpeg_2000_whose_box_tells_another_size_is_corrupt():
    data = bytearray(save(photo(), "jpeg2000"))
    struct.pack_into(">2I", data, data.index(b"ihdr") + 4, 16, 16)
    assert refusal(bytes(data), "jpeg2000").code is ErrorCode.CORRUPT_MEDIA


@pytest.mark.parametrize("components", [5, 16_000])
def test_a_jpeg_2000_of_many_components_is_not_even_tried(components: int):
    data = bytearray(save(photo(), "jpeg2000"))
    struct.pack_into(">H", data, data.index(b"\xff\x4f\xff\x51") + 40, components)
    error = refusal(bytes(data), "jpeg2000")
    assert error.code is ErrorCode.UNSUPPORTED_MEDIA
    assert f"{components} components" in error.message


def test_a_deep_jpeg_2000_keeps_its_range():
    ramp = Image.linear_gradient("L").resize((64, 64)).convert("I").point(lambda v: v * 257)
    data = save(ramp.convert("I;16"), "jpeg2000")
    image = read_picture(data, "jpeg2000", LIMITS).image
    assert image.mode == "L"
    low, high = image.getextrema()
    assert (low, high) == pytest.approx((0, 255), abs=4)


# Photoshop


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_flattened_picture_of_a_photoshop_document(mode: str):
    image = photo().convert(mode)
    picture = read_picture(psd(image), "psd", LIMITS)
    assert picture.image.mode == mode
    assert picture.image.tobytes() == image.tobytes()


def without_flattened() -> bytes:
    content = struct.pack(">IB", 1, 0) + bytes(4)
    return b"8BIM" + struct.pack(">HHI", 1057, 0, len(content)) + content + bytes(len(content) % 2)


def test_a_photoshop_document_without_a_flattened_picture_is_called_so():
    error = refusal(psd(photo(), resources=without_flattened()), "psd")
    assert error.code is ErrorCode.UNSUPPORTED_MEDIA
    assert error.message.startswith("Photoshop document without a flattened picture")


# Icons


def test_the_largest_image_of_an_icon():
    sizes = [(16, 16), (256, 256), (48, 48)]
    picture = read_picture(icon(*map(photo, sizes)), "ico", LIMITS)
    assert picture.image.size == (256, 256)
    assert difference(picture.image, photo((256, 256))) == 0


def test_an_icon_of_bitmaps_with_a_mask():
    image = photo((32, 32)).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((32, 32)))
    file = io.BytesIO()
    image.save(file, "ICO", bitmap_format="bmp", sizes=[(32, 32)])
    picture = read_picture(file.getvalue(), "ico", LIMITS)
    assert picture.image.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_an_icon_whose_png_is_a_bomb_is_refused():
    data = bytearray(icon(photo((16, 16))))
    at = data.index(b"IHDR") + 4
    struct.pack_into(">2I", data, at, 60_000, 60_000)
    import zlib

    struct.pack_into(">I", data, at + 13, zlib.crc32(data[at - 4 : at + 13]))
    assert refusal(bytes(data), "ico").code is ErrorCode.LIMIT_EXCEEDED


# TIFF


def lab_16(lightness: float, a: float, b: float) -> bytes:
    """One pixel as Photoshop writes it: 0–100 in 16 bits; signed, 256 a unit (TIFF Tech Notes)."""
    return struct.pack("<Hhh", round(lightness * 655.35), round(a * 256), round(b * 256))


@pytest.mark.parametrize(
    ("color", "wanted"),
    [
        # CIE Lab under D50, from sRGB by http://www.brucelindbloom.com (Bradford).
        ((100.0, 0.0, 0.0), (255, 255, 255)),
        ((53.59, 0.0, 0.0), (128, 128, 128)),
        ((54.29, 80.81, 69.89), (255, 0, 0)),
        ((29.57, 68.30, -112.03), (0, 0, 255)),
    ],
)
def test_16_bit_lab(color: tuple[float, float, float], wanted: tuple[int, int, int]):
    data = tiff(lab_16(*color) * 64, (8, 8), bits=16, photometric=8, channels=3)
    picture = read_picture(data, "tiff", LIMITS)
    received = pixel(picture.image)
    assert difference_of(srgb_to_lab(received), srgb_to_lab(wanted)) < 1, received
    assert picture.probe.color_space == "Lab"


def test_deep_greys_are_rounded():
    values = [0, 128, 129, 257, 32_767, 32_768, 65_407, 65_535]
    data = tiff(struct.pack("<8H", *values), (8, 1), bits=16, photometric=1)
    received = list(read_picture(data, "tiff", LIMITS).image.tobytes())
    assert received == [round(value / 257) for value in values]


def test_deep_greys_whose_white_is_zero():
    data = tiff(struct.pack("<3H", 0, 65_535, 32_896), (3, 1), bits=16, photometric=0)
    assert list(read_picture(data, "tiff", LIMITS).image.tobytes()) == [255, 0, 127]


def test_12_bit_greys_reach_white():
    data = tiff(bytes.fromhex("000fff800800"), (4, 1), bits=12, photometric=1)
    assert list(read_picture(data, "tiff", LIMITS).image.tobytes()) == [0, 255, 128, 128]


def test_signed_numbers_as_pixels_are_not_images():
    error = refusal(save(Image.new("I", (8, 8), 5), "tiff"), "tiff")
    assert error.code is ErrorCode.UNSUPPORTED_MEDIA
    assert error.message == "TIFF with signed or complex numbers as samples: not supported"


def test_a_raw_photo_whose_first_bytes_are_any_tiff():
    version = (50_706, 1, 4, 0x0104)
    data = tiff(bytes(64), (8, 8), bits=8, photometric=1, extra=(version,))
    assert refusal(data, "tiff").message == "RAW photo: not supported"


def test_samples_that_no_decoder_reads_are_unsupported_and_not_corrupt():
    data = tiff(bytes(8 * 64 * 3), (8, 8), bits=64, photometric=2, channels=3)
    assert refusal(data, "tiff").code is ErrorCode.UNSUPPORTED_MEDIA


def test_12_bit_jpeg_is_unsupported_and_not_corrupt():
    data = bytearray(save(photo(), "jpeg"))
    data[data.index(b"\xff\xc0") + 4] = 12
    error = refusal(bytes(data), "jpeg")
    assert error.code is ErrorCode.UNSUPPORTED_MEDIA
    assert "12-bit" in error.message


def test_tiles_larger_than_the_limit_are_refused():
    for side in (12_000, 60_000):
        tiles: Entries = {322: ("I", [side]), 323: ("I", [side])}
        data = write(Kind(tile=16, packing="deflate", more=tiles))
        assert refusal(data, "tiff").code is ErrorCode.LIMIT_EXCEEDED


# The room that is asked for


@pytest.mark.parametrize(
    ("size", "asked", "kept"),
    [
        ((1000, 100), {"widest": 200}, (200, 20)),
        ((1000, 100), {"widest": 200, "tallest": 50}, (500, 50)),
        ((1000, 100), {"widest": 200, "tallest": 500}, (1000, 100)),
        ((100, 1000), {"widest": 50, "tallest": 50}, (50, 500)),
        ((100, 1000), {"tallest": 50}, (100, 1000)),
    ],
)
def test_enough_is_kept_for_the_widest_and_for_the_tallest(
    size: tuple[int, int], asked: dict[str, int], kept: tuple[int, int]
):
    assert read_picture(save(photo(size), "png"), "png", LIMITS, **asked).image.size == kept
