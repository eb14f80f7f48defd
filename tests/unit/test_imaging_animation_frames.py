"""Frames lie on each other as browsers show them, and what is cut short keeps its whole frames."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.load import Picture, read_picture
from lib.imaging.metadata.timeline import shown_ms
from tests.media.animation_files import CLEAR, RESTORE, GifFrame, lzw, solid, write_gif
from tests.support.animation_cases import (
    BLUE,
    FIRST,
    GREEN,
    PALETTE,
    RED,
    SIZE,
    WHITE,
    AnimationCase,
    draw,
    gif_cases,
)
from tests.support.apng_cases import apng_cases
from tests.support.images import LIMITS, save

CASES = [
    pytest.param(case, id=f"{case.container}: {case.name}")
    for case in (*gif_cases(), *apng_cases())
]
ENDS_EARLY = {"third ", "a wrong checksum of fcTL", "a frame without pixels"}
"""Names of cases that have fewer frames than they promise."""


def read(data: bytes, container: str = "gif") -> Picture:
    return read_picture(data, container, LIMITS)


def drawn(picture: Picture) -> list[str]:
    assert picture.animation
    return [draw(image) for image, _ in picture.animation.frames()]


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_drawn_as_it_is_shown(case: AnimationCase):
    picture = read(case.data, case.container)
    assert picture.animation
    assert drawn(picture) == list(case.frames)
    assert draw(picture.image) == case.frames[0]
    assert picture.animation.loops == case.plays
    assert picture.probe.has_alpha == any("." in frame for frame in case.frames)
    assert picture.probe.complete is not any(case.name.startswith(each) for each in ENDS_EARLY)
    assert bool(picture.probe.warnings) is not picture.probe.complete
    if case.delays:
        shown = [ms for _, ms in picture.animation.frames()]
        assert shown == [shown_ms(delay) for delay in case.delays]


def gif(*frames: GifFrame) -> bytes:
    return write_gif(SIZE, frames, palette=PALETTE)


def cut_in(data: bytes, frame: bytes) -> bytes:
    """Leave out the end of a frame's codes, and what follows."""
    return data[: data.rindex(frame) + len(frame) // 2]


def test_a_frame_that_is_cut_is_left_out():
    codes = lzw(bytes([BLUE]) * 16)
    data = cut_in(gif(solid(SIZE, RED), solid((2, 2), GREEN), solid(SIZE, BLUE)), codes)
    picture = read(data)
    assert drawn(picture) == [FIRST, "GGRR/GGRR/RRRR/RRRR"]
    assert (picture.probe.frames, picture.probe.duration_ms) == (2, 200)
    (warning,) = picture.probe.warnings
    assert warning.code is WarningCode.INCOMPLETE
    assert warning.message == "cut short in frame 3, which is left out"
    assert picture.probe.complete is False


@pytest.mark.parametrize("left", range(1, 4))
def test_a_frame_whose_pixels_are_all_there_is_whole_without_its_end(left: int):
    data = gif(solid(SIZE, RED), solid(SIZE, GREEN))
    picture = read(data[:-left])  # the end of the file, of the blocks, of the codes
    assert picture.probe.frames == 2
    assert picture.probe.complete is True


@pytest.mark.parametrize("end", [b",", b",\0\0\0\0\4\0\4\0\0", b"!\xf9\4", b"!"])
def test_a_frame_that_has_hardly_begun_is_left_out(end: bytes):
    picture = read(gif(solid(SIZE, RED), solid((2, 2), GREEN))[:-1] + end)
    assert picture.probe.frames == 2


def test_of_two_frames_the_first_remains_and_is_no_animation():
    data = cut_in(gif(solid(SIZE, RED), solid(SIZE, BLUE)), lzw(bytes([BLUE]) * 16))
    picture = read(data)
    assert picture.animation is None
    assert (picture.probe.frames, picture.probe.duration_ms) == (1, None)
    assert picture.probe.complete is False
    assert draw(picture.image) == FIRST


def tall(lines: int, **more: object) -> GifFrame:
    """A red frame of 4 × 40 px whose codes end after so many lines."""
    frame = solid((4, 40), RED, **more)
    return replace(frame, codes=lzw(frame.pixels[: 4 * lines]))


@pytest.mark.parametrize("transparent", [None, GREEN, 255])
@pytest.mark.parametrize("lines", [4, 25, 39])
def test_a_still_shows_the_lines_that_are_there(lines: int, transparent: int | None):
    frame = tall(lines, transparent=transparent)
    picture = read(write_gif((4, 40), [frame], palette=PALETTE, end=b""))
    assert draw(picture.image) == "/".join(["RRRR"] * lines + ["...."] * (40 - lines))
    assert picture.probe.warnings[0].message == f"cut short: {lines} of 40 lines are there"
    assert (picture.probe.complete, picture.probe.has_alpha) == (False, True)


def test_what_is_there_of_a_cut_block_of_codes_counts():
    """Decoders leave a block that is shorter than it says, and 255 bytes are some lines."""
    data = write_gif((4, 40), [solid((4, 40), RED)], palette=PALETTE)
    whole = lzw(bytes([RED]) * 160)
    picture = read(data[: data.index(whole[:9]) + len(lzw(bytes([RED]) * 100))])
    assert picture.probe.warnings[0].message == "cut short: 25 of 40 lines are there"


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        # Of 16: every eighth, then every fourth from the fourth, every second from the second.
        (2, "RRRRRRRRRRRRRRRR"),
        (3, "RRRRGGGGRRRRRRRR"),
        (4, "RRRRGGGGRRRRGGGG"),
        (6, "RRBBGGBBRRRRGGGG"),
        (8, "RRBBGGBBRRBBGGBB"),
        (11, "RWBWGWBBRRBBGGBB"),
    ],
)
def test_an_interlaced_still_that_is_cut_has_lines_spread(lines: int, seen: str):
    passes = bytes((RED,) * 2 + (GREEN,) * 2 + (BLUE,) * 4 + (WHITE,) * 8)
    codes = lzw(bytes(line for line in passes for _ in range(4))[: 4 * lines])
    frame = GifFrame((4, 16), b"", interlaced=True, codes=codes)
    picture = read(write_gif((4, 16), [frame], palette=PALETTE))
    assert draw(picture.image) == "/".join(line * 4 for line in seen)
    assert picture.probe.warnings[0].message == f"cut short: {lines} of 16 lines are there"


