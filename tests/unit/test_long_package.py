"""Which parts of a long source are joined: up to its end, wherever that really is."""

from __future__ import annotations

import pytest

from lib.application.long_video.package import _before_the_end
from lib.application.long_video.work_format import Part, PartIndex
from lib.domain.errors import ErrorCode, PermanentError
from lib.video.package.track import Track

RANGES = (Part("range-0000", 0.0, 4.0), Part("range-0001", 4.0, 8.0), Part("range-0002", 8.0))
AUDIO = Part("sound")
TRACK = Track("h264-96", "avc1.64000a", 12_288, (), width=128, height=96)


def index(name: str, *, empty: bool = False) -> PartIndex:
    return PartIndex(() if empty else (TRACK,), {name: name}, {}, 1)


def indexes(parts: tuple[Part, ...], empty: tuple[int, ...]) -> list[PartIndex]:
    return [index(each.name, empty=number in empty) for number, each in enumerate(parts)]


def kept(parts: tuple[Part, ...], *empty: int) -> list[str]:
    return [name for each in _before_the_end(parts, indexes(parts, empty)) for name in each.inits]


def test_all_is_joined_of_what_is_whole() -> None:
    assert kept((*RANGES, AUDIO)) == ["range-0000", "range-0001", "range-0002", "sound"]
    assert kept(RANGES) == ["range-0000", "range-0001", "range-0002"]


def test_of_what_is_cut_short_the_ranges_behind_its_end_are_left_out() -> None:
    assert kept((*RANGES, AUDIO), 2) == ["range-0000", "range-0001", "sound"]
    assert kept((*RANGES, AUDIO), 1, 2) == ["range-0000", "sound"]


def test_audio_alone_has_no_ranges() -> None:
    assert kept((AUDIO,)) == ["sound"]


@pytest.mark.parametrize(
    ("empty", "start"), [((1,), 4), ((0,), 0), ((0, 1), 0), ((0, 2), 0), ((0, 1, 2), 0)]
)
def test_what_holds_nothing_before_another_range_or_at_all_is_corrupt(
    empty: tuple[int, ...], start: int
) -> None:
    with pytest.raises(PermanentError) as raised:
        kept((*RANGES, AUDIO), *empty)
    assert raised.value.code is ErrorCode.CORRUPT_MEDIA
    assert raised.value.message == f"the picture holds nothing from {start} s on"
