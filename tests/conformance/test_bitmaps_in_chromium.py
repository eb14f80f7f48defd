"""Bitmaps and icons are those that Chromium shows, of every version, depth, mask and palette."""

from __future__ import annotations

import pytest

from lib.imaging.load import read_picture
from tests.conformance.streams.browser import find_browser
from tests.support.bitmap_cases import bitmap_cases, icon_cases
from tests.support.chromium_stills import Shown, show
from tests.support.images import LIMITS

CASES = (*bitmap_cases(), *icon_cases())
ROUNDING = 1.5
"""Levels of premultiplied colour: what a browser has of soft pixels."""


@pytest.fixture(scope="module")
def shown() -> list[Shown]:
    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium")
    return show(browser, [(container, data) for _, container, data in CASES])


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name for name, *_ in CASES])
def test_it_is_as_chromium_shows_it(number: int, shown: list[Shown]):
    _, container, data = CASES[number]
    image = read_picture(data, container, LIMITS).image.convert("RGBA")
    there = shown[number]
    assert there is not None
    size, theirs = there
    assert image.size == size
    ours = image.tobytes()
    for at in range(0, len(ours), 4):
        one, other = ours[at : at + 4], theirs[at : at + 4]
        assert abs(one[3] - other[3]) <= 1, (at, one, other)
        for a, b in zip(one[:3], other[:3], strict=True):
            assert abs(a - b) * one[3] / 255 <= ROUNDING, (at, one, other)
