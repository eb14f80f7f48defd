"""The perceptual hash: near for copies of a photo, far for another one."""

import io
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from lib import presets
from lib.imaging.load import read_picture
from lib.imaging.phash import phash

MEDIA = Path(__file__).parents[1] / "media"
LIMITS = presets.load(presets.PACKAGED).limits
PHOTOS = {
    "portrait-gps.jpg": "jpeg",
    "hubble.jpg": "jpeg",
    "really-a-jpeg.txt": "jpeg",
    "rocket-alpha.png": "png",
    "coffee.heic": "heif",
    "été à la plage + sunset v1.2.final.jpg": "jpeg",
}


@pytest.fixture(scope="module")
def photos():
    return {
        name: read_picture((MEDIA / name).read_bytes(), container, LIMITS).image
        for name, container in PHOTOS.items()
    }


def hash_of(image):
    found = phash(image)
    assert found is not None
    assert len(found) == 16
    return int(found, 16)


def bits_between(one, other):
    return (hash_of(one) ^ hash_of(other)).bit_count()


def encoded_again(image):
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=30)
    return Image.open(file)


def half_a_stop_brighter(image):
    return ImageEnhance.Brightness(image.convert("RGB")).enhance(1.1)


@pytest.mark.parametrize("name", [name for name in PHOTOS if name != "rocket-alpha.png"])
def test_a_copy_is_near(photos, name):
    photo = photos[name]
    for copy in (
        encoded_again(photo),
        photo.resize((photo.width // 3, photo.height // 3), Image.Resampling.BILINEAR),
        encoded_again(photo.resize((photo.width * 2, photo.height * 2))),
        photo.resize((200, 200)),
        ImageOps.grayscale(photo),
        half_a_stop_brighter(photo),
    ):
        assert bits_between(photo, copy) <= 6


def test_a_transparent_copy_is_near(photos):
    photo = photos["rocket-alpha.png"]
    assert photo.mode == "RGBA"
    assert bits_between(photo, photo.resize((100, 112))) <= 6


def test_other_photos_are_far(photos):
    distances = {
        (one, other): bits_between(photos[one], photos[other])
        for one, other in combinations(photos, 2)
        # Two crops of the same photo.
        if not {one, other} <= {"rocket-alpha.png", "été à la plage + sunset v1.2.final.jpg"}
    }
    assert min(distances.values()) >= 20, distances


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.FLIP_LEFT_RIGHT])
def test_a_turned_or_mirrored_photo_is_another(photos, turn):
    photo = photos["portrait-gps.jpg"]
    assert bits_between(photo, photo.transpose(turn)) >= 20


@pytest.mark.parametrize("color", ["black", "white"])
def test_a_drawing_on_nothing_shows_in_black_and_in_white(color):
    drawing = Image.new("RGBA", (200, 200))
    ImageDraw.Draw(drawing).ellipse((20, 60, 120, 180), fill=color)
    hash_of(drawing)


@pytest.mark.parametrize("image", [Image.new("RGB", (64, 64), "teal"), Image.linear_gradient("L")])
def test_what_hardly_changes_has_none(image):
    assert phash(image) is None


def test_it_stays_the_same_from_release_to_release():
    """Hashes are stored, and compared with those of years ago."""
    image = Image.linear_gradient("L")
    ImageDraw.Draw(image).ellipse((20, 90, 130, 240), fill=200)
    assert phash(image) == "877bb88007777998"
