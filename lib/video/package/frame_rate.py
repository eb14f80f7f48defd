"""Tell how fast frames follow each other: on average, and at most. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from lib.video.package.track import Segment

LARGEST_DENOMINATOR = 1001
"""Of a frame rate: 30000/1001 stays exact, an average gets a short name."""

NEIGHBOURS = 5
"""Distances that are looked at together: their median counts. A frame with a wrong time makes one
of them too short and the next one too long, and a camera that catches up makes two too short:
neither is the median. Four frames that follow each other as fast are fast."""

FEWEST = 3
"""Distances of which one odd one is not the median."""

ROUNDING_S = Fraction(1, 1000)
"""Matroska and FLV round times to ms: 60 frames a second are 16 or 17 ms apart."""


def fastest_distances(times: Sequence[int], end: int, timescale: int) -> tuple[int, int]:
    """Return the ticks of the shortest distances between frames in all, and how many these are.

    `times` are when the frames of a segment are shown, in any order, `end` when the last one is
    over. Distances that differ by rounding count as the same. Of too few, (0, 0).
    """
    distances = [after - before for before, after in pairwise([*sorted(times), end])]
    if len(distances) < FEWEST:
        return 0, 0
    length = min(NEIGHBOURS, len(distances))
    shortest = min(
        sorted(distances[first : first + length])[length // 2]
        for first in range(len(distances) - length + 1)
    )
    alike = _rounding(timescale)
    same = [each for each in distances if abs(each - shortest) <= alike]
    return sum(same), len(same)


def mean_rate(segments: Sequence[Segment], timescale: int) -> Fraction:
    """Return the frames a second over all segments."""
    ticks = sum(each.duration for each in segments)
    return _named(Fraction(sum(each.frames for each in segments) * timescale, ticks))


def max_rate(segments: Sequence[Segment], timescale: int) -> Fraction:
    """Return the most frames a second that segments have, but for single wrong times.

    The mean where they hold too few frames to say more.
    """
    known = [each.fastest for each in segments if each.fastest[0]]
    if not known:
        return mean_rate(segments, timescale)
    limit = min(Fraction(*each) for each in known) + _rounding(timescale)
    same = [each for each in known if Fraction(*each) <= limit]
    ticks, count = (sum(column) for column in zip(*same, strict=True))
    return _named(Fraction(count * timescale, ticks))


def _rounding(timescale: int) -> int:
    return int(timescale * ROUNDING_S) + 1


def _named(rate: Fraction) -> Fraction:
    return rate.limit_denominator(LARGEST_DENOMINATOR)
