"""Orientation is baked in exactly once, wherever a format keeps it."""

from __future__ import annotations

import io

import pillow_heif
import pytest
from PIL import Image

from lib.imaging.load import read_picture
from tests.support.images import LIMITS

CORNERS = ("red", "lime", "blue", "white")  # top left, top right, bottom left, bottom right

# What a camera that is held in this way stores: the inverse of what makes it upright.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def upright() -> Image.Image:
    image = Image.new("RGB", (96, 64))
    for index, color in enumerate(CORNERS):
        image.paste(
            color, (index % 2 * 48, index // 2 * 32, index % 2 * 48 + 48, index // 2 * 32 + 32)
        )
    return image


def stored(orientation: int, file_format: str) -> bytes:
    method = STORED[orientation]
    image = upright() if method is None else upright().transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, file_format, exif=exif.tobytes(), quality=95)
    return file.getvalue()


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    width, height = image.size
    points = [(8, 8), (width - 9, 8), (8, height - 9), (width - 9, height - 9)]
    channels = image.convert("RGB").split()
    return [
        tuple(round(channel.crop((x, y, x + 1, y + 1)).tobytes()[0] / 255) for channel in channels)
        for x, y in points
    ]


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("container", ["jpeg", "png", "webp", "tiff", "avif", "heif"])
@pytest.mark.parametrize("widest", [None, 48])
def test_pixels_come_out_upright(container: str, orientation: int, widest: int | None):
    if container == "heif":
        pillow_heif.register_heif_opener()
    picture = read_picture(stored(orientation, container), container, LIMITS, widest=widest)
    assert (picture.probe.width, picture.probe.height) == (96, 64)
    assert picture.image.size == ((96, 64) if widest is None else (48, 32))
    assert corners(picture.image) == corners(upright())
    assert (picture.probe.orientation or 1) == orientation


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(value: int):
    exif = Image.Exif()
    exif[0x0112] = value
    file = io.BytesIO()
    upright().save(file, "JPEG", exif=exif, quality=95)
    picture = read_picture(file.getvalue(), "jpeg", LIMITS)
    assert corners(picture.image) == corners(upright())
    assert picture.probe.orientation is None


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "AVIF"])
def test_xmp_does_not_turn_an_image(file_format: str):
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    file = io.BytesIO()
    if file_format == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        upright().save(file, "PNG", pnginfo=info)
    else:
        upright().save(file, file_format, xmp=xmp)
    picture = read_picture(file.getvalue(), file_format.lower(), LIMITS)
    assert picture.image.size == (96, 64)
