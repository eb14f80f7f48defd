"""A stream that begins in the middle, behind tags or behind rubbish is known by its frames."""

from __future__ import annotations

import random

import pytest

from lib.domain.media import MediaType, Sniffed
from lib.sniff import HEAD_BYTES, sniff, sniff_source

PACKET = b"\x47\x01\x00\x10" + bytes(range(184))
STAMPED = bytes(4) + PACKET
PROTECTED = PACKET + bytes(16)

MP3 = (b"\xff\xfb\x90\x00" + bytes(413)) * 8
MP2 = (b"\xff\xfd\x80\x00" + bytes(413)) * 8
ADTS = (b"\xff\xf1\x50\x80\x0c\x9f\xfc" + bytes(93)) * 8
AC3 = (b"\x0b\x77\0\0\x14\x40" + bytes(762)) * 8  # 192 kbit/s at 48 kHz: 768 bytes
EAC3 = (b"\x0b\x77\x01\x7f\x3f\x87" + bytes(762)) * 8
DTS = (b"\x7f\xfe\x80\x01\xfc\x3c\x3f\xf0" + bytes(1016)) * 8  # 1,024 bytes
FRAMES = {"mp3": MP3, "aac": ADTS, "ac3": AC3, "eac3": EAC3, "dts": DTS}

RIFF = b"RIFF\x10\0\0\0WAVEfmt "
FORM = b"FORM\0\0\x10\0AIFFCOMM"
BEHIND_TAGS = [
    *((frames, container) for container, frames in FRAMES.items()),
    (MP2, "mp3"),
    (b"fLaC\0\0\0\x22" + bytes(40), "flac"),
    (b"TTA1\1\0" + bytes(40), "tta"),
    (b"wvpk" + bytes(40), "wv"),
    (b"MAC \x6e\x0f" + bytes(40), "ape"),
    (b"MPCK" + bytes(40), "mpc8"),
    (RIFF, "wav"),
    (FORM, "aiff"),
]
READ_WITH_TAGS = {"mp3", "aac", "flac", "tta"}

NOISE = random.Random(12).randbytes(70_000)
RUBBISH = {
    "zeros": bytes(70_000),
    "ones": b"\xff" * 70_000,
    "noise": NOISE,
    "half a frame": MP3[101:417] + bytes(70_000),
}


def tag(length: int, *, footer: bool = False) -> bytes:
    """An ID3v2 tag of so many bytes, with its footer."""
    size = length - 10 - 10 * footer
    sizes = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    head = b"\4\0" + (b"\x10" if footer else b"\0") + sizes
    return b"ID3" + head + bytes(size) + (b"3DI" + head if footer else b"")


def sniff_all(data: bytes) -> Sniffed:
    return sniff_source(lambda start, length: data[start : start + length])


@pytest.mark.parametrize(("content", "container"), BEHIND_TAGS)
@pytest.mark.parametrize("length", [10, 200, 4090, 60_000, 65_530, 65_600, 1_500_000])
@pytest.mark.parametrize("footer", [False, True])
def test_tags_of_any_length_are_passed_over(
    content: bytes, container: str, length: int, footer: bool
):
    length += 10 * footer
    sniffed = sniff_all(tag(length, footer=footer) + content)
    assert (sniffed.media_type, sniffed.container) == (MediaType.AUDIO, container)
    assert sniffed.start == (0 if container in READ_WITH_TAGS else length)


@pytest.mark.parametrize("lengths", [(300, 50), (70_000, 50), (50, 70_000)])
def test_two_tags_are_passed_over(lengths: tuple[int, int]):
    before = b"".join(map(tag, lengths))
    assert sniff_all(before + ADTS).container == "aac"


