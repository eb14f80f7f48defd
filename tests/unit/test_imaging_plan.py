"""Which renditions a source gets: every width of the preset that it can fill, and its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import imaging
from lib.model import Probe
from lib.presets import ImagePreset

PRESET = ImagePreset(
    widths=(320, 640, 1280, 1920),
    formats=("avif", "webp", "jpeg"),
    quality={"avif": 60, "webp": 78, "jpeg": 80},
    background="#ffffff",
)


def widths(width: int, height: int = 1000) -> list[int]:
    targets = imaging.plan(Probe(width=width, height=height), PRESET)
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
    targets = imaging.plan(Probe(width=320, height=240), PRESET)
    assert [(t.name, t.format, t.mime, t.quality) for t in targets] == [
        ("320.avif", "avif", "image/avif", 60),
        ("320.webp", "webp", "image/webp", 78),
        ("320.jpg", "jpeg", "image/jpeg", 80),
    ]


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_never_upscaled_never_distorted(width: int, height: int):
    targets = imaging.plan(Probe(width=width, height=height), PRESET)
    assert len({target.name for target in targets}) == len(targets)
    assert [t.width for t in targets] == sorted((t.width for t in targets), reverse=True)
    for target in targets:
        assert 1 <= target.width <= width
        assert 1 <= target.height <= height
        assert abs(target.height - height * target.width / width) <= 0.5 or target.height == 1


def test_a_probe_without_a_size_is_not_an_image():
    with pytest.raises(ValueError, match="expected the size of an image"):
        imaging.plan(Probe(), PRESET)
