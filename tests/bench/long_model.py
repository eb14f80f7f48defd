"""How long a long source takes with N workers, and what it costs: from measured ranges. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from lib.video.plan.ranges import RUN_OVER_S

VCPU_MB = 1769
"""Memory with which a function has one vCPU (Lambda, "Configure memory")."""
GB_SECOND = 0.0000133334
"""$, Lambda on arm64, us-east-1: https://aws.amazon.com/lambda/pricing/"""
PUT = 0.000005
"""$, S3 Standard, us-east-1: https://aws.amazon.com/s3/pricing/"""
TRANSITION = 0.000025
"""$, standard workflows, us-east-1: https://aws.amazon.com/step-functions/pricing/"""
MEDIACONVERT_SD, MEDIACONVERT_HD = 0.0075, 0.015
"""$ for a minute of one output, basic tier, AVC up to 30 frames a second, us-east-1, first volume
step: https://aws.amazon.com/mediaconvert/pricing/"""
HD_SIDE = 720
"""px from which an output is HD there."""

EXCAMERA = 60.0
"""Speed-up over a multithreaded encoder, with 3,600 workers (Fouladi et al., NSDI '17)."""

TRANSITION_S = 0.05
"""Between two states: an assumption, AWS publishes none."""
IN_SERIES = 8
"""States on the way from Begin to Done, start and end of the parallel branches included."""
AROUND_RANGES = 11
"""Transitions of an execution without those of its ranges; each range has one, or three where it is
an execution of its own."""
MOST_INLINE = 40

TRANSFER = 50e6
"""Bytes a second between S3 and a function: an assumption, below what is usually reported."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one machine needed: s of wall time, on one processor with nothing beside it.

    `encode_s` and `sound_s` for a second of the source, `start_s` for each range and for the sound
    besides; `around_s` for plan and package. `slowdown` is how much longer an encode takes while
    the core's other processor encodes too; `plain_bytes` a second of the one plain file has, which
    package reads and writes.
    """

    encode_s: float
    start_s: float
    sound_s: float
    around_s: float
    slowdown: float = 1.0
    plain_bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """A source of `seconds`, cut into `ranges`, on `workers`."""

    seconds: float
    ranges: int
    workers: int


def schedule(tasks: Sequence[float], workers: int, slowdown: float = 1.0) -> float:
    """Return the s until all tasks are done, where each free worker takes the next one.

    Tasks take `slowdown` times as long while more than one runs.
    """
    waiting, passed = list(reversed(tasks)), 0.0
    running: list[float] = []
    while waiting or running:
        while waiting and len(running) < workers:
            running.append(waiting.pop())
        done = min(running)
        passed += done * (slowdown if len(running) > 1 else 1.0)
        running = [each - done for each in running if each > done]
    return passed


def tasks(measured: Measured, run: Run) -> list[float]:
    """Return the s that the sound takes, if there is any, and each range, which runs over."""
    over = [RUN_OVER_S] * (run.ranges - 1) + [0.0]
    length = run.seconds / run.ranges
    ranges = [measured.start_s + measured.encode_s * (length + each) for each in over]
    sound = measured.start_s + measured.sound_s * run.seconds
    return [sound, *ranges] if measured.sound_s else ranges


def wall_here(measured: Measured, run: Run) -> float:
    """Return the s on one or two processors of one core, without a state machine or S3."""
    return schedule(tasks(measured, run), run.workers, measured.slowdown) + measured.around_s


def wall_seconds(measured: Measured, run: Run) -> float:
    """Return the s from the hand-over to the commit.

    Each worker has one vCPU, whose neighbour on the core is taken to be busy.
    """
    own = [each * measured.slowdown for each in tasks(measured, run)]
    return schedule(own, run.workers) + overhead_seconds(measured, run)


def overhead_seconds(measured: Measured, run: Run) -> float:
    """Return the s of plan, package and the transitions."""
    moved = 2 * measured.plain_bytes * run.seconds / TRANSFER
    return measured.around_s * measured.slowdown + moved + IN_SERIES * TRANSITION_S


def transitions(ranges: int) -> int:
    """Return how many state transitions are paid for."""
    return AROUND_RANGES + ranges * (3 if ranges > MOST_INLINE else 1)


def cost(measured: Measured, run: Run, *, tracks: int, segment_s: float) -> float:
    """Return $ for the whole source: GB-s, PUTs and transitions."""
    billed = sum(tasks(measured, run)) * measured.slowdown + overhead_seconds(measured, run)
    puts = ceil(run.seconds / segment_s) * tracks
    return billed * VCPU_MB / 1024 * GB_SECOND + puts * PUT + transitions(run.ranges) * TRANSITION


def mediaconvert(heights: Sequence[int]) -> float:
    """Return $ for a minute of a ladder of these heights: each rung is an output."""
    return sum(MEDIACONVERT_HD if each >= HD_SIDE else MEDIACONVERT_SD for each in heights)
