"""What the image bench takes for equal, and what it says of a process."""

from __future__ import annotations

import os
import sys

import pytest

from tests.bench.process import measure, using
from tests.bench.tuning import Quality, is_equal

OURS = Quality(100_000, 0.96)


@pytest.mark.parametrize(
    ("found", "equal"),
    [
        (Quality(101_900, 0.9571), True),
        (Quality(90_000, 0.97), True),
        (Quality(102_100, 0.97), False),
        (Quality(90_000, 0.9569), False),
    ],
)
def test_a_peer_is_equal_with_no_more_bytes_and_no_less_ssim(found, equal):
    assert is_equal(found, OURS) is equal


def test_a_process_tells_its_own_peak_and_what_it_said():
    cost = measure([sys.executable, "-c", 'print(\'{"peak_kb": 2048, "share": 0.5}\')'])
    assert (cost.peak, cost.said["share"]) == (2, 0.5)
    assert cost.cpu > 0


def test_a_process_that_fails_is_not_measured():
    with pytest.raises(RuntimeError, match="failed with 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no processor affinity here")
def test_a_process_runs_on_the_cores_that_it_is_given():
    before = os.sched_getaffinity(0)
    code = "import os; print('{\"peak_kb\": %d}' % (1024 * len(os.sched_getaffinity(0))))"
    with using({min(before)}):
        assert measure([sys.executable, "-c", code]).peak == 1
    assert os.sched_getaffinity(0) == before
