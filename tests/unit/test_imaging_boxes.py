"""Boxes by their pixels: what is cut, what is filled, and where the eye goes."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps

from lib import presets
from lib.imaging.crop import place_by_attention
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.presets import Box, Fit
from tests.support.images import save

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "media"
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = replace(
    PRESETS.named(None).image, widths=(32,), formats=("webp",), lossless=True, background="#00ff00"
)
RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)


def boxed(image: Image.Image, fit: Fit, position: str, size: tuple[int, int]) -> Image.Image:
    preset = replace(PRESET, boxes=(Box("box", *size, fit, position),))
    picture = read_picture(save(image, "png"), "png", PRESETS.limits)
    made = make_renditions(picture, Transform(preset), TimeBudget(lambda: 60.0))
    content = next(each.content for each in made if each.name == "box.webp")
    assert isinstance(content, bytes)
    return Image.open(io.BytesIO(content))


def halves(size: tuple[int, int]) -> Image.Image:
    """Red on the left or above, blue on the right or below."""
    image = Image.new("RGB", size, RED)
    width, height = size
    image.paste(BLUE, (width // 2, 0, *size) if width > height else (0, height // 2, *size))
    return image


@pytest.mark.parametrize(
    ("size", "position", "color"),
    [
        ((400, 100), "west", RED),
        ((400, 100), "north-west", RED),
        ((400, 100), "south-east", BLUE),
        ((100, 400), "north", RED),
        ((100, 400), "south-west", BLUE),
    ],
)
def test_cover_keeps_the_side_that_is_named(
    size: tuple[int, int], position: str, color: tuple[int, int, int]
):
    box = boxed(halves(size), Fit.COVER, position, (50, 50))
    assert box.size == (50, 50)
    assert box.convert("RGB").getcolors() == [(2500, color)]


def test_cover_keeps_the_centre():
    box = boxed(halves((400, 100)), Fit.COVER, "centre", (50, 50)).convert("RGB")
    assert (box.getpixel((2, 25)), box.getpixel((47, 25))) == (RED, BLUE)


@pytest.mark.parametrize(
    ("position", "top"), [("north", 0), ("centre", 25), ("attention", 25), ("south-east", 50)]
)
def test_contain_shows_all_and_fills_the_rest(position: str, top: int):
    box = boxed(Image.new("RGB", (400, 200), RED), Fit.CONTAIN, position, (100, 100))
    assert box.size == (100, 100)
    rows = [box.convert("RGB").getpixel((50, row)) for row in range(100)]
    assert rows == [RED if top <= row < top + 50 else GREEN for row in range(100)]


def test_contain_lays_what_is_transparent_on_the_background_too():
    box = boxed(Image.new("RGBA", (40, 20), (255, 0, 0, 0)), Fit.CONTAIN, "centre", (50, 50))
    assert box.mode == "RGB"
    assert box.getcolors() == [(2500, GREEN)]


def test_inside_has_the_shape_of_the_source():
    box = boxed(halves((400, 100)), Fit.INSIDE, "attention", (50, 50))
    assert box.size == (50, 12)


@pytest.mark.parametrize("size", [(400, 100), (100, 400)])
@pytest.mark.parametrize("place", [0.05, 0.3, 0.85])
def test_attention_finds_the_only_thing_there_is(size: tuple[int, int], place: float):
    image = Image.new("RGB", size, (128, 128, 128))
    middle = [place * side if side == 400 else side / 2 for side in size]
    around = [middle[0] - 15, middle[1] - 15, middle[0] + 15, middle[1] + 15]
    ImageDraw.Draw(image).ellipse(around, fill=(250, 240, 20), outline="black", width=4)
    left, top = place_by_attention(image, (100, 100))
    assert left - 8 <= around[0]
    assert around[2] <= left + 108
    assert top - 8 <= around[1]
    assert around[3] <= top + 108


def test_attention_keeps_a_face():
    with Image.open(MEDIA / "portrait-gps.jpg") as file:
        portrait = ImageOps.exif_transpose(file)
    assert portrait.size == (384, 512)
    left, top = place_by_attention(portrait, (384, 150))
    assert left == 0
    assert top <= 45  # chin and hair are at 200 and 30
    left, _ = place_by_attention(portrait.resize((384, 512)), (150, 512))
    assert left <= 130
    assert left + 150 >= 200


@pytest.mark.parametrize("size", [(384, 384), (384, 300), (384, 216), (384, 192), (288, 512)])
@pytest.mark.parametrize("scale", [1, 0.5, 2])
def test_attention_keeps_the_whole_head(size: tuple[int, int], scale: float):
    """The suit below it is more colourful than the head, and larger."""
    with Image.open(MEDIA / "portrait-gps.jpg") as file:
        portrait = ImageOps.exif_transpose(file)
    scaled = portrait.resize((round(384 * scale), round(512 * scale)))
    width, height = round(size[0] * scale), round(size[1] * scale)
    left, top = place_by_attention(scaled, (width, height))
    head = [scale * side for side in (95, 30, 245, 190)]
    assert left <= head[0]
    assert top <= head[1]
    assert head[2] <= left + width
    assert head[3] <= top + height


@pytest.mark.parametrize("color", ["black", "white", "#777"])
def test_attention_takes_the_centre_where_nothing_stands_out(color: str):
    assert place_by_attention(Image.new("RGB", (400, 100), color), (100, 100)) == (150, 0)
    assert place_by_attention(Image.new("L", (100, 400), color), (100, 100)) == (0, 150)


def test_attention_does_not_look_at_what_is_transparent():
    image = Image.new("RGBA", (64, 16), (0, 0, 0, 0))
    noise = Image.effect_noise((16, 16), 200).convert("RGBA")
    noise.putalpha(0)
    image.paste(noise, (0, 0))
    ImageDraw.Draw(image).rectangle((50, 5, 58, 11), fill=(255, 255, 255, 255))
    assert place_by_attention(image, (16, 16))[0] > 32


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (3, 3), (2000, 1), (1, 2000)])
def test_attention_copes_with_slivers(size: tuple[int, int]):
    left, top = place_by_attention(Image.new("RGB", size), (1, 1))
    assert abs(2 * left + 1 - size[0]) <= 1
    assert abs(2 * top + 1 - size[1]) <= 1
