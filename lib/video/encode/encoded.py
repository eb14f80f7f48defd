"""What an encode left out of a source, and what of it could not be decoded. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace

from lib.domain.errors import Failure
from lib.domain.media import MediaWarning, WarningCode
from lib.video.package.track import Track
from lib.video.plan.plan import VideoTask

_OF = r"^\[{}#\S+ @ \w+\] \[dec:\S+ @ \w+\] "
_KINDS = {
    name: re.compile(said.encode())
    for name, said in {
        "picture": _OF.format("vist") + r"\[error\] Error submitting packet to decoder",
        "shown": _OF.format("vist") + r"\[warning\] corrupt decoded frame",
        "sound": _OF.format("aist") + r"\[error\] Error submitting packet to decoder",
        "unread": r"^\[in#\S+ @ \w+\] "
        r"(?:\[error\] (?!Error (?:opening|during))|\[warning\] corrupt input packet)",
    }.items()
}
"""Lines of ffmpeg 9's log, each of one packet or frame; of `unread`, a place where the container is
not as it should be."""
_NO_SOUND = re.compile(rb"^\[mp\w+ @ \w+\] \[error\] Header missing")
"""Said before a packet of MPEG audio is counted that is none: a tag where files were joined."""
_REPEATED = re.compile(rb"^ *Last message repeated (\d+) times")

LEAST_UNREAD = 2
"""Frames that are missing where a container is damaged: one may be rounding."""

STEADY = 0.01
"""By what part a rate and that of the fastest frames may differ where it does not vary."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a source could not be decoded.

    `picture` and `sound` are packets that are left out; `shown` are frames that were decoded in
    part. `at_most` are packets of spans: another span may tell of them too, or nobody misses them,
    since they lie before a keyframe. `unread` are places in which a container holds nothing that
    can be read: how much is missing there, nobody says.
    """

    picture: int = 0
    at_most: int = 0
    shown: int = 0
    sound: int = 0
    unread: int = 0

    def __add__(self, other: Damage) -> Damage:
        """Return what two parts of a source lack together."""
        mine, theirs = asdict(self), asdict(other)
        return Damage(**{name: count + theirs[name] for name, count in mine.items()})

    def or_more(self, other: Damage) -> Damage:
        """Return what two looks at the same tell, of which each may have seen other tracks."""
        mine, theirs = asdict(self), asdict(other)
        return Damage(**{name: max(count, theirs[name]) for name, count in mine.items()})

    def of_span(self, *, starts_clean: bool) -> Damage:
        """Return what a span tells that may have been decoded from before its start on."""
        shown = self.shown if starts_clean else 0
        return replace(self, picture=0, at_most=self.picture, shown=shown)


class DamageCounter:
    """Counts the lines of a log, as they come."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys((each.name for each in fields(Damage)), 0)
        self._last: str | None = None
        self._is_sound = True
        self._unfinished = b""

    @property
    def damage(self) -> Damage:
        """Return what was counted so far."""
        return Damage(**self._counts)

    def add(self, chunk: bytes) -> None:
        """Count the lines of a part of the log, which may end in the middle of one."""
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for line in lines:
            if again := _REPEATED.match(line):
                self._count(int(again[1]))
                continue
            if _NO_SOUND.match(line):
                self._is_sound = False
            self._last = next((name for name, said in _KINDS.items() if said.match(line)), None)
            if self._last == "sound" and not self._is_sound:
                self._last, self._is_sound = None, True
            self._count(1)

    def _count(self, times: int) -> None:
        if self._last:
            self._counts[self._last] += times


@dataclass(frozen=True, slots=True)
class Encoded:
    """How an encode ended: why something could not be made, by name, and what is damaged."""

    left_out: Mapping[str, Failure] = field(default_factory=dict)
    damage: Damage = Damage()

    def joined(self, other: Encoded) -> Encoded:
        """Return how two parts of a source ended together."""
        return Encoded({**self.left_out, **other.left_out}, self.damage + other.damage)


def describe_damage(
    damage: Damage, rate: float | None = None, missing: int | None = None
) -> Iterator[MediaWarning]:
    """Yield what is to be known of a damaged source.

    `rate` is how many frames a second its picture has, `missing` how many of them were not made:
    those, too, that build on one which can't be decoded. None where that can't be told.
    """
    lost = damage.picture
    if missing and (
        damage.picture or damage.at_most or (damage.unread and missing >= LEAST_UNREAD)
    ):
        lost = max(lost, missing)
    if lost:
        lasting = f" ({lost / rate:.1f} s)" if rate else ""
        yield _damaged(f"left out: {_count(lost, 'frame')}{lasting} that can't be decoded")
    if damage.shown:
        yield _damaged(f"shown in part: {_count(damage.shown, 'frame')} that can't be decoded")
    if damage.sound:
        yield _damaged(f"left out: {_count(damage.sound, 'packet')} of sound that can't be decoded")


def count_missing(rate: float | None, task: VideoTask, track: Track) -> int | None:
    """Return how many frames fewer a track has than a source of that rate has.

    None where nobody can tell: the rate varies, the last frame is held, or parts were joined.
    """
    fastest, most = float(track.max_frame_rate or 0), task.plan.frame_rate
    wanted = min(rate or fastest, most or fastest)
    if task.plan.hold_s or task.source.joined or abs(wanted - fastest) > STEADY * fastest:
        return None
    return max(0, round(track.seconds * wanted) - sum(each.frames for each in track.segments))


def _damaged(message: str) -> MediaWarning:
    return MediaWarning(WarningCode.DAMAGED, message)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
