"""Which renditions a source gets: every width that it can fill, its own, and the boxes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import presets
from lib.domain.formats import LARGE_PIXELS
from lib.domain.media import ImageProbe
from lib.imaging.variants import Target, fallback_of, plan_variants
from lib.presets import Box, Fit, ImagePreset

DEFAULT = presets.load(Path(__file__).parents[2] / "presets.toml").named(None).image
PRESET = replace(
    DEFAULT,
    widths=(320, 640, 1280, 1920),
    boxes=(),
    formats=("avif", "webp", "jpeg"),
    quality={"avif": 60, "webp": 78, "jpeg": 80},
)
BOXES = st.builds(
    Box,
    st.just("box"),
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.sampled_from(Fit),
    st.just("centre"),
)


def box(width: int, height: int, fit: Fit, source: tuple[int, int]) -> Target:
    preset = replace(PRESET, boxes=(Box("box", width, height, fit, "centre"),))
    targets = plan_variants(ImageProbe(width=source[0], height=source[1]), preset)
    return next(target for target in targets if target.name == "box.jpg")


def widths(width: int, height: int = 1000) -> list[int]:
    targets = plan_variants(ImageProbe(width=width, height=height), PRESET)
    return [target.width for target in targets[:: len(PRESET.formats)]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (4000, [1920, 1280, 640, 320]),
        (1920, [1920, 1280, 640, 320]),
        (1919, [1919, 1280, 640, 320]),
        (500, [500, 320]),
        (320, [320]),
        (100, [100]),
        (1, [1]),
    ],
)
def test_widths_are_those_the_source_can_fill(source: int, expected: list[int]):
    assert widths(source) == expected


def test_names_formats_and_qualities():
    targets = plan_variants(ImageProbe(width=320, height=240), PRESET)
    assert [(t.name, t.format, t.mime, t.quality) for t in targets] == [
        ("320.avif", "avif", "image/avif", 60),
        ("320.webp", "webp", "image/webp", 78),
        ("320.jpg", "jpeg", "image/jpeg", 80),
    ]


def qualities(height: int, preset: ImagePreset = PRESET) -> dict[str, int | None]:
    targets = plan_variants(ImageProbe(width=1000, height=height), preset)
    return {target.name: target.quality for target in targets}


def test_a_large_avif_looks_the_same_at_less_quality():
    below, above = qualities(LARGE_PIXELS // 1000 - 1), qualities(LARGE_PIXELS // 1000)
    assert below["1000.avif"] == above["640.avif"] == 60
    assert above["1000.avif"] == 55
    assert above["1000.webp"] == 78
    assert above["1000.jpg"] == 80


def test_no_quality_is_below_the_lowest_and_auto_stays_auto():
    assert qualities(900, replace(PRESET, quality={"avif": 3}))["1000.avif"] == 1
    assert qualities(900, replace(PRESET, quality=None))["1000.avif"] is None


def test_a_fallback_has_the_quality_of_its_own_format_and_size():
    preset = replace(PRESET, fallback={"webp": "avif"})
    targets = plan_variants(ImageProbe(width=1000, height=900), preset)
    instead = [fallback_of(target, preset) for target in targets if target.format == "webp"]
    assert [each and each.quality for each in instead] == [55, 60, 60]


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_never_upscaled_never_distorted(width: int, height: int):
    targets = plan_variants(ImageProbe(width=width, height=height), PRESET)
    assert len({target.name for target in targets}) == len(targets)
    assert [t.width for t in targets] == sorted((t.width for t in targets), reverse=True)
    for target in targets:
        assert 1 <= target.width <= width
        assert 1 <= target.height <= height
        assert abs(target.height - height * target.width / width) <= 0.5 or target.height == 1


def test_a_probe_without_a_size_is_not_an_image():
    with pytest.raises(ValueError, match="expected the size of an image"):
        plan_variants(ImageProbe(), PRESET)


@pytest.mark.parametrize(
    ("fit", "source", "whole", "size"),
    [
        (Fit.COVER, (1000, 500), (400, 200), (200, 200)),
        (Fit.COVER, (500, 1000), (200, 400), (200, 200)),
        (Fit.COVER, (100, 400), (100, 400), (100, 100)),  # the largest square there is
        (Fit.COVER, (150, 90), (150, 90), (90, 90)),
        (Fit.INSIDE, (1000, 500), (200, 100), (200, 100)),
        (Fit.INSIDE, (100, 50), (100, 50), (100, 50)),
        (Fit.CONTAIN, (1000, 500), (200, 100), (200, 200)),
        (Fit.CONTAIN, (100, 50), (100, 50), (200, 200)),  # the box keeps its size
    ],
)
def test_boxes(fit: Fit, source: tuple[int, int], whole: tuple[int, int], size: tuple[int, int]):
    target = box(200, 200, fit, source)
    assert (target.whole, (target.width, target.height)) == (whole, size)


def test_a_box_keeps_its_shape_where_it_shrinks():
    target = box(800, 400, Fit.COVER, (500, 600))
    assert (target.width, target.height) == (500, 250)


@given(st.integers(1, 30_000), st.integers(1, 30_000), BOXES)
def test_boxes_are_never_upscaled_never_distorted(width: int, height: int, wanted: Box):
    target = box(wanted.width, wanted.height, wanted.fit, (width, height))
    assert 1 <= target.whole[0] <= width
    assert 1 <= target.whole[1] <= height
    rounding = (width + height) / 2 * (1 + 1e-9)
    skew = abs(target.whole[0] * height - target.whole[1] * width)
    assert skew <= rounding or 1 in target.whole
    assert target.width <= wanted.width
    assert target.height <= wanted.height
    if wanted.fit is Fit.COVER:
        assert target.width <= target.whole[0]
        assert target.height <= target.whole[1]
        assert target.width == target.whole[0] or target.height == target.whole[1]
    else:
        assert target.whole[0] <= target.width
        assert target.whole[1] <= target.height


def test_a_box_comes_between_the_widths_it_can_be_made_from():
    preset = replace(PRESET, boxes=(Box("box", 200, 200, Fit.COVER, "centre"),), formats=("jpeg",))
    targets = plan_variants(ImageProbe(width=3000, height=1000), preset)
    names = [target.name for target in targets]
    assert names == ["1920.jpg", "1280.jpg", "640.jpg", "box.jpg", "320.jpg"]


def test_an_animation_is_made_as_webp_alone_with_its_widths_and_boxes():
    preset = replace(PRESET, boxes=(Box("box", 100, 100, Fit.COVER, "centre"),))
    probe = ImageProbe(width=400, height=300, frames=12, loops=0)
    targets = plan_variants(probe, preset)
    assert [target.name for target in targets] == ["400.webp", "320.webp", "box.webp"]
    assert all(target.animated for target in targets)
    still = plan_variants(probe, replace(preset, animated=False))
    assert len(still) == 9
    assert not any(target.animated for target in still)


def test_pages_are_no_animation():
    targets = plan_variants(ImageProbe(width=400, height=300, frames=12), PRESET)
    assert not any(target.animated for target in targets)


def test_auto_quality_is_left_open():
    targets = plan_variants(ImageProbe(width=400, height=300), replace(PRESET, quality=None))
    assert {target.quality for target in targets} == {None}
