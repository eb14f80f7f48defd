"""The waveform: peaks in a format that players read, and their drawing."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lib.video.auxiliary.waveform import (
    BAR_COLOR,
    MOST_PAIRS,
    draw_peaks,
    level_filters,
    read_levels,
    samples_per_pair,
    serialize_peaks,
)

LEVELS = """\
frame:0    pts:0       pts_time:0
lavfi.astats.Overall.Min_level=-561.000000
lavfi.astats.Overall.Max_level=2071.000000
frame:1    pts:4800    pts_time:0.1
lavfi.astats.Overall.Min_level=-32768.000000
lavfi.astats.Overall.Max_level=32767.000000
"""


def test_levels_come_in_pairs():
    assert read_levels(LEVELS) == [(-561, 2071), (-32768, 32767)]
    assert read_levels("") == []


def test_peaks_are_printed_as_players_read_them():
    assert json.loads(serialize_peaks([(-561, 2071), (-32768, 32767), (-255, 255)], 480)) == {
        "version": 2,
        "channels": 1,
        "sample_rate": 48000,
        "samples_per_pixel": 480,
        "bits": 8,
        "length": 3,
        "data": [-2, 8, -128, 127, 0, 0],
    }


@pytest.mark.parametrize(
    ("duration_ms", "samples"), [(0, 480), (1000, 480), (180_000, 480), (3_600_000, 9600)]
)
def test_a_long_sound_has_coarser_peaks(duration_ms, samples):
    assert samples_per_pair(duration_ms) == samples


@given(st.integers(0, 24 * 3_600_000))
def test_no_sound_has_too_many_peaks(duration_ms):
    assert duration_ms * 48 / samples_per_pair(duration_ms) <= MOST_PAIRS


def test_a_path_is_never_read_as_filters():
    filters = level_filters(480, Path("/a, b;c[d]:e'f\\g"))
    # Undone in ffmpeg's order: first the list of filters, then the options of one.
    assert filters.endswith(r"file=/a\, b\;c\[d\]\\:e\\\'f\\\\g")


def columns(png: bytes) -> list[list[int]]:
    """Return each column's rows that are drawn."""
    with Image.open(BytesIO(png)) as image:
        alpha = image.convert("RGBA").getchannel("A")
    return [[y for y in range(alpha.height) if alpha.getpixel((x, y))] for x in range(alpha.width)]


def test_the_loudest_fills_its_half_and_silence_is_a_line():
    drawn = columns(draw_peaks([(0, 0), (-100, 0), (0, 50), (-50, 100)], (4, 40)))
    assert drawn == [
        [19, 20],
        list(range(19, 40)),
        list(range(10, 21)),
        list(range(30)),
    ]


def test_a_column_shows_the_loudest_of_its_peaks():
    silent = (0, 0)
    drawn = columns(draw_peaks([silent, (-9, 9), silent, silent, silent, silent], (2, 20)))
    assert drawn == [list(range(20)), [9, 10]]


def test_one_click_does_not_make_a_thin_line_of_all_that_is_said():
    said = [(-3000, 3000)] * 99
    drawn = columns(draw_peaks([*said, (-32_768, 32_767)], (100, 20)))
    assert drawn == [list(range(20))] * 100


def test_its_color_is_seen_on_white_and_on_black():
    linear = [(each / 255 + 0.055) ** 2.4 / 1.055**2.4 for each in BAR_COLOR]
    luminance = sum(a * b for a, b in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5
    assert (luminance + 0.05) / 0.05 >= 4.5


@pytest.mark.parametrize("count", [1, 3, 1799, 1800, 4001])
def test_any_number_of_peaks_fills_the_width(count):
    drawn = columns(draw_peaks([(-1, 1)] * count, (60, 10)))
    assert drawn == [list(range(10))] * 60


def test_digital_silence_is_drawn():
    assert columns(draw_peaks([(0, 0)] * 9, (3, 8))) == [[3, 4]] * 3
