"""How long a long source takes with N workers, and what it costs: from measured ranges. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

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


@dataclass(frozen=True, slots=True)
class Measured:
    """What one machine needed: s of wall time, with one worker at a time.

    `encode_s` for a second of the source; `start_s` for each range besides; `sound_s` for a second
    of the source; `around_s` for plan and package, `package_s` of them for a second of the source.
    """

    encode_s: float
    start_s: float
    sound_s: float
    around_s: float
    package_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """A source of `seconds`, cut into `ranges`, on `workers`."""

    seconds: float
    ranges: int
    workers: int


def schedule(tasks: Sequence[float], workers: int) -> float:
    """Return the s until all tasks are done, where each free worker takes the next one."""
    busy = [0.0] * min(workers, max(1, len(tasks)))
    for task in tasks:
        heapq.heapreplace(busy, busy[0] + task)
    return max(busy)


def wall_seconds(measured: Measured, run: Run, *, state_machine: bool = True) -> float:
    """Return the s from the hand-over to the commit."""
    each = measured.start_s + measured.encode_s * run.seconds / run.ranges
    sound = measured.sound_s * run.seconds
    encoding = schedule([*([sound] if sound else []), *[each] * run.ranges], run.workers)
    moving = IN_SERIES * TRANSITION_S if state_machine else 0.0
    return encoding + overhead_seconds(measured, run) + moving


def overhead_seconds(measured: Measured, run: Run) -> float:
    """Return the s of plan and package."""
    return measured.around_s + measured.package_s * run.seconds


def transitions(ranges: int) -> int:
    """Return how many state transitions are paid for."""
    return AROUND_RANGES + ranges * (3 if ranges > MOST_INLINE else 1)


def cost(measured: Measured, run: Run, *, memory_mb: int, tracks: int, segment_s: float) -> float:
    """Return $ for the whole source: GB-s, PUTs and transitions.

    `measured` is of a function with that memory.
    """
    encoding = run.ranges * measured.start_s + run.seconds * (measured.encode_s + measured.sound_s)
    billed = encoding + overhead_seconds(measured, run)
    puts = ceil(run.seconds / segment_s) * tracks
    return billed * memory_mb / 1024 * GB_SECOND + puts * PUT + transitions(run.ranges) * TRANSITION


def mediaconvert(heights: Sequence[int]) -> float:
    """Return $ for a minute of a ladder of these heights: each rung is an output."""
    return sum(MEDIACONVERT_HD if each >= HD_SIDE else MEDIACONVERT_SD for each in heights)
