"""Frames are those that Chromium composes, and so are plays and delays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image

from tests.conformance.streams.browser import find_browser
from tests.support.animation_cases import AnimationCase, draw, gif_cases
from tests.support.chromium_frames import ChromiumFrames, chromium_frames

CASES = [pytest.param(case, id=f"{case.container}: {case.name}") for case in gif_cases()]


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
