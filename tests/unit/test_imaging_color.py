"""Colours arrive in sRGB: by the embedded profile, at any depth, from any model."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from lib.imaging.load import read_picture
from tests.support.color_spaces import Matrix
from tests.support.images import LIMITS, save
from tests.support.profiles import ADOBE_RGB, DISPLAY_P3, GAMMA, profile

MEDIA = Path(__file__).parents[1] / "media"

# From XYZ relative to D50 back to linear sRGB:
# http://www.brucelindbloom.com/index.html?Eqn_RGB_XYZ_Matrix.html
TO_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


def power(value: float) -> float:
    return float(value**GAMMA)


def srgb(value: float) -> float:
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def expected(
    color: tuple[int, int, int],
    primaries: Matrix,
    curve: Callable[[float], float] = power,
) -> list[int]:
    """Convert one colour with the definitions alone, without LittleCMS."""
    linear = [curve(value / 255) for value in color]
    xyz = [sum(p[axis] * v for p, v in zip(primaries, linear, strict=True)) for axis in range(3)]
    srgb = (sum(m * v for m, v in zip(row, xyz, strict=True)) for row in TO_SRGB)
    clipped = (min(1.0, max(0.0, value)) for value in srgb)
    return [
        round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055))
        for v in clipped
    ]


def png(image: Image.Image, icc: bytes | None = None) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", icc_profile=icc)
    return file.getvalue()


def pixel(image: Image.Image, x: int = 0, y: int = 0) -> list[int]:
    return list(image.crop((x, y, x + 1, y + 1)).tobytes())


def near(received: list[int], wanted: list[int], within: int = 2) -> bool:
    return all(abs(a - b) <= within for a, b in zip(received, wanted, strict=True))


COLORS = [
    (255, 255, 255),
    (0, 0, 0),
    (128, 128, 128),
    (200, 60, 40),
    (40, 160, 60),
    (30, 50, 190),
    (255, 0, 0),
]


@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB], ids=["p3", "adobe"])
@pytest.mark.parametrize("color", COLORS)
def test_wide_gamuts_are_converted(color: tuple[int, int, int], primaries: Matrix):
    source = png(Image.new("RGB", (8, 8), color), profile(primaries))
    picture = read_picture(source, "png", LIMITS)
    wanted = expected(color, primaries)
    assert near(pixel(picture.image), wanted), (pixel(picture.image), wanted)
    assert picture.probe.color_space == "Test"


def test_a_real_adobe_rgb_photo_becomes_more_saturated():
    data = (MEDIA / "été à la plage + sunset v1.2.final.jpg").read_bytes()
    untouched = Image.open(io.BytesIO(data))
    picture = read_picture(data, "jpeg", LIMITS)
    sky = (400, 100)
    (x, y) = sky
    stored = pixel(untouched, x, y)
    wanted = expected((stored[0], stored[1], stored[2]), ADOBE_RGB)
    assert stored != wanted
    assert near(pixel(picture.image, x, y), wanted)
    assert picture.probe.color_space == "Adobe RGB (1998)"


def test_alpha_passes_the_conversion_untouched():
    image = Image.new("RGBA", (8, 8), (200, 60, 40, 77))
    picture = read_picture(png(image, profile(DISPLAY_P3)), "png", LIMITS)
    assert picture.image.mode == "RGBA"
    received = pixel(picture.image)
    assert near(received[:3], expected((200, 60, 40), DISPLAY_P3))
    assert received[3] == 77


def test_srgb_stays_what_it_is():
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for color in COLORS:
        source = png(Image.new("RGB", (4, 4), color), icc)
        assert near(pixel(read_picture(source, "png", LIMITS).image), list(color), within=1)


@pytest.mark.parametrize("icc", [b"rubbish", profile(DISPLAY_P3)[:200]], ids=["rubbish", "cut"])
def test_a_broken_profile_is_no_profile(icc: bytes):
    picture = read_picture(png(Image.new("RGB", (4, 4), (9, 99, 199)), icc), "png", LIMITS)
    assert pixel(picture.image) == [9, 99, 199]
    assert picture.probe.color_space == "sRGB"


def test_a_profile_of_other_pixels_is_no_profile():
    file = io.BytesIO()
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(
        file, "JPEG", quality=95, icc_profile=profile(DISPLAY_P3)
    )
    picture = read_picture(file.getvalue(), "jpeg", LIMITS)
    assert near(pixel(picture.image), [255, 0, 0], within=4)


@pytest.mark.parametrize(
    ("ink", "wanted"),
    [((0, 0, 0, 0), [255] * 3), ((0, 0, 0, 255), [0] * 3), ((255, 0, 0, 0), [0, 255, 255])],
)
def test_cmyk_without_a_profile(ink: tuple[int, int, int, int], wanted: list[int]):
    for container in ("jpeg", "tiff"):
        file = io.BytesIO()
        Image.new("CMYK", (16, 16), ink).save(file, container, quality=95)
        picture = read_picture(file.getvalue(), container, LIMITS)
        assert picture.image.mode == "RGB"
        assert near(pixel(picture.image), wanted, within=4), container
        assert picture.probe.color_space == "CMYK"


def test_lab():
    file = io.BytesIO()
    Image.new("LAB", (4, 4), (137, 128, 128)).save(file, "TIFF")  # L* 53.7: the middle of sRGB
    picture = read_picture(file.getvalue(), "tiff", LIMITS)
    assert near(pixel(picture.image), [128, 128, 128])
    assert picture.probe.color_space == "Lab"


@pytest.mark.parametrize("container", ["png", "tiff"])
def test_sixteen_bits_become_eight_without_clipping_or_banding(container: str):
    ramp = Image.frombytes(
        "I;16", (256, 1), b"".join(struct.pack("<H", v * 257) for v in range(256))
    )
    file = io.BytesIO()
    ramp.save(file, container)
    picture = read_picture(file.getvalue(), container, LIMITS)
    assert picture.image.mode == "L"
    assert list(picture.image.tobytes()) == list(range(256))
    assert picture.probe.color_space == "grey"


def test_numbers_with_a_point_are_white_at_one():
    file = io.BytesIO()
    Image.new("F", (4, 4), 0.5).save(file, "TIFF")
    assert pixel(read_picture(file.getvalue(), "tiff", LIMITS).image) == [128]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_every_mode_of_png_gives_its_color(mode: str):
    image = (
        Image.new("RGB", (8, 8), "white").convert("RGBA" if "A" in mode else "RGB").convert(mode)
    )
    picture = read_picture(png(image), "png", LIMITS)
    assert set(pixel(picture.image)) == {255}


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def signalled(image: Image.Image, *chunks: bytes, icc: bytes | None = None) -> bytes:
    """A PNG with more chunks behind its header."""
    data = png(image, icc)
    return data[:33] + b"".join(chunks) + data[33:]


def gama(exponent: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(exponent * 100_000)))


def chrm(*chromaticities: float) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in chromaticities)))


CICP_P3 = chunk(b"cICP", bytes((12, 13, 0, 1)))
XY_P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
XY_SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize(
    ("chunks", "curve"),
    [((CICP_P3,), srgb), ((gama(256 / 563), chrm(*XY_P3)), power)],
    ids=["cICP", "gAMA-cHRM"],
)
def test_what_a_png_signals_is_followed(
    color: tuple[int, int, int], chunks: tuple[bytes, ...], curve: Callable[[float], float]
):
    picture = read_picture(signalled(Image.new("RGB", (8, 8), color), *chunks), "png", LIMITS)
    wanted = expected(color, DISPLAY_P3, curve)
    assert near(pixel(picture.image), wanted), (pixel(picture.image), wanted)


def read_pixel(data: bytes, container: str = "png") -> list[int]:
    return pixel(read_picture(data, container, LIMITS).image)


def test_signals_have_their_order():
    green = Image.new("RGB", (8, 8), (40, 160, 60))
    untouched = [40, 160, 60]
    as_p3 = read_pixel(signalled(green, CICP_P3))
    srgb = chunk(b"sRGB", b"\0")
    assert as_p3 != untouched
    assert read_pixel(signalled(green, CICP_P3, icc=profile(ADOBE_RGB))) == as_p3
    adobe = read_pixel(png(green, profile(ADOBE_RGB)))
    assert read_pixel(signalled(green, gama(1.0), icc=profile(ADOBE_RGB))) == adobe
    assert read_pixel(signalled(green, srgb, gama(1.0))) == untouched
    assert read_pixel(signalled(green, gama(0.45455), chrm(*XY_SRGB))) == untouched
    assert read_pixel(signalled(green, chunk(b"cICP", bytes((1, 13, 0, 1))))) == untouched


def test_linear_greys_stay_grey():
    picture = read_picture(signalled(Image.new("L", (8, 8), 55), gama(1.0)), "png", LIMITS)
    assert picture.image.mode == "L"
    # 55 / 255 of the light is the sRGB value of 127.8.
    assert near(pixel(picture.image), [128])


@pytest.mark.parametrize("xy", [(0.0,) * 8, (0.3, 0.3) * 4, (0.3127, 0.329, *[0.3] * 6)])
def test_chromaticities_that_are_none_are_ignored(xy: tuple[float, ...]):
    data = signalled(Image.new("RGB", (8, 8), (9, 99, 199)), chrm(*xy))
    assert pixel(read_picture(data, "png", LIMITS).image) == [9, 99, 199]


@pytest.mark.parametrize(
    "code_points",
    [
        *((1, 13, 0, 0), (9, 16, 0, 0), (12, 13, 0, 0)),
        *((9, 2, 0, 1), (9, 0, 0, 1), (9, 9, 0, 1), (9, 3, 0, 1), (9, 200, 0, 1)),
        *((2, 16, 0, 1), (0, 13, 0, 1), (3, 8, 0, 1), (200, 16, 0, 1)),
    ],
)
def test_code_points_that_mean_nothing_are_ignored_as_in_chromium(code_points: tuple[int, ...]):
    image = Image.new("RGB", (8, 8), (60, 90, 140))
    ignored = chunk(b"cICP", bytes(code_points))
    assert read_pixel(signalled(image, ignored)) == [60, 90, 140]
    adobe = read_pixel(png(image, profile(ADOBE_RGB)))
    assert read_pixel(signalled(image, ignored, icc=profile(ADOBE_RGB))) == adobe


@pytest.mark.parametrize("transfer", [1, 6, 14, 15])
@pytest.mark.parametrize("primaries", [1, 5, 6, 7, 9, 12])
def test_a_png_in_the_curve_of_video_is_shown_as_in_chromium(primaries: int, transfer: int):
    image = Image.new("L", (8, 8), 40)
    signals = chunk(b"cICP", bytes((primaries, transfer, 0, 1)))
    assert near(read_pixel(signalled(image, signals)), [28], within=1)


@pytest.mark.parametrize(
    ("code_points", "wanted"),
    [
        # (180, 150, 60) as Chromium 156 shows it.
        ((4, 4), (198, 146, 36)),
        ((5, 13), (181, 150, 62)),
        ((6, 13), (178, 150, 59)),
        ((7, 7), (186, 161, 77)),
        ((8, 13), (189, 149, 39)),
        ((11, 17), (182, 142, 0)),
        ((12, 13), (186, 149, 35)),
        ((22, 13), (181, 149, 59)),
    ],
)
def test_other_primaries_are_followed(code_points: tuple[int, int], wanted: tuple[int, ...]):
    image = Image.new("RGB", (8, 8), (180, 150, 60))
    data = signalled(image, chunk(b"cICP", bytes((*code_points, 0, 1))))
    assert near(read_pixel(data), list(wanted))


@pytest.mark.parametrize("container", ["avif", "heif"])
def test_code_points_of_avif_and_heif_are_followed(container: str):
    image = Image.new("RGB", (64, 64), (40, 160, 60))
    data = bytearray(save(image, container, quality=100))
    at = data.index(b"colrnclx") + 8
    struct.pack_into(">HH", data, at, 12, 13)
    wanted = expected((40, 160, 60), DISPLAY_P3, srgb)
    assert near(read_pixel(bytes(data), container), wanted, within=3)
    struct.pack_into(">HH", data, at, 1, 13)
    assert near(read_pixel(bytes(data), container), [40, 160, 60], within=3)
