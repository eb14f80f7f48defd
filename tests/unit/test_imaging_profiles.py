"""A profile is followed, and named, where it describes the pixels; Chromium's colours are right."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image

from lib.imaging.load import read_picture
from tests.support.images import LIMITS
from tests.support.profiles import ADOBE_RGB, grey_profile, ink_profile, rgb_profile

RED, GREY = (200, 60, 40), 100
# As Chromium 156 shows them through a canvas: Adobe RGB's red, and linear grey.
ADOBE_RED, LINEAR_GREY = (231, 57, 34), 168

ADOBE = rgb_profile("Adobe", ADOBE_RGB, 2.2)
LINEAR = grey_profile("Linear", 1.0)
LINEAR_RGB = rgb_profile("Linear RGB", ADOBE_RGB, 1.0)
INK = ink_profile("Ink")


def patched(profile: bytes, at: int, content: bytes) -> bytes:
    return profile[:at] + content + profile[at + len(content) :]


def pixels(mode: str) -> Image.Image:
    if mode in ("L", "LA", "1"):
        return Image.new("LA", (16, 16), (GREY, 200)).convert(mode)
    image = Image.new("RGB", (16, 16), RED)
    return image.quantize(4) if mode == "P" else image.convert(mode)


def read(container: str, mode: str, profile: bytes, **options: Any) -> tuple[list[int], str]:
    file = io.BytesIO()
    pixels(mode).save(file, container, icc_profile=profile, **options)
    picture = read_picture(file.getvalue(), container, LIMITS)
    assert picture.probe.color_space
    return list(picture.image.convert("RGB").crop((5, 5, 6, 6)).tobytes()), (
        picture.probe.color_space
    )


def assert_near(received: list[int], wanted: tuple[int, ...], within: int = 2):
    assert all(abs(a - b) <= within for a, b in zip(received, wanted, strict=True)), received


@pytest.mark.parametrize("profile", [LINEAR, INK], ids=["grey", "ink"])
@pytest.mark.parametrize(
    ("container", "mode", "options"),
    [
        ("jpeg", "RGB", {"quality": 100, "subsampling": 0}),
        ("png", "RGB", {}),
        ("png", "RGBA", {}),
        ("png", "P", {}),
        ("webp", "RGB", {"lossless": True}),
        ("webp", "RGBA", {"lossless": True}),
        ("tiff", "RGB", {}),
        ("tiff", "P", {}),
        ("avif", "RGB", {"quality": 100, "subsampling": "4:4:4"}),
    ],
)
def test_a_profile_of_another_model_is_ignored_and_not_named(
    container: str, mode: str, options: dict[str, Any], profile: bytes
):
    color, space = read(container, mode, profile, **options)
    assert_near(color, RED)
    assert space == "sRGB"


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_greys_follow_a_profile_of_greys_and_of_rgb(mode: str):
    assert read("png", mode, LINEAR) == ([LINEAR_GREY] * 3, "Linear")
    assert read("png", mode, LINEAR_RGB) == ([LINEAR_GREY] * 3, "Linear RGB")
    assert read("png", mode, INK) == ([GREY] * 3, "grey")


@pytest.mark.parametrize("profile", [ADOBE, LINEAR], ids=["rgb", "grey"])
def test_inks_follow_a_profile_of_inks_alone(profile: bytes):
    untagged = read("tiff", "CMYK", b"")
    assert read("tiff", "CMYK", profile) == untagged
    assert untagged[1] == "CMYK"
    followed = read("tiff", "CMYK", INK)
    assert followed[1] == "Ink"
    assert followed[0] != untagged[0]


@pytest.mark.parametrize(
    "profile",
    [
        patched(ADOBE, 8, b"\x01"),
        patched(ADOBE, 8, b"\x04"),
        patched(ADOBE, 12, b"scnr"),
        patched(ADOBE, 12, b"spac"),
        patched(ADOBE, 12, b"link"),
        patched(ADOBE, 12, b"abst"),
        patched(ADOBE, 12, b"nmcl"),
        patched(ADOBE, 20, b"Lab "),
        ADOBE + bytes(50),
    ],
    ids=["v1", "v4", "scnr", "spac", "link", "abst", "nmcl", "Lab", "padded"],
)
def test_an_unusual_header_is_forgiven(profile: bytes):
    color, space = read("png", "RGB", profile)
    assert_near(color, ADOBE_RED)
    assert space == "Adobe"


@pytest.mark.parametrize(
    "profile",
    [
        patched(ADOBE, 0, struct.pack(">I", len(ADOBE) + 1)),
        patched(ADOBE, 0, struct.pack(">I", len(ADOBE) - 40)),
        patched(ADOBE, 0, bytes(4)),
        ADOBE[:-1],
        patched(ADOBE, 8, b"\x05"),
        patched(ADOBE, 16, b"HSV "),
        patched(ADOBE, 16, b"Lab "),
        patched(ADOBE, 20, b"RGB "),
        patched(ADOBE, 36, b"none"),
        patched(ADOBE, 128, b"\xff\xff\xff\xff"),
        patched(ADOBE, ADOBE.index(b"rXYZ"), b"none"),
        b"\0",
    ],
    ids=[
        *("too-large", "too-small", "no-size", "cut", "v5", "HSV", "Lab", "no-connection"),
        *("no-signature", "too-many-tags", "no-red", "one-byte"),
    ],
)
def test_a_broken_profile_is_neither_followed_nor_named(profile: bytes):
    assert read("png", "RGB", profile) == (list(RED), "sRGB")


def jpeg(*segments: tuple[int, int, bytes]) -> bytes:
    file = io.BytesIO()
    pixels("RGB").save(file, "JPEG", quality=100, subsampling=0)
    data = file.getvalue()
    profile = b"".join(
        struct.pack(">HH12sBB", 0xFFE2, 16 + len(part), b"ICC_PROFILE\0", number, count) + part
        for number, count, part in segments
    )
    return data[:2] + profile + data[2:]


THIRD = len(ADOBE) // 3
PARTS = [ADOBE[:THIRD], ADOBE[THIRD : 2 * THIRD], ADOBE[2 * THIRD :]]


@pytest.mark.parametrize(
    ("segments", "wanted"),
    [
        ([(3, 3, PARTS[2]), (1, 3, PARTS[0]), (2, 3, PARTS[1])], ADOBE_RED),
        ([(1, 3, PARTS[0]), (2, 3, PARTS[1])], RED),
        ([(1, 3, PARTS[0]), (1, 3, PARTS[0]), (2, 3, PARTS[1]), (3, 3, PARTS[2])], RED),
    ],
    ids=["in-disorder", "one-missing", "one-twice"],
)
def test_a_profile_in_several_segments(
    segments: list[tuple[int, int, bytes]], wanted: tuple[int, int, int]
):
    image = read_picture(jpeg(*segments), "jpeg", LIMITS).image
    assert_near(list(image.crop((5, 5, 6, 6)).tobytes()), wanted, within=3)
