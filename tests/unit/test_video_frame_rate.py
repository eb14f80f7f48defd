"""Frame rates of tracks: the mean, and the most that really occurs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import pytest

from lib.video.package.frame_rate import fastest_distances, max_rate, mean_rate
from lib.video.package.track import Segment

TICKS = 90_000
THIRTIETH = 1000 / 30
NTSC = Fraction(30_000, 1001)


def segment_of(*distances_ms: float, timescale: int = TICKS) -> Segment:
    """Return a segment of frames that last so long each."""
    *times, end = (round(each * timescale / 1000) for each in accumulate((0, *distances_ms)))
    return Segment(0, end, 1, len(times), fastest=fastest_distances(times, end, timescale))


def most(*segments: Segment, timescale: int = TICKS) -> str:
    return f"{float(max_rate(segments, timescale)):.3f}"


@pytest.mark.parametrize("rate", [Fraction(24_000, 1001), 24, 25, NTSC, 30, 50, 60, 120])
@pytest.mark.parametrize("resolution_ms", [None, 1])
def test_of_a_constant_rate_it_is_that(rate: Fraction, resolution_ms: int | None) -> None:
    """Also where times are rounded to ms, as Matroska's are."""
    count = 300 * round(rate)
    at = [Fraction(1000 * each) / rate for each in range(count + 1)]
    times = [round(each * TICKS / 1000) for each in at]
    if resolution_ms:
        times = [TICKS // 1000 * round(each) for each in at]
    *shown, end = times
    made = Segment(0, end, 1, count, fastest=fastest_distances(shown, end, TICKS))
    assert abs(max_rate([made], TICKS) - rate) < 0.001
    assert abs(mean_rate([made], TICKS) - rate) < 0.001


def test_frames_may_come_in_any_order() -> None:
    assert fastest_distances([0, 9000, 3000, 6000], 12_000, TICKS) == (12_000, 4)


HELD = (THIRTIETH,) * 30 + (1000,) * 8
"""The last frame of a picture that ends before its sound is shown on, once a second."""


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        (HELD, "30.000"),
        ((1000, *(40,) * 30), "25.000"),  # a picture that starts late
        ((100,) * 20 + (16.6667,) * 20 + (100,) * 20, "60.000"),  # a recording of a screen
        ((50, THIRTIETH) * 20, "30.000"),  # a film of 24 frames a second, among 60
    ],
)
def test_where_it_varies_it_is_that_of_the_fastest(
    distances: Sequence[float], expected: str
) -> None:
    made = segment_of(*distances)
    assert most(made) == expected
    assert mean_rate([made], TICKS) < Fraction(expected) - 1


@pytest.mark.parametrize(
    "wrong",
    [
        (7, 73),  # a frame too early
        (73, 7),
        (100, 10, 10),  # two that come late
        (10, 10, 100),
        (0.1, 79.9),
    ],
)
@pytest.mark.parametrize("before", [0, 1, 2, 3, 20])
@pytest.mark.parametrize("after", [5, 20])
def test_single_wrong_times_count_for_nothing(
    wrong: Sequence[float], before: int, after: int
) -> None:
    distances = ((40,) * before, wrong, (40,) * after)
    assert most(segment_of(*(each for part in distances for each in part))) == "25.000"


def test_the_fastest_segment_counts() -> None:
    slow, fast = segment_of(*[100] * 20), segment_of(*[THIRTIETH] * 20)
    assert most(slow, fast, slow) == "30.000"


def test_segments_of_a_few_frames_say_nothing_of_others() -> None:
    assert most(segment_of(*[40] * 20), segment_of(1), segment_of(1, 1)) == "25.000"
    assert most(segment_of(1000), segment_of(3000, 1000)) == "0.600"


def test_what_an_older_release_stored_has_the_mean() -> None:
    assert most(Segment(0, 90_000, 1, 25), Segment(90_000, 90_000, 1, 25)) == "25.000"
