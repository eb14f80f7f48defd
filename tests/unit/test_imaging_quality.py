"""`quality = "auto"`: the measure, the search, and what comes out of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lib import presets
from lib.domain.formats import OUTPUTS
from lib.imaging.auto_quality import SIDE, TRIALS, choose_quality, decibels, measure_ssim, search
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform

ROOT = Path(__file__).parents[2]
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = replace(PRESETS.named(None).image, quality=None, widths=(200, 320), boxes=())
PHOTOS = ("hubble.jpg", "portrait-gps.jpg", "really-a-jpeg.txt")


def photo(name: str, side: int = SIDE) -> Image.Image:
    with Image.open(ROOT / "tests" / "media" / name) as image:
        image.thumbnail((side, side))
        return image.convert("RGB")


def test_equal_images_have_one():
    image = photo("hubble.jpg", 99)
    assert measure_ssim(image, image.copy()) == pytest.approx(1, abs=1e-6)


def counted(found: Callable[[int], float]) -> tuple[list[int], Callable[[int], float]]:
    calls: list[int] = []

    def trial(quality: int) -> float:
        calls.append(quality)
        return found(quality)

    return calls, trial


@given(
    st.sampled_from(sorted(OUTPUTS)),
    st.floats(-3, 3),
    st.floats(0.7, 1.4),
    st.floats(8, 22),
)
def test_the_search_ends_above_what_is_wanted_and_close(image_format, higher, steeper, wanted):
    """Over pictures that are easier and harder, but rise like the others."""
    curve = OUTPUTS[image_format].ssim_curve

    def found(quality: int) -> float:
        for (q0, d0), (q1, d1) in pairwise(curve):
            if quality <= q1:
                return float(higher + steeper * (d0 + (quality - q0) * (d1 - d0) / (q1 - q0)))
        raise AssertionError(quality)

    calls, trial = counted(found)
    chosen = search(trial, curve, wanted)
    assert len(calls) <= TRIALS
    assert len(set(calls)) == len(calls)
    assert 20 <= chosen <= 95
    best = next((quality for quality in range(20, 96) if found(quality) >= wanted), 95)
    assert chosen >= best - 1
    assert found(chosen) - found(best) <= 2 * decibels(0.5)


@pytest.mark.parametrize("image_format", sorted(OUTPUTS))
def test_what_cannot_be_had_is_approached_and_what_is_easy_is_cheap(image_format: str):
    calls, never = counted(lambda quality: 0.0)
    assert search(never, OUTPUTS[image_format].ssim_curve, 15) == 95
    calls, always = counted(lambda quality: 60.0)
    assert search(always, OUTPUTS[image_format].ssim_curve, 15) == 20
    assert len(calls) <= TRIALS


def test_pictures_get_different_qualities_and_say_which():
    qualities = {}
    for name in PHOTOS[:2]:
        picture = read_picture(
            (ROOT / "tests" / "media" / name).read_bytes(), "jpeg", PRESETS.limits
        )
        made = list(make_renditions(picture, Transform(PRESET), TimeBudget(lambda: 60.0)))
        by_format = {each.mime: {m.quality for m in made if m.mime == each.mime} for each in made}
        assert all(len(values) == 1 for values in by_format.values())
        qualities[name] = {mime: min(filter(None, values)) for mime, values in by_format.items()}
    grainy, smooth = (qualities[name] for name in PHOTOS[:2])
    assert all(grainy[mime] > smooth[mime] + 10 for mime in grainy)


def test_transparency_is_judged_on_the_background():
    image = photo("hubble.jpg", 128)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    assert 20 <= choose_quality(image, "webp", 0.96, "#ffffff") <= 95


def test_what_is_too_small_to_be_measured_gets_the_typical_quality():
    for image_format, size in (("avif", (7, 300)), ("webp", (9000, 9))):
        chosen = choose_quality(Image.new("RGB", size), image_format, 0.96, "#ffffff")
        assert chosen == OUTPUTS[image_format].quality
