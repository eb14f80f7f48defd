"""Of an animated PNG that is cut or damaged, the whole frames are shown, and lines of others."""

from __future__ import annotations

import struct
import zlib

import pytest

from lib.domain.media import WarningCode
from lib.imaging.load import Picture, read_picture
from tests.media.animation_files import (
    GREY_ALPHA,
    OVER,
    SOURCE,
    Chunk,
    PngFrame,
    PngKind,
    apng_chunks,
    chunk,
    fill,
)
from tests.support.animation_cases import FIRST, SIZE, draw
from tests.support.apng_cases import (
    FRAMES,
    GREEN,
    RED,
    SHOWN,
    join,
    place,
)
from tests.support.images import LIMITS

HALF = bytes((30, 30, 220, 128))


def read(data: bytes) -> Picture:
    return read_picture(data, "png", LIMITS)


def cut(chunks: list[Chunk], at: int, left: int) -> bytes:
    """Return a PNG that ends within a chunk, of whose content so many bytes are left."""
    return join(chunks[:at]) + chunk(*chunks[at])[: 8 + left]


@pytest.mark.parametrize("left", [0, 4, 12])
def test_a_frame_that_is_cut_is_left_out(left: int):
    chunks = apng_chunks(SIZE, FRAMES)
    picture = read(cut(chunks, place(chunks, b"fdAT", 1), left))
    assert picture.animation
    assert [draw(image) for image, _ in picture.animation.frames()] == list(SHOWN[:2])
    (warning,) = picture.probe.warnings
    assert warning.code is WarningCode.INCOMPLETE
    assert warning.message == "cut short: 2 of 3 frames are there"
    assert (picture.probe.frames, picture.probe.complete) == (2, False)


def test_a_frame_whose_pixels_are_all_there_is_whole_without_its_end():
    chunks = apng_chunks(SIZE, FRAMES)
    last = place(chunks, b"fdAT", 1)
    for missing in range(1, 5):  # of the checksum of what was compressed
        picture = read(cut(chunks, last, len(chunks[last][1]) - missing))
        assert (picture.probe.frames, picture.probe.complete) == (3, True)
        assert picture.animation
        assert [draw(image) for image, _ in picture.animation.frames()] == list(SHOWN)


def test_of_two_frames_the_first_remains_and_is_no_animation():
    chunks = apng_chunks(SIZE, FRAMES[:2])
    picture = read(cut(chunks, place(chunks, b"fdAT"), 9))
    assert picture.animation is None
    assert draw(picture.image) == FIRST
    assert picture.probe.warnings[0].message == "cut short: 1 of 2 frames are there"


def test_a_cut_first_frame_is_a_still_of_its_lines():
    tall = PngFrame((1, 40), RED * 20 + GREEN * 20)
    chunks = apng_chunks((1, 40), [tall, tall])
    stored = zlib.compress(b"".join(b"\0" + RED for _ in range(40)), 0)
    chunks[place(chunks, b"IDAT")] = (b"IDAT", stored)
    picture = read(cut(chunks, place(chunks, b"IDAT"), 2 + 5 + 5 * 30))
    assert picture.animation is None
    assert draw(picture.image) == "/".join(["R"] * 30 + ["."] * 10)
    messages = [each.message for each in picture.probe.warnings]
    assert messages == [
        "cut short: 1 of 2 frames are there", "cut short: 30 of 40 lines are there"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"nonsense", FIRST),
        (zlib.compress(b""), FIRST),
        (zlib.compress(b"\0" + GREEN * 2), "GGRR/RRRR/RRRR/RRRR"),
        (zlib.compress(b"\0" + GREEN * 2 + b"\x09" + GREEN * 2), "GGRR/RRRR/RRRR/RRRR"),
    ],
)
@pytest.mark.parametrize("blend", [SOURCE, OVER])
def test_a_damaged_frame_shows_the_lines_that_can_be_read(content: bytes, seen: str, blend: int):
    frames = [FRAMES[0], fill((2, 2), GREEN, blend=blend), FRAMES[2]]
    chunks = apng_chunks(SIZE, frames)
    at = place(chunks, b"fdAT")
    chunks[at] = (b"fdAT", struct.pack(">I", 2) + content)
    picture = read(join(chunks))
    assert picture.animation
    drawn = [draw(image) for image, _ in picture.animation.frames()]
    assert drawn[:2] == [FIRST, seen]
    assert drawn[2].endswith("BB")


def test_a_first_frame_that_cannot_be_read_leaves_the_canvas_clear():
    chunks = apng_chunks(
        SIZE, [fill(SIZE, b"\0\xff"), fill((2, 2), b"\xff\xff", blend=OVER)], PngKind(GREY_ALPHA),
        default=fill(SIZE, b"\0\xff"),
    )  # fmt: skip
    chunks[place(chunks, b"fdAT")] = (b"fdAT", struct.pack(">I", 1) + b"nonsense")
    picture = read(join(chunks))
    assert picture.animation
    drawn = [draw(image) for image, _ in picture.animation.frames()]
    assert drawn == ["..../..../..../....", "WW../WW../..../...."]
