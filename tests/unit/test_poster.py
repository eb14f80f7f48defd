"""The poster: the picture of a video that shows something, as early as there is one."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.renditions import RenditionKind
from lib.imaging.in_process import InProcess
from lib.imaging.port import Still, StillStatistics
from lib.imaging.video_stills import measure_still, read_still
from lib.presets import load
from lib.video.auxiliary.poster import choose, make_poster, score
from tests.support.images import photo

PRESET = load(Path(__file__).parents[2] / "presets.toml").named(None).image
SIZE = (320, 180)
PLENTY = 600.0


def scene() -> Image.Image:
    """A well-lit, sharp picture."""
    with Image.open(Path(__file__).parents[1] / "media" / "portrait-gps.jpg") as image:
        return image.convert("RGB").resize(SIZE)


def title() -> Image.Image:
    """A small white word on black."""
    image = Image.new("RGB", SIZE)
    image.paste("white", (140, 85, 180, 95))
    return image


def credits() -> Image.Image:
    """Rows of white words on black: rich and sharp."""
    image = Image.new("RGB", SIZE)
    for y in range(20, 160, 12):
        for x in range(100, 220, 6):
            image.paste("white", (x, y, x + 3, y + 6))
    return image


def grainy_fog() -> Image.Image:
    """Hardly a picture, in sharp grain."""
    fog = Image.blend(scene(), Image.new("RGB", SIZE, "#909090"), 0.85)
    return Image.blend(fog, Image.effect_noise(SIZE, 60).convert("RGB"), 0.2)


FAULTS = {
    "black": lambda: Image.new("RGB", SIZE),
    "white": lambda: Image.new("RGB", SIZE, "white"),
    "flat colour": lambda: Image.new("RGB", SIZE, "#3366aa"),
    "noise in the dark": lambda: Image.effect_noise(SIZE, 8).point(
        [max(0, level - 128) for level in range(256)]
    ),
    "title on black": title,
    "credits on black": credits,
    "grainy fog": grainy_fog,
    "half faded to black": lambda: ImageEnhance.Brightness(scene()).enhance(0.5),
    "nearly faded to black": lambda: ImageEnhance.Brightness(scene()).enhance(0.15),
    "half faded to white": lambda: Image.blend(scene(), Image.new("RGB", SIZE, "white"), 0.5),
    "blurred": lambda: scene().filter(ImageFilter.GaussianBlur(4)),
}


@pytest.fixture
def stills(tmp_path: Path):
    """Write candidates by their ms."""

    def write(candidates: dict[int, Image.Image], suffix: str = "png") -> Path:
        for at_ms, image in candidates.items():
            image.convert("RGB").save(tmp_path / f"{at_ms}.{suffix}", quality=90)
        return tmp_path

    return write


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_more_than_being_late(stills, fault):
    folder = stills({500: FAULTS[fault](), 90_500: scene()})
    assert make_poster(folder, PRESET, lambda: PLENTY, InProcess()).at_ms == 90_500


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_not_chosen_for_being_last(stills, fault):
    folder = stills({500: scene(), 90_500: FAULTS[fault]()})
    assert make_poster(folder, PRESET, lambda: PLENTY, InProcess()).at_ms == 500


def test_among_near_equals_the_one_nearest_to_the_middle_is_chosen(stills):
    slightly_worse = ImageEnhance.Brightness(scene()).enhance(0.95)
    folder = stills({700: scene(), 800: slightly_worse, 900: scene(), 1000: scene()})
    images = [read_still(Still.read(folder / name)) for name in ("800.png", "900.png")]
    measured = [measure_still(image) for image in images]
    assert score(measured[0]) < score(measured[1])
    assert choose(measured) == 0
    assert make_poster(folder, PRESET, lambda: PLENTY, InProcess()).at_ms == 800


JUDGED = tomllib.loads((Path(__file__).parents[1] / "media/posters.toml").read_text("utf-8"))
LEADER = "leader-first"
"""Sharper and richer than the clouds that follow it; nothing tells a countdown from a picture."""


@pytest.mark.parametrize("clip", JUDGED)
def test_of_a_clip_a_still_is_chosen_that_a_person_would_take(clip):
    stills = [StillStatistics(*each) for each in JUDGED[clip]["stills"]]
    assert (choose(stills) in JUDGED[clip]["good"]) is (clip != LEADER)


def test_of_a_film_at_night_the_picture_with_the_most_in_it_is_chosen(stills):
    night = ImageEnhance.Brightness(photo(SIZE)).enhance(0.3)
    folder = stills({0: Image.new("RGB", SIZE), 1000: night, 2000: Image.new("RGB", SIZE)})
    assert make_poster(folder, PRESET, lambda: PLENTY, InProcess()).at_ms == 1000


def test_a_black_film_has_a_black_poster(stills):
    poster = make_poster(
        stills({0: FAULTS["black"](), 7: FAULTS["black"]()}), PRESET, lambda: 600, InProcess()
    )
    assert (poster.at_ms, poster.phash) == (0, None)
    assert poster.placeholder.color == "#000000"
    assert all(made.error is None for made in poster.made)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_it_has_the_formats_and_the_quality_of_images(stills, suffix):
    poster = make_poster(stills({0: scene()}, suffix), PRESET, lambda: PLENTY, InProcess())
    made = [each for each in poster.made if "-" not in each.name]
    assert [(each.name, each.mime, each.quality) for each in made] == [
        ("poster.avif", "image/avif", 60),
        ("poster.webp", "image/webp", 78),
        ("poster.jpg", "image/jpeg", 80),
    ]
    for each in made:
        assert (each.kind, each.width, each.height) == (RenditionKind.POSTER, *SIZE)
        assert isinstance(each.content, bytes)
        with Image.open(BytesIO(each.content)) as image:
            assert image.size == SIZE
            assert image.format == each.mime.removeprefix("image/").upper()
    assert poster.phash is not None


def test_its_formats_follow_the_preset(stills):
    preset = replace(PRESET, formats=("webp",), quality=None)
    (made,) = make_poster(stills({0: scene()}), preset, lambda: PLENTY, InProcess()).made
    assert made.name == "poster.webp"
    assert 20 <= (made.quality or 0) <= 95


def test_the_order_is_that_of_the_numbers(stills):
    folder = stills({9000: scene(), 10_000: scene(), 80: scene()})
    assert make_poster(folder, PRESET, lambda: PLENTY, InProcess()).at_ms == 9000


def test_it_has_the_widths_of_the_preset_and_its_own(stills):
    preset = replace(PRESET, formats=("jpeg",), widths=(100, 200))
    poster = make_poster(stills({0: scene()}), preset, lambda: PLENTY, InProcess())
    named = {each.name: (each.width, each.height) for each in poster.made}
    assert named == {
        "poster.jpg": (320, 180),
        "poster-200.jpg": (200, 113),
        "poster-100.jpg": (100, 56),
    }


@pytest.mark.parametrize("folder", ["", "missing"])
def test_without_a_picture_there_is_none(tmp_path, folder):
    with pytest.raises(PermanentError) as caught:
        make_poster(tmp_path / folder, PRESET, lambda: PLENTY, InProcess())
    assert caught.value.code is ErrorCode.ENCODE_FAILED