@pytest.mark.parametrize("height", [1, 2, 13, 15, 16])
def test_the_last_line_of_an_interlaced_one_may_be_missing(height: int):
    """It is not the lowest where their number is odd."""
    codes = lzw(bytes([RED]) * (4 * height - 1))
    frame = GifFrame((4, height), b"", interlaced=True, codes=codes)
    data = write_gif((4, height), [solid((4, height), RED), frame], palette=PALETTE)
    shown = drawn(read(data))
    assert shown == ["/".join(["RRRR"] * height)] * 2
    alone = write_gif((4, height), [frame], palette=PALETTE)
    if height == 1:
        with pytest.raises(PermanentError, match="0 of 1 lines"):
            read(alone)
    else:
        (warning,) = read(alone).probe.warnings
        assert warning.message == f"cut short: {height - 1} of {height} lines are there"


def test_a_line_that_is_cut_is_not_there():
    frame = replace(solid((4, 10), RED), codes=lzw(bytes([RED]) * 22))
    picture = read(write_gif((4, 10), [frame], palette=PALETTE))
    assert picture.probe.warnings[0].message == "cut short: 5 of 10 lines are there"


@pytest.mark.parametrize("codes", [lzw(bytes([RED]) * 15), b"", b"\xff" * 9])
def test_a_still_of_hardly_any_line_is_corrupt(codes: bytes):
    data = write_gif((4, 40), [replace(solid((4, 40), RED), codes=codes)], palette=PALETTE)
    with pytest.raises(PermanentError, match="of 40 lines are there") as caught:
        read(data)
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


