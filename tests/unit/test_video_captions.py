"""Captions within frames are found by what they are, not by what a container says."""

from __future__ import annotations

import pytest

from lib.video.package.captions import USER_DATA, find_captions

FIELD_1, FIELD_2, SERVICE, FILLING = 0xFC, 0xFD, 0xFF, 0xF8
RESUME, SECOND = (0x94, 0x20), (0x1C, 0x20)
"""Control codes of the first and the second channel of a field, with parity."""


def message(*pairs: tuple[int, int, int]) -> bytes:
    data = bytes([0xC0 | len(pairs), 0xFF, *(each for pair in pairs for each in pair)])
    return b"\0\0\1\x06\4\x48" + USER_DATA + data + b"\xff\x80"


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(FIELD_1, *RESUME)], ("CC1",)),
        ([(FIELD_1, *SECOND)], ("CC2",)),
        ([(FIELD_2, *RESUME), (FIELD_1, *RESUME)], ("CC1", "CC3")),
        ([(FIELD_2, *SECOND)], ("CC4",)),
        ([(SERVICE, 0x02, 0x21)], ("SERVICE1",)),
        ([(SERVICE, 0x02, 0xC1), (FIELD_1, *RESUME)], ("CC1", "SERVICE6")),
        ([(FIELD_1, 0x80, 0x80)], ()),  # filling
        ([(FIELD_1, 0xC8, 0x45)], ()),  # text, without a code that opens a caption
        ([(FILLING, *RESUME)], ()),  # marked as not valid
        ([(SERVICE, 0x02, 0x00)], ()),
        ([], ()),
    ],
)
def test_what_is_said_decides(pairs, expected):
    assert find_captions(b"frame" + message(*pairs) + b"more") == expected


def test_all_messages_of_a_segment_count():
    content = message((FIELD_1, 0x80, 0x80)) + message((FIELD_1, *RESUME))
    assert find_captions(content) == ("CC1",)


def test_bytes_that_keep_a_start_code_away_are_no_captions():
    pairs = message((FIELD_1, 0, 0), (FIELD_1, *RESUME)).replace(b"\xfc\0\0\xfc", b"\xfc\0\0\xfc")
    escaped = message((FIELD_1, 0, 0)).replace(b"\xfc\0\0\xff", b"\xfc\0\0\3\0\xff")
    assert find_captions(pairs) == ("CC1",)
    assert find_captions(escaped) == ()


@pytest.mark.parametrize("cut", range(len(message((FIELD_1, *RESUME)))))
def test_a_message_that_is_cut_says_nothing_or_what_is_there(cut):
    assert find_captions(message((FIELD_1, *RESUME))[:cut]) in ((), ("CC1",))
