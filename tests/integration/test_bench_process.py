"""What the benches are told of a process that they ran."""

from __future__ import annotations

import os
import sys

import pytest

from tests.bench.process import measure, using


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
