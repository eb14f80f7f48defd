"""Segments that are written again, so that they last until the next one."""

from __future__ import annotations

import io

import pytest

from lib.video.isobmff import read_boxes, read_content
from lib.video.package.fragments import MOST_TICKS, Sample, read_fragment, write_segment
from lib.video.package.gaps import Change, rewrite_segment
from lib.video.package.track import Segment, Track

FRAMES = (Sample(0, 500, 4, 0x0200_0000), Sample(500, 500, 3, 0x0101_0000))
SOURCE = write_segment(FRAMES, 1000, b"onetwo!", 0)
TRACK = Track("mjpeg-96", "mjpg", 90_000)


def last(end: int) -> bytes:
    return rewrite_segment(SOURCE, Change(TRACK, Segment(0, 1000, len(SOURCE), 2), 0, end))


def shown(content: bytes) -> list[tuple[int, int]]:
    file = io.BytesIO(content)
    [moof] = [each for each in read_boxes(file) if each.kind == b"moof"]
    return [(each.time, each.duration) for each in read_fragment(read_content(file, moof)).samples]


@pytest.mark.parametrize("end", [501, 1000, 9000, MOST_TICKS])
def test_the_last_frame_is_shown_until_the_end(end: int) -> None:
    assert shown(last(end)) == [(0, 500), (500, end - 500)]
    assert last(end).endswith(b"onetwo!")


@pytest.mark.parametrize("end", [MOST_TICKS + 1, MOST_TICKS + 600, 2**32, 2**40])
def test_what_would_last_longer_than_a_segment_can_is_refused(end: int) -> None:
    with pytest.raises(ValueError, match="expected at most 2147483647 ticks"):
        last(end)


def test_a_segment_of_one_frame_is_refused_too() -> None:
    with pytest.raises(ValueError, match="expected at most"):
        write_segment(FRAMES[:1], 2**33, b"one!", 0)


@pytest.mark.parametrize("end", [0, 500])
def test_frames_that_are_not_over_are_refused(end: int) -> None:
    with pytest.raises(ValueError, match="to be over by then"):
        last(end)
