"""Close the gaps that damaged ranges leave: what is missing is shown as the frame before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from lib.video.isobmff import read_boxes, read_content
from lib.video.package.cmaf import delay_of
from lib.video.package.fragments import read_fragment, write_segment
from lib.video.package.track import Segment, Track

ROUNDING_TICKS = 1
"""What two ranges may differ by where they meet; players don't see it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A stored segment of a track that has to last from another tick, or to another one."""

    track: Track
    segment: Segment
    start: int
    end: int


Rewrite = Callable[[Change], Segment]
"""Stores a segment as it is to be; returns it."""


def close_gaps(parts: Sequence[Track], rewrite: Rewrite) -> tuple[Track, ...]:
    """Return the parts of one track so that each lasts until the next starts, the first from 0.

    Raises ValueError where a part starts before the frames of another are over.
    """
    closed: list[Track] = []
    for number, part in enumerate(parts):
        ends = parts[number + 1].segments[0].start if number + 1 < len(parts) else None
        segments = list(part.segments)
        if not number and segments[0].start > 0:
            first = segments[0]
            segments[0] = rewrite(Change(part, first, 0, first.start + first.duration))
        last = segments[-1]
        if ends is not None and abs(last.start + last.duration - ends) > ROUNDING_TICKS:
            segments[-1] = rewrite(Change(part, last, last.start, ends))
        closed.append(replace(part, segments=tuple(segments)))
    return tuple(closed)


def rewrite_segment(content: bytes, change: Change) -> bytes:
    """Return a segment as it is to be. Raises ValueError where its frames don't allow that."""
    file, delay = BytesIO(content), delay_of(change.track)
    moof = next(each for each in read_boxes(file) if each.kind == b"moof")
    fragment = read_fragment(read_content(file, moof))
    samples = [replace(each, time=each.time - delay) for each in fragment.samples]
    samples[0] = replace(samples[0], time=change.start)
    if max(each.time for each in samples) >= change.end:
        raise ValueError(f"expected the frames before {change.end} ticks to be over by then")
    start = moof.start + fragment.offset
    data = content[start : start + sum(each.size for each in samples)]
    return write_segment(samples, change.end, data, delay)
