"""The arithmetic of the model of long sources."""

from dataclasses import replace

import pytest

from lib.video.plan.ranges import RUN_OVER_S
from tests.bench.long_model import (
    GB_SECOND,
    IN_SERIES,
    PUT,
    TRANSFER,
    TRANSITION,
    TRANSITION_S,
    VCPU_MB,
    Measured,
    Run,
    cost,
    mediaconvert,
    schedule,
    tasks,
    transitions,
    wall_here,
    wall_seconds,
)

ALONE = Measured(encode_s=2.0, start_s=1.0, sound_s=0.0, around_s=3.0)


def test_free_workers_take_the_next_task():
    assert schedule([4, 1, 1, 1], 2) == 4
    assert schedule([1] * 5, 2) == 3
    assert schedule([1] * 5, 1000) == 1
    assert schedule([], 3) == 0


def test_what_runs_beside_another_takes_longer():
    assert schedule([4, 4], 2, 1.5) == 6
    assert schedule([4, 6], 2, 1.5) == 4 * 1.5 + 2
    assert schedule([4, 6], 1, 1.5) == 10
    assert schedule([1, 3, 3], 2, 2.0) == 2 + 2 * 2 + 1


def test_one_worker_takes_the_sum_of_all():
    run = Run(seconds=100, ranges=10, workers=1)
    assert wall_here(ALONE, run) == pytest.approx(10 * (1 + 20) + 9 * 2 * RUN_OVER_S + 3)


def test_more_workers_than_ranges_wait_for_one():
    run = Run(seconds=100, ranges=10, workers=1000)
    transitions_s = IN_SERIES * TRANSITION_S
    assert wall_seconds(ALONE, run) == pytest.approx(21 + 2 * RUN_OVER_S + 3 + transitions_s)


def test_every_vcpu_has_a_busy_neighbour():
    shared = replace(ALONE, slowdown=2.0)
    run = Run(seconds=100, ranges=10, workers=1000)
    longer = wall_seconds(shared, run) - wall_seconds(ALONE, run)
    assert longer == pytest.approx(21 + 2 * RUN_OVER_S + 3)


def test_sound_is_one_more_task():
    heard = replace(ALONE, sound_s=0.5)
    assert tasks(heard, Run(100, 10, 11)) == [1 + 50, *tasks(ALONE, Run(100, 10, 11))]


def test_packaging_moves_the_plain_file():
    longer = replace(ALONE, plain_bytes=TRANSFER / 2)
    run = Run(100, 10, 10)
    assert wall_seconds(longer, run) - wall_seconds(ALONE, run) == pytest.approx(100)


def test_many_ranges_are_executions_of_their_own():
    assert transitions(40) == 51
    assert transitions(41) == 134


def test_the_cost_is_that_of_memory_puts_and_transitions():
    nothing = Measured(0, 0, 0, 0)
    run = Run(seconds=60, ranges=1, workers=1)
    paid = {"tracks": 2, "segment_s": 4}
    moving = IN_SERIES * TRANSITION_S * VCPU_MB / 1024 * GB_SECOND
    assert cost(nothing, run, **paid) == pytest.approx(30 * PUT + 12 * TRANSITION + moving)
    minute = Measured(1, 0, 0, 0)
    more = cost(minute, run, **paid) - cost(nothing, run, **paid)
    assert more == pytest.approx(60 * VCPU_MB / 1024 * GB_SECOND)


def test_mediaconvert_is_paid_by_the_output():
    assert mediaconvert([240, 360, 480, 720, 1080]) == pytest.approx(0.0525)
