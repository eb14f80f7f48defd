"""Where a long source is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.video.plan.ranges import cut, nearest, range_seconds


def test_a_range_costs_what_is_wanted_in_whole_segments():
    lasts = range_seconds(3600, 9000, wanted_s=150, segment_s=4, longest_s=600)
    assert lasts == 60


@pytest.mark.parametrize(("cost", "lasts"), [(0, 600), (10, 600), (1e9, 4)])
def test_a_range_is_never_longer_than_allowed_nor_shorter_than_a_segment(cost, lasts):
    assert range_seconds(3600, cost, wanted_s=150, segment_s=4, longest_s=600) == lasts


def test_borders_are_the_keyframes_nearest_to_equal_ranges():
    keyframes = [0.0, 2.5, 5.0, 9.0, 11.0, 19.5, 20.5, 28.0]
    assert cut(30.0, 10.0, nearest(keyframes)) == ((0.0, 9.0), (9.0, 19.5), (19.5, 30.0))


def test_a_border_that_would_leave_a_short_range_is_left_out():
    assert cut(30.0, 10.0, nearest([0.0, 3.0, 28.0])) == ((0.0, 30.0),)
    assert cut(30.0, 10.0, lambda _: None) == ((0.0, 30.0),)


def test_a_source_that_fits_in_one_range_is_one():
    assert cut(14.0, 10.0, nearest([float(each) for each in range(14)])) == ((0.0, 14.0),)


@given(
    st.floats(1, 20_000),
    st.integers(1, 150).map(lambda each: each * 4.0),
    st.lists(st.floats(0, 20_000), unique=True).map(sorted),
)
def test_ranges_cover_all_of_a_source_without_gaps(duration, seconds, keyframes):
    ranges = cut(duration, seconds, nearest(keyframes))
    assert (ranges[0][0], ranges[-1][1]) == (0.0, duration)
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert all(end - start >= seconds / 2 for start, end in ranges) or len(ranges) == 1
    assert {start for start, _ in ranges[1:]} <= set(keyframes)
