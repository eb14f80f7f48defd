"""The placeholder, read back by the decoding half of the ThumbHash format."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from lib.domain.renditions import Placeholder
from lib.imaging.load import read_picture
from lib.imaging.thumbhash import make_placeholder
from tests.support.images import LIMITS

MEDIA = Path(__file__).parents[1] / "media"


def of(image: Image.Image) -> Placeholder:
    return make_placeholder(image)


def average(hashed: bytes) -> list[float]:
    """Red, green, blue and alpha, 0–255, as a page would compute them."""
    head = int.from_bytes(hashed[:3], "little")
    light, yellow, red = head & 63, head >> 6 & 63, head >> 12 & 63
    alpha = (hashed[5] & 15) / 15 if head >> 23 else 1.0
    l, p, q = light / 63, yellow / 31.5 - 1, red / 31.5 - 1  # noqa: E741
    b = l - 2 / 3 * p
    r = (3 * l - b + q) / 2
    return [min(1.0, max(0.0, value)) * 255 for value in (r, r - q, b, alpha)]


def aspect_ratio(hashed: bytes) -> float:
    most = 5 if hashed[2] & 0x80 else 7
    is_landscape, shorter = bool(hashed[4] & 0x80), hashed[3] & 7
    return most / shorter if is_landscape else shorter / most


@pytest.mark.parametrize("name", ["portrait-gps.jpg", "hubble.jpg", "really-a-jpeg.txt"])
def test_a_photo_comes_back_with_its_color_and_shape(name: str):
    picture = read_picture((MEDIA / name).read_bytes(), "jpeg", LIMITS)
    placeholder = make_placeholder(picture.image)
    hashed = base64.b64decode(placeholder.thumbhash)
    true = ImageStat.Stat(picture.image).mean
    named = list(bytes.fromhex(placeholder.color[1:]))
    assert all(abs(a - b) <= 1 for a, b in zip(named, true, strict=True))
    assert all(abs(a - b) <= 8 for a, b in zip(average(hashed)[:3], true, strict=True))
    assert average(hashed)[3] == 255
    assert aspect_ratio(hashed) == pytest.approx(
        picture.image.width / picture.image.height, rel=0.12
    )
    assert len(hashed) <= 25


def test_the_hash_of_a_known_picture():
    """Equal to what the format's reference implementation makes of the same pixels."""
    ramp = Image.merge(
        "RGBA",
        [
            Image.linear_gradient("L").resize((24, 32)),
            Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((24, 32)),
            Image.new("L", (24, 32), 90),
            Image.radial_gradient("L").resize((24, 32)),
        ],
    )
    assert of(ramp).thumbhash == "HAmGJBAYcAV3eHeFBwd3j4CHf4h3+GeHCA=="


def test_transparent_pixels_do_not_color_the_average():
    image = Image.new("RGBA", (60, 40), (0, 255, 0, 0))
    image.paste((200, 40, 10, 255), (0, 0, 30, 40))
    placeholder = of(image)
    hashed = base64.b64decode(placeholder.thumbhash)
    assert placeholder.color == "#c8280a"
    assert average(hashed)[3] == pytest.approx(127, abs=10)
    assert aspect_ratio(hashed) == pytest.approx(1.5, rel=0.2)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_nothing_to_see_is_black(mode: str):
    placeholder = of(Image.new(mode, (30, 30)))
    assert placeholder.color == "#000000"


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (2, 1)])
def test_extreme_shapes_have_a_hash(size: tuple[int, int]):
    hashed = base64.b64decode(of(Image.new("RGB", size, "#336699")).thumbhash)
    assert all(
        abs(a - b) < 8 for a, b in zip(average(hashed), [0x33, 0x66, 0x99, 255], strict=True)
    )


def test_grey_and_color_agree():
    gradient = Image.linear_gradient("L")
    assert of(gradient) == of(gradient.convert("RGB"))


def test_it_fits_into_a_page():
    file = io.BytesIO((MEDIA / "rocket-alpha.png").read_bytes())
    assert len(of(Image.open(file)).thumbhash) <= 40
