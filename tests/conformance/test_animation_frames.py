"""Frames are those that Chromium composes, and so are plays and delays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image

from lib.imaging.load import read_picture
from tests.conformance.streams.browser import find_browser
from tests.support.animation_cases import AnimationCase, draw, gif_cases, gif_matrix
from tests.support.apng_cases import apng_cases, matrix
from tests.support.avif_cases import avif_cases
from tests.support.chromium_frames import ChromiumFrames, chromium_frames
from tests.support.images import LIMITS

CASES = [
    pytest.param(case, id=f"{case.container}: {case.name}")
    for case in (*gif_cases(), *apng_cases())
]
ROUNDING = 1.5
"""Levels of premultiplied colour: what a browser has of soft pixels."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[ChromiumFrames]:
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium")
    with chromium_frames(path) as frames:
        yield frames


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_drawn_as_chromium_shows_it(case: AnimationCase, chromium: ChromiumFrames):
    shown = chromium.decode(case.data, case.container)
    assert shown.error is None
    drawn = [draw(Image.frombytes("RGBA", frame.size, frame.rgba)) for frame in shown.frames]
    assert tuple(drawn) == case.frames
    assert shown.plays == case.plays
    if case.delays:
        assert tuple(frame.ms for frame in shown.frames) == case.delays


MATRIX = [
    pytest.param(data, container, id=f"{container}: {name}")
    for container, files in (("png", matrix()), ("gif", gif_matrix()))
    for name, data in files
]


@pytest.mark.parametrize(("data", "container"), MATRIX)
def test_all_that_can_be_is_composed_alike(data: bytes, container: str, chromium: ChromiumFrames):
    shown = chromium.decode(data, container)
    picture = read_picture(data, container, LIMITS)
    assert picture.animation
    ours = [image.convert("RGBA").tobytes() for image, _ in picture.animation.frames()]
    assert len(ours) == len(shown.frames) == 4
    clear = any(min(frame.rgba[3::4]) < 255 for frame in shown.frames)
    assert picture.probe.has_alpha is clear
    for one, other in zip(ours, shown.frames, strict=True):
        assert_alike(one, other.rgba)


def assert_alike(one: bytes, other: bytes) -> None:
    """Compare straight RGBA; what is clear has no colour, and a soft one is known less well."""
    assert len(one) == len(other)
    for at in range(0, len(one), 4):
        if one[at : at + 4] == other[at : at + 4]:
            continue
        alpha = one[at + 3]
        assert abs(alpha - other[at + 3]) <= 1
        for a, b in zip(one[at : at + 3], other[at : at + 3], strict=True):
            assert abs(a - b) * alpha / 255 <= ROUNDING, (at, one[at : at + 4], other[at : at + 4])


@pytest.mark.parametrize(
    ("data", "plays", "delays"), [pytest.param(*rest, id=name) for name, *rest in avif_cases()]
)
def test_a_sequence_is_played_as_by_chromium(
    data: bytes, plays: int, delays: tuple[float, ...], chromium: ChromiumFrames
):
    shown = chromium.decode(data, "avif")
    assert shown.error is None
    assert shown.plays == plays
    assert tuple(frame.ms for frame in shown.frames) == delays
