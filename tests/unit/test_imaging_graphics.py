"""Drawings become lossless WebP where that is worth it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from lib import presets
from lib.domain.renditions import Made
from lib.imaging.encode import is_drawing
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from tests.support.images import save

ROOT = Path(__file__).parents[2]
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = replace(PRESETS.named(None).image, widths=(200, 400), boxes=(), formats=("webp", "jpeg"))


def chart() -> Image.Image:
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    for index, color in enumerate(("#c00", "#0a0", "#00c", "#fa0")):
        draw.rectangle((40 + index * 90, 260 - index * 60, 100 + index * 90, 280), fill=color)
        draw.text((50 + index * 90, 240 - index * 60), f"{index} kg", fill="black")
    return image


def render(image: Image.Image, preset: presets.ImagePreset = PRESET) -> dict[str, Made]:
    picture = read_picture(save(image, "png"), "png", PRESETS.limits)
    return {
        made.name: made
        for made in make_renditions(picture, Transform(preset), TimeBudget(lambda: 60.0))
    }


def test_a_chart_is_kept_to_the_pixel():
    made = render(chart())
    assert (made["400.webp"].quality, made["400.jpg"].quality) == (None, 80)
    content = made["400.webp"].content
    assert isinstance(content, bytes)
    difference = ImageChops.difference(Image.open(io.BytesIO(content)).convert("RGB"), chart())
    assert difference.getbbox() is None


def test_unless_the_preset_says_otherwise():
    assert render(chart(), replace(PRESET, lossless=False))["400.webp"].quality == 78


@pytest.mark.parametrize("name", ["hubble.jpg", "portrait-gps.jpg", "rocket-alpha.png"])
def test_a_photo_is_none(name: str):
    with Image.open(ROOT / "tests" / "media" / name) as image:
        assert not is_drawing(image.convert("RGBA"))
        assert render(image)["200.webp"].quality == 78


def test_what_only_looks_like_a_drawing_by_its_colours_stays_small():
    """The grain of a sheet of paper, in few greys: lossless would be many times larger."""
    paper = Image.effect_noise((400, 400), 5)
    assert is_drawing(paper)
    assert render(paper)["400.webp"].quality == 78
