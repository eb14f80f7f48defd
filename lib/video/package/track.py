"""What a packager knows of a finished track: CMAF segments and the words players want for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

INIT = "init.mp4"
"""File name of the init segment beside a track's playlist."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One CMAF segment. `start` and `duration` in ticks of the track, `size` in bytes."""

    start: int
    duration: int
    size: int
    frames: int

    @property
    def name(self) -> str:
        """Return its file name beside the track's playlist: its start in ticks."""
        return f"{self.start}.m4s"


@dataclass(frozen=True, slots=True)
class Track:
    """One rung or one sound of a ladder, as segments without gaps, in order.

    `name` is its folder. `codec` as RFC 6381 spells it. Sizes in px. `frame_rate` None for sound.
    """

    name: str
    codec: str
    timescale: int
    segments: tuple[Segment, ...] = ()
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    channels: int | None = None
    sample_rate: int | None = None
    language: str | None = None
    title: str | None = None
    default: bool = False

    @property
    def seconds(self) -> float:
        """Return how long it lasts."""
        return sum(each.duration for each in self.segments) / self.timescale

    @property
    def bandwidth(self) -> int:
        """Return the bits per second of what needs most of them.

        Looked at is every run of segments that lasts 0.5 to 1.5 times the longest one: the end of a
        film alone, a keyframe that lasts no time, would say nothing (RFC 8216, section 4.1).
        """
        longest = max(each.duration for each in self.segments)
        peak = Fraction(0)
        for first in range(len(self.segments)):
            size = duration = 0
            for each in self.segments[first:]:
                size, duration = size + each.size, duration + each.duration
                if 2 * duration > 3 * longest:
                    break
                if 2 * duration >= longest:
                    peak = max(peak, Fraction(size * 8 * self.timescale, duration))
        return math.ceil(peak)

    @property
    def average_bandwidth(self) -> int:
        """Return the bits per second of the whole."""
        return round(sum(each.size for each in self.segments) * 8 / self.seconds)