def test_tags_with_nothing_known_behind_them_are_those_of_an_mp3():
    assert sniff_all(tag(300) + b"\0\1\2\3" * 50).container == "mp3"
    assert sniff_all(tag(90_000)).container == "mp3"


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("length", [1, 300, 500, 5000, 40_000])
@pytest.mark.parametrize("container", FRAMES)
def test_audio_behind_rubbish_is_found_where_it_begins(rubbish: str, length: int, container: str):
    before = RUBBISH[rubbish][:length]
    sniffed = sniff_all(before + FRAMES[container])
    assert sniffed.container == container
    assert length - 1 <= sniffed.start <= length


def test_a_tag_that_says_it_is_longer_than_the_source_is_not_believed():
    sniffed = sniff_all(tag(900_000)[:300] + MP3)
    assert (sniffed.container, sniffed.start) == ("mp3", 300)
    assert sniff_all(tag(900_000)[:300]).container == "mp3"


@pytest.mark.parametrize("said", [60, 200, 320, 700])
def test_a_tag_of_another_length_than_it_says_is_passed_over(said: int):
    head = tag(said)[:10] + bytes(290)
    sniffed = sniff_all(head + MP3 * 3)
    assert sniffed.container == "mp3"
    assert (head + MP3 * 3)[sniffed.start or max(said, 300) :][:1] in (b"\xff", b"\0")


@pytest.mark.parametrize("second", [b"\x44", b"\x21"])
@pytest.mark.parametrize("lost", [1, 700, 2047])
def test_packs_are_found_from_the_first_whole_one(second: bytes, lost: int):
    pack = b"\0\0\1\xba" + second + bytes(2043)
    sniffed = sniff_all((pack * 9)[lost:])
    assert (sniffed.mime, sniffed.container) == ("video/mpeg", "mpeg")
    assert sniffed.start == 2048 - lost
    assert sniff_all((pack * 4)[1:]).reason


def test_audio_behind_rubbish_behind_a_tag_is_found_too():
    for length in (200, 90_000):
        sniffed = sniff_all(tag(length) + bytes(700) + MP3)
        assert (sniffed.container, sniffed.start) == ("mp3", length + 700)


@pytest.mark.parametrize("packet", [PACKET, STAMPED, PROTECTED])
@pytest.mark.parametrize("lost", [1, 3, 50, 187, 190, 203])
def test_packets_are_found_from_the_first_whole_one(packet: bytes, lost: int):
    sniffed = sniff_all((packet * 12)[lost:])
    assert (sniffed.mime, sniffed.container) == ("video/mp2t", "mpegts")
    first = (packet * 12)[lost + sniffed.start :]
    assert first.startswith(packet)


@pytest.mark.parametrize("packet", [PACKET, STAMPED, PROTECTED])
@pytest.mark.parametrize("length", [1000, 30_000])
def test_packets_behind_rubbish_are_found(packet: bytes, length: int):
    for count in (6, 12):
        sniffed = sniff_all(NOISE[:length] + packet * count)
        assert (sniffed.container, sniffed.start) == ("mpegts", length)


@pytest.mark.parametrize(
    "data",
    [
        NOISE,
        bytes(HEAD_BYTES),
        b"\xff" * HEAD_BYTES,
        b"\0" + b"\x47" * HEAD_BYTES,
        b"\x0b\x77\0" * 20_000,
        b"\xff\xfb" * 30_000,
        NOISE[:1000] + MP3[: 3 * 417],  # three frames are too few behind something else
        NOISE[:1000] + PACKET * 5,
        bytes(100) + b"".join(b"\x47\x01\0\x10" + bytes(184 + n) for n in range(20)),
        bytes(50) + b"\xff\xfb\x90\x00" * 3000,
    ],
)
def test_chance_is_no_stream(data: bytes):
    assert sniff_all(data).reason == "not a known image, video or audio file"


def test_lines_of_text_with_the_same_letter_in_a_column_are_text():
    lines = b"".join(b"G123" + b"x" * 183 + b"\n" for _ in range(100))
    assert sniff(b"no" + lines).mime == "text/plain"
    assert sniff(b"MAC addresses are six bytes.\n").mime == "text/plain"
