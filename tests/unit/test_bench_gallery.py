"""What a benchmark says of a photo's way to the page, and of a page's memory."""

from __future__ import annotations

import pytest

from tests.bench.large_upload import MOST_GROWTH, PART, WARM_UP_PARTS, Sample, describe_memory
from tests.bench.photo_to_page import PARTS, describe_runs

MB = 10**6


def test_the_parts_of_a_photos_way_add_up_to_the_whole():
    ends = [0.01, 0.07, 0.09, 0.08, 0.1, 2.0, 2.4, 2.5, 2.6]
    results = list(describe_runs([(100.0, *(100.0 + end for end in ends))] * 5))
    assert results[0].value == pytest.approx(2.6)
    assert [each.value for each in results[1:]] == pytest.approx(
        [0.01, 0.06, 0.02, -0.01, 0.02, 1.9, 0.4, 0.1, 0.1]
    )
    assert [each.name.partition(": ")[2] for each in results[1:]] == list(PARTS)


def memory(samples):
    return {each.name.rpartition("memory of the ")[2]: each for each in describe_memory(samples)}


def test_a_page_that_keeps_what_it_sends_does_not_meet_its_target():
    grows = [Sample(parts, 100 + parts * PART / MB, 200, 1) for parts in range(120)]
    said = memory(grows)
    assert said["page: slope"].value == pytest.approx(PART / 1000)
    assert said["page: most above that"].value == pytest.approx(119 * PART / MB)
    assert said["page: most above that"].ok is False


def test_a_page_that_takes_some_memory_at_the_start_is_flat():
    start = [Sample(parts, 100 + min(parts, WARM_UP_PARTS), 200, 1) for parts in range(120)]
    said = memory(start)
    assert said["page: slope"].value == pytest.approx(0)
    assert said["page: most above that"].value == WARM_UP_PARTS < MOST_GROWTH
    assert said["page: most above that"].ok is True
    assert said["browser: slope"].value == pytest.approx(0)
