"""What a packager knows of a finished track: CMAF segments and the words players want for them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from lib.video.probe.mediainfo_fields import LANGUAGE_TAG

INIT = "init.mp4"
"""File name of the init segment beside a track's playlist."""


MOST_CHARACTERS = 80
"""Of a name in a playlist."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One CMAF segment. `start` and `duration` in ticks of the track, `size` in bytes."""

    start: int
    duration: int
    size: int
    frames: int
    captions: tuple[str, ...] = ()
    """Channels and services of captions within its frames: `CC1`, `SERVICE1`."""
    fastest: tuple[int, int] = (0, 0)
    """Of video, the shortest distances between frames: their ticks in all, and how many."""

    @property
    def name(self) -> str:
        """Return its file name beside the track's playlist: its start in ticks."""
        return f"{self.start}.m4s"


@dataclass(frozen=True, slots=True)
class Track:
    """One rung or one audio track of a ladder, as segments without gaps, in order.

    `name` is its folder. `codec` as RFC 6381 has it. Sizes in px. `frame_rate` is the
    mean, `max_frame_rate` where frames follow each other fastest; None for audio.
    """

    name: str
    codec: str
    timescale: int
    segments: tuple[Segment, ...] = ()
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    max_frame_rate: Fraction | None = None
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
    def captions(self) -> tuple[str, ...]:
        """Return the channels and services of captions within its frames."""
        found = {name for each in self.segments for name in each.captions}
        return tuple(sorted(found, key=lambda name: (len(name), name)))

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


def language_of(stated: str | None) -> str | None:
    """Return a language tag that has the shape of one, else None."""
    return stated if stated and LANGUAGE_TAG.fullmatch(stated) else None


def labels(stated: Iterable[tuple[str | None, str | None]], otherwise: str) -> list[str]:
    """Return a name for each (title, language), no two the same, of printable characters.

    `otherwise` names a track that says nothing of itself.
    """
    names: list[str] = []
    for title, language in stated:
        name = _printable(title or "") or language_of(language) or otherwise
        number, unique = 1, name
        while unique in names:
            number += 1
            unique = f"{name} {number}"
        names.append(unique)
    return names


def _printable(text: str) -> str:
    """Turn what ends a line, hides or is no character into spaces; RFC 8216 escapes no quotes."""
    spaced = "".join(c if c.isprintable() else " " for c in text.replace('"', "'"))
    return " ".join(spaced.split())[:MOST_CHARACTERS].rstrip()
