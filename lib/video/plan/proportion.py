"""Refuse what asks for far more work than its bytes can be worth.

A few bytes can say that they last for hours: tables whose entries share the same bytes, frames that
repeat others, samples that last a second each. What a picture that stands still takes, the least of
all honest ones, was measured: see docs/video.md.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import AudioProbe
from lib.process_limits import Bounds
from lib.video.plan.cost import estimate
from lib.video.plan.plan import VideoTask

KB = 1000

FREE_VCPU_S = 30.0
VCPU_S_PER_KB = 10.0
"""A blank page in 1080p without audio asks for 6.3, a page of text 0.9, a film 0.007."""

FREE_S = 300.0
LEAST_BYTES_PER_S = 20
"""Of a whole source: what a silent line sends now and then so that it is not taken for dead."""

DOUBT, DOUBT_S = 2, 60
"""What a source may last beyond what it says: factor, and s. A gap between two frames is filled
with silence, so that a few bytes could last for years."""

FREE_BYTES = 32_000_000
BYTES_PER_BYTE = 1000
"""Of each file that is made: a page of text at a frame a second becomes 165, all files together."""


SCRATCH_SHARE = 0.25
"""Of the disk, for the largest file: all rungs together have about twice its bytes, and two more
codecs as much again."""


def check_proportion(probe: AudioProbe, cost_s: float, size: int) -> None:
    """Pass, or raise PermanentError(LIMIT_EXCEEDED) where a source has too few bytes for its work.

    `cost_s` is its estimate in vCPU seconds, `size` what was received, in bytes.
    """
    seconds = (probe.duration_ms or 0) / 1000
    if seconds > most_seconds(size):
        raise _out_of_proportion(f"{seconds:.0f} s", size)
    if cost_s > most_vcpu_seconds(size):
        raise _out_of_proportion(f"{cost_s:.0f} vCPU seconds of work", size)


def most_vcpu_seconds(size: int) -> float:
    """Return the vCPU seconds that a source of `size` bytes may be estimated at."""
    return FREE_VCPU_S + VCPU_S_PER_KB * size / KB


def most_seconds(size: int) -> float:
    """Return how long a source of `size` bytes may last."""
    return FREE_S + size / LEAST_BYTES_PER_S


def longest_s(size: int, duration_ms: int | None) -> float:
    """Return how many seconds of a source are read at most, by its bytes and what it says."""
    if duration_ms:
        return DOUBT * duration_ms / 1000 + DOUBT_S
    return most_seconds(size)


def most_bytes(size: int) -> int:
    """Return how large a file made of a source of `size` bytes may be."""
    return FREE_BYTES + BYTES_PER_BYTE * size


def bounds_of(task: VideoTask, folder: Path) -> Bounds:
    """Return what one process may take that encodes a task into a folder.

    A span may hold all that happens in a source, so that its share counts for nothing.
    """
    expected = None
    if task.probe.duration_ms:
        expected = estimate(task.probe, task.plan, task.preset.video.speed)
    largest = int(shutil.disk_usage(folder).total * SCRATCH_SHARE)
    size = task.source.size
    if size is None:
        return Bounds(expected, largest)
    if expected is None:
        expected = most_vcpu_seconds(size)
    return Bounds(expected, min(largest, most_bytes(size)))


def _out_of_proportion(asked: str, size: int) -> PermanentError:
    message = f"expected a source of {size / KB:.0f} kB to ask for less than {asked}"
    return PermanentError(ErrorCode.LIMIT_EXCEEDED, message)
