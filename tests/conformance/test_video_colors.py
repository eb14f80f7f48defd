"""Colour bars of every codec, signal and size come out in their colours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from PIL import ImageStat

from tests.conformance.cases.made_video import MadeVideo
from tests.conformance.cases.take_video import recipes
from tests.media.color_bars import BARS, COLORS, Bars, make
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import JOBS, Ended, Worker, take_all

LEVELS = 3
PART = 8
"""Of each side is looked at, from its corner."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    folder = tmp_path_factory.mktemp("bars")
    with ThreadPoolExecutor(JOBS) as pool:
        sources = list(pool.map(partial(make, folder=folder, ffmpeg=find_ffmpeg()), BARS))
    worker = Worker(recipes(), find_ffmpeg())
    results = take_all(sources, worker, tmp_path_factory.mktemp("out"))
    return dict(zip((each.name for each in BARS), results, strict=True))


@pytest.mark.parametrize("bars", BARS, ids=lambda bars: bars.name)
def test_bars_come_out_in_their_colours(bars: Bars, ended: dict[str, Ended]) -> None:
    picture = MadeVideo(ended[bars.name]).picture
    assert picture
    width, height = picture.size
    part = (width // PART, height // PART)
    corners = ((x, y) for y in (0, height - part[1]) for x in (0, width - part[0]))
    for (x, y), expected in zip(corners, COLORS, strict=True):
        mean = ImageStat.Stat(picture.crop((x, y, x + part[0], y + part[1]))).mean
        assert mean == pytest.approx(expected, abs=LEVELS)
