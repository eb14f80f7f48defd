"""The arithmetic of the model of long sources."""

import pytest

from tests.bench.long_model import (
    Measured,
    Run,
    cost,
    mediaconvert,
    schedule,
    transitions,
    wall_seconds,
)

ALONE = Measured(encode_s=2.0, start_s=1.0, sound_s=0.0, around_s=3.0)


def test_free_workers_take_the_next_task():
    assert schedule([4, 1, 1, 1], 2) == 4
    assert schedule([1] * 5, 2) == 3
    assert schedule([1] * 5, 1000) == 1
    assert schedule([], 3) == 0


def test_one_worker_takes_the_sum_of_all():
    run = Run(seconds=100, ranges=10, workers=1)
    assert wall_seconds(ALONE, run, state_machine=False) == pytest.approx(10 * (1 + 20) + 3)


def test_more_workers_than_ranges_wait_for_one():
    run = Run(seconds=100, ranges=10, workers=1000)
    assert wall_seconds(ALONE, run, state_machine=False) == pytest.approx(21 + 3)


def test_sound_is_one_more_task():
    heard = Measured(encode_s=2.0, start_s=1.0, sound_s=0.5, around_s=3.0)
    assert wall_seconds(heard, Run(100, 10, 11), state_machine=False) == pytest.approx(50 + 3)


def test_packaging_grows_with_the_source():
    longer = Measured(2.0, 1.0, 0.0, 3.0, package_s=0.1)
    assert wall_seconds(longer, Run(100, 10, 10), state_machine=False) == pytest.approx(21 + 13)


def test_many_ranges_are_executions_of_their_own():
    assert transitions(40) == 51
    assert transitions(41) == 134


def test_the_cost_is_that_of_memory_puts_and_transitions():
    nothing = Measured(0, 0, 0, 0)
    run = Run(seconds=60, ranges=1, workers=1)
    paid = {"memory_mb": 1024, "tracks": 2, "segment_s": 4}
    assert cost(nothing, run, **paid) == pytest.approx(30 * 5e-6 + 12 * 2.5e-5)
    minute = Measured(1, 0, 0, 0)
    assert cost(minute, run, **paid) - cost(nothing, run, **paid) == pytest.approx(60 * 1.33334e-5)


def test_mediaconvert_is_paid_by_the_output():
    assert mediaconvert([240, 360, 480, 720, 1080]) == pytest.approx(0.0525)
