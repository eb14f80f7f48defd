"""Cut a long source into ranges that are encoded apart. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

RUN_OVER_S = 0.5
"""How far past its end a span is encoded, and that thrown away: an encoder that sees nothing to
come spends too little on the last frames (their VMAF was 2.9 less than in one pass; now 1.2, as it
is with 1.2 s)."""

ROUNDING_S = 0.0005
"""More than the rounding of a time stamp, less than what lies between two frames."""

Border = Callable[[float], float | None]
"""Gives a keyframe near a time, both in s; None where none is known."""


@dataclass(frozen=True, slots=True)
class Span:
    """The frames with `start_s` <= time < `end_s`, in s from the start of the source.

    Borders are times of frames, known to the microsecond. `context_s` is what is decoded before it,
    beyond what filters need: where its first frames are damaged, those before them are of use.
    """

    start_s: float
    end_s: float
    context_s: float = 0.0


def range_seconds(
    duration_s: float, cost_s: float, *, wanted_s: float, segment_s: float, longest_s: float
) -> float:
    """Return how much of a source one range holds, so that encoding it costs about `wanted_s`.

    `cost_s` is what the whole source costs, in the same seconds. It is a whole number of segments,
    at least one, and never more than `longest_s`, whatever the estimate says.
    """
    seconds = duration_s * wanted_s / cost_s if cost_s > 0 else longest_s
    return max(1, int(min(seconds, longest_s) / segment_s)) * segment_s


def cut(duration_s: float, seconds: float, border: Border) -> tuple[tuple[float, float], ...]:
    """Return (start, end) of each range in s, without gaps from 0 to the end.

    Each border is what `border` gives for a multiple of `seconds`; one that would make a range
    shorter than half of that, or that is not known, is left out.
    """
    least = seconds / 2
    starts = [0.0]
    for number in range(1, max(1, round(duration_s / seconds))):
        at = border(number * seconds)
        if at is not None and starts[-1] + least <= at <= duration_s - least:
            starts.append(at)
    return tuple(pairwise([*starts, duration_s]))


def nearest(keyframes: Sequence[float]) -> Border:
    """Return a border from the known times of all keyframes, ascending."""

    def border(at: float) -> float | None:
        after = bisect_left(keyframes, at)
        near = keyframes[max(0, after - 1) : after + 1]
        return min(near, key=lambda each: abs(each - at), default=None)

    return border
