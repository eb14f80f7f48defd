"""A ThumbHash becomes a tiny PNG of the picture's shape and colours."""

import base64
import hashlib
import io

import pytest
from PIL import Image, ImageChops, ImageStat

from lib.domain.thumbhash import data_uri
from lib.imaging.thumbhash import make_placeholder


def preview_of(image):
    shown = data_uri(make_placeholder(image).thumbhash)
    png = Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2])))
    png.load()
    return png


@pytest.mark.parametrize(
    ("size", "expected"), [((300, 200), (16, 11)), ((200, 300), (11, 16)), ((9, 9), (16, 16))]
)
def test_it_has_about_the_shape_of_the_picture(size, expected):
    assert preview_of(Image.new("RGB", size, "teal")).size == expected


@pytest.mark.parametrize("color", ["red", "lime", "blue", "white", "black", "#336699"])
def test_a_flat_picture_keeps_its_colour(color):
    image = Image.new("RGB", (60, 40), color)
    shown = preview_of(image)
    difference = ImageChops.difference(shown, image.resize(shown.size))
    assert max(ImageStat.Stat(difference).mean) < 8


def test_what_is_where_stays_there():
    image = Image.new("RGB", (160, 110), "navy")
    image.paste("gold", (80, 0, 160, 110))
    shown = preview_of(image)
    left, right = shown.getpixel((1, 5)), shown.getpixel((14, 5))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert right[0] > left[0] + 100
    assert left[2] > right[2] + 40


def test_what_is_transparent_stays_so():
    image = Image.new("RGBA", (100, 100), "red")
    image.paste((0, 0, 0, 0), (0, 0, 100, 50))
    shown = preview_of(image)
    assert shown.mode == "RGBA"
    alpha = shown.getchannel("A")
    assert ImageStat.Stat(alpha.crop((0, 0, 16, 4))).mean[0] < 60
    assert ImageStat.Stat(alpha.crop((0, 12, 16, 16))).mean[0] > 195


def test_pixels_are_those_of_the_formats_reference():
    """As the npm package `thumbhash` 0.1.1 decodes its example at 16 px, to a step of rounding."""
    shown = data_uri("1QcSHQRnh493V4dIh4eXh1h4kJUI")
    image = Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2])))
    image.load()
    assert image.size == (11, 16)
    for position, expected in {
        (0, 0): (65, 78, 113),
        (10, 0): (84, 108, 138),
        (5, 8): (128, 98, 78),
        (0, 15): (0, 11, 41),
        (10, 15): (0, 5, 40),
    }.items():
        assert image.getpixel(position) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(
    ("thumbhash", "mode", "size", "digest"),
    [
        ("1QcSHQRnh493V4dIh4eXh1h4kJUI", "RGB", (11, 16), "6c9c4b59b9310776"),
        ("GBoOmZZwfYV6eXiIkIr454c=", "RGB", (16, 2), "78bb3dc4931dc1a1"),
        ("HAmGJBAYcAV3eHeFBwd3j4CHf4h3+GeHCA==", "RGBA", (13, 16), "78413f52c1be4af6"),
        ("HPmFI5AYcHVwh3hwcPgId/iHiHd/doc=", "RGBA", (16, 10), "2e1d2837533c65fe"),
        # As colourful as can be, and half transparent.
        ("1QcS/X9nh493V4dIh4eXh1h4kJUI", "RGB", (11, 16), "e97c99cfbbad7f69"),
        ("HPmFI5CXcHVwh3hwcPgId/iHiHd/doc=", "RGBA", (16, 10), "5fc3c51133b065c6"),
    ],
)
def test_pixels_stay_what_they_are(thumbhash, mode, size, digest):
    """Upright and lying, with and without transparency: manifests in use have these pictures."""
    png = base64.b64decode(data_uri(thumbhash).partition(",")[2])
    assert png.endswith(b"\0\0\0\0IEND\xaeB`\x82")
    image = Image.open(io.BytesIO(png))
    assert (image.mode, image.size) == (mode, size)
    assert hashlib.sha256(image.tobytes()).hexdigest()[:16] == digest


def test_what_is_said_to_have_no_height_has_a_line():
    hashed = bytearray(base64.b64decode("GBoOmZZwfYV6eXiIkIr454c="))
    hashed[3] &= 0xF8
    shown = data_uri(base64.b64encode(hashed).decode())
    assert Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2]))).size == (16, 1)
