"""`quality = "auto"`: the measure, the search, and what comes out of both."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lib import presets
from lib.imaging.auto_quality import CURVES, SIDE, TRIALS, choose_quality, decibels, search
from lib.imaging.encode import encode
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.ssim import measure_ssim
from lib.imaging.variants import TYPICAL, plan_variants

ROOT = Path(__file__).parents[2]
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = replace(PRESETS.named(None).image, quality=None, widths=(200, 320), boxes=())
PHOTOS = ("hubble.jpg", "portrait-gps.jpg", "really-a-jpeg.txt")


def photo(name: str, side: int = SIDE) -> Image.Image:
    with Image.open(ROOT / "tests" / "media" / name) as image:
        image.thumbnail((side, side))
        return image.convert("RGB")


def decode(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def slow_ssim(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> float:
    """The definition, window by window."""
    found = []
    for top in range(0, len(one) - 7, 4):
        for left in range(0, len(one[0]) - 7, 4):
            x, y = (
                [rows[top + j][left + i] for j in range(8) for i in range(8)]
                for rows in (one, other)
            )
            mx, my = sum(x) / 64, sum(y) / 64
            vx = sum((a - mx) ** 2 for a in x) / 64
            vy = sum((b - my) ** 2 for b in y) / 64
            cov = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / 64
            c1, c2 = 2.55**2, 7.65**2
            found.append(
                (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
            )
    return sum(found) / len(found)


@given(
    st.integers(8, 21),
    st.integers(8, 21),
    st.randoms(use_true_random=False),
    st.sampled_from([3, 40, 255]),
)
def test_the_measure_is_that_of_its_definition(width, height, random, spread):
    def rows(near: Sequence[Sequence[int]] | None = None) -> list[list[int]]:
        return [
            [
                min(255, max(0, near[y][x] + random.randint(-spread, spread)))
                if near
                else random.randint(0, 255)
                for x in range(width)
            ]
            for y in range(height)
        ]

    one = rows()
    other = rows(one)
    images = [Image.frombytes("L", (width, height), bytes(chain(*each))) for each in (one, other)]
    assert measure_ssim(*images) == pytest.approx(slow_ssim(one, other), abs=1e-4)


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
    st.sampled_from(sorted(CURVES)),
    st.floats(-3, 3),
    st.floats(0.7, 1.4),
    st.floats(8, 22),
)
def test_the_search_ends_above_what_is_wanted_and_close(image_format, higher, steeper, wanted):
    """Over pictures that are easier and harder, but rise like the others."""
    curve = CURVES[image_format]

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


@pytest.mark.parametrize("image_format", sorted(CURVES))
def test_what_cannot_be_had_is_approached_and_what_is_easy_is_cheap(image_format: str):
    calls, never = counted(lambda quality: 0.0)
    assert search(never, CURVES[image_format], 15) == 95
    calls, always = counted(lambda quality: 60.0)
    assert search(always, CURVES[image_format], 15) == 20
    assert len(calls) <= TRIALS


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("image_format", sorted(CURVES))
def test_the_chosen_quality_is_nearly_the_lowest_that_looks_so(name: str, image_format: str):
    image, target = photo(name), 0.96

    def at(quality: int) -> tuple[int, float]:
        content = encode(image, image_format, quality, "#ffffff")
        return len(content), measure_ssim(image, decode(content))

    chosen = choose_quality(image, image_format, target, "#ffffff")
    size, ssim = at(chosen)
    assert ssim >= target - 1e-4
    smallest = min(size for size, ssim in map(at, range(30, chosen + 1, 2)) if ssim >= target)
    assert size <= 1.15 * smallest


def test_pictures_get_different_qualities_and_say_which():
    qualities = {}
    for name in PHOTOS[:2]:
        picture = read_picture(
            (ROOT / "tests" / "media" / name).read_bytes(), "jpeg", PRESETS.limits
        )
        targets = plan_variants(picture.probe, PRESET)
        made = list(make_renditions(picture, targets, PRESET, lambda: 60.0))
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
    assert choose_quality(Image.new("RGB", (7, 300)), "avif", 0.96, "#ffffff") == TYPICAL["avif"]
    assert choose_quality(Image.new("RGB", (9000, 9)), "webp", 0.96, "#ffffff") == TYPICAL["webp"]