@pytest.mark.parametrize("bits", [0, 9, 12, 255])
def test_codes_of_more_colours_than_there_are_draw_nothing(bits: int):
    broken = replace(solid((2, 2), GREEN), bits=bits, codes=lzw(bytes(4)))
    picture = read(gif(solid(SIZE, RED), broken, solid((1, 1), BLUE)))
    assert drawn(picture)[0] == FIRST
    assert drawn(picture)[2][0] == "B"


def test_a_damaged_frame_shows_what_can_be_read_of_it():
    """Here browsers end the animation, or not: the next frames are what somebody drew."""
    short = replace(solid(SIZE, GREEN), codes=lzw(bytes([GREEN]) * 8))
    picture = read(gif(solid(SIZE, RED), short, solid((2, 1), BLUE)))
    assert drawn(picture) == [FIRST, "GGGG/GGGG/RRRR/RRRR", "BBGG/GGGG/RRRR/RRRR"]


def test_no_frame_at_all_is_corrupt():
    with pytest.raises(PermanentError) as caught:
        read(gif())
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_a_frame_outside_is_not_counted_as_large_as_it_is():
    far = solid((1, 1), GREEN, at=(65_000, 65_000))
    assert read(gif(solid(SIZE, RED), far)).probe.frames == 2
    wide = replace(solid((1, 1), GREEN), size=(60_000, 6_000))
    with pytest.raises(PermanentError, match="60000 × 6000") as caught:
        read(gif(solid(SIZE, RED), wide))
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
    assert read(gif(solid(SIZE, RED), replace(wide, at=(4, 4)))).probe.frames == 2


@pytest.mark.parametrize(
    ("frames", "is_clear"),
    [
        ((solid(SIZE, RED), solid(SIZE, BLUE, transparent=BLUE)), False),
        ((solid(SIZE, RED, disposal=CLEAR), solid(SIZE, BLUE)), False),
        ((solid(SIZE, RED, disposal=CLEAR), solid(SIZE, BLUE, transparent=GREEN)), False),
        ((solid(SIZE, RED, disposal=CLEAR), solid(SIZE, BLUE, transparent=BLUE)), True),
        ((solid(SIZE, RED), solid((1, 1), BLUE, disposal=CLEAR), solid((1, 1), RED)), False),
        ((solid(SIZE, RED), solid((1, 1), BLUE, disposal=CLEAR)), False),
        (
            (solid(SIZE, RED), solid((1, 1), BLUE, disposal=CLEAR), solid((1, 1), 0, at=(1, 1))),
            True,
        ),
        ((solid(SIZE, RED, disposal=RESTORE), solid(SIZE, BLUE)), False),
        ((solid(SIZE, RED), solid((1, 1), 0, disposal=RESTORE), solid((1, 1), 0)), False),
        ((solid((2, 2), RED), solid(SIZE, BLUE)), True),
    ],
)
def test_transparency_is_that_of_any_frame(frames: tuple[GifFrame, ...], is_clear: bool):
    assert read(gif(*frames)).probe.has_alpha is is_clear


def test_a_frame_is_not_written_to_after_it_was_given_away():
    picture = read(gif(solid(SIZE, RED), solid((2, 2), GREEN, disposal=CLEAR), solid((1, 1), BLUE)))
    assert picture.animation
    images = [image for image, _ in picture.animation.frames()]
    assert draw(images[0]) == FIRST
    assert draw(images[1]) == "GGRR/GGRR/RRRR/RRRR"


def test_a_still_is_as_large_as_its_canvas():
    picture = read(gif(solid((2, 2), RED)))
    assert draw(picture.image) == "RR../RR../..../...."
    assert picture.probe.has_alpha is True
    assert read(save(Image.new("L", (9, 9), 77), "gif")).image.getpixel((0, 0)) == (77, 77, 77)
