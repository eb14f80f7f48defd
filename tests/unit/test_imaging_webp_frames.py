"""Of an animated WebP that is cut, the whole frames are shown, and it is said that some are not."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.decoders.frames import may_become_clear
from lib.imaging.decoders.webp import read_frames
from lib.imaging.load import Picture, read_picture
from tests.media.webp_files import (
    ANIMATION,
    CLEAR,
    SOURCE,
    WebPFrame,
    riff,
    webp_chunk,
    write_webp,
)
from tests.support.animation_cases import FIRST, LETTERS, SIZE, draw
from tests.support.images import LIMITS

SHOWN = [FIRST, "GGRR/GGRR/RRRR/RRRR", "GGRR/GGRR/RRBB/RRBB"]


def frame(letter: str, size: tuple[int, int] = (2, 2), **more: object) -> WebPFrame:
    return WebPFrame(Image.new("RGBA", size, LETTERS[letter]), **more)  # type: ignore[arg-type]


FRAMES = frame("R", SIZE), frame("G"), frame("B", at=(2, 2))
WHOLE = write_webp(SIZE, FRAMES)
STARTS = [at - 4 for at in range(len(WHOLE)) if WHOLE[at - 4 : at] == b"ANMF"]


def read(data: bytes) -> Picture:
    return read_picture(data, "webp", LIMITS)


def drawn(picture: Picture) -> list[str]:
    assert picture.animation
    return [draw(image) for image, _ in picture.animation.frames()]


@pytest.mark.parametrize("left", [9, 24, 30])
def test_a_frame_that_is_cut_is_left_out(left: int):
    picture = read(WHOLE[: STARTS[2] + left])
    assert drawn(picture) == SHOWN[:2]
    assert (picture.probe.frames, picture.probe.duration_ms) == (2, 200)
    assert picture.probe.complete is False
    assert picture.probe.warnings[0].message == "cut short in frame 3, which is left out"


@pytest.mark.parametrize("left", [0, 4])
def test_a_file_that_ends_between_frames_has_less_than_it_promises(left: int):
    picture = read(WHOLE[: STARTS[2] + left])
    assert drawn(picture) == SHOWN[:2]
    assert picture.probe.warnings[0].message == "cut short after frame 2"


def test_of_two_frames_the_first_remains_and_is_no_animation():
    picture = read(WHOLE[: STARTS[1] + 20])
    assert picture.animation is None
    assert draw(picture.image) == FIRST
    assert (picture.probe.frames, picture.probe.complete) == (1, False)


def test_a_cut_note_behind_the_frames_is_no_part_of_the_picture():
    data = riff(WHOLE[12:] + webp_chunk(b"EXIF", bytes(40)))
    picture = read(data[:-20])
    assert drawn(picture) == SHOWN
    assert (picture.probe.complete, picture.probe.warnings) == (True, ())


def test_a_first_frame_that_is_cut_is_corrupt():
    with pytest.raises(PermanentError) as caught:
        read(WHOLE[: STARTS[0] + 30])
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_what_follows_the_end_is_no_part_of_it():
    picture = read(WHOLE + b"and more")
    assert drawn(picture) == SHOWN
    assert picture.probe.complete is True


def test_every_cut_is_a_picture_or_corrupt():
    for end in range(len(WHOLE)):
        try:
            picture = read(WHOLE[:end])
        except PermanentError:
            assert end < STARTS[1]
        else:
            assert picture.probe.complete is False
            assert draw(picture.image) == FIRST


@pytest.mark.parametrize(
    ("frames", "flags", "is_clear"),
    [
        ((FRAMES[0], frame("G")), ANIMATION, False),
        ((FRAMES[0], frame("."), frame("G")), ANIMATION, False),
        ((FRAMES[0], frame(".", blend=SOURCE)), ANIMATION, True),
        ((FRAMES[0], frame("G", dispose=CLEAR)), ANIMATION, False),
        ((FRAMES[0], frame("G", dispose=CLEAR), frame("B", at=(2, 2))), ANIMATION, True),
        ((frame("G"), FRAMES[0]), ANIMATION, True),
    ],
)
def test_transparency_is_that_of_any_frame(
    frames: tuple[WebPFrame, ...], flags: int, is_clear: bool
):
    assert read(write_webp(SIZE, frames, flags=flags)).probe.has_alpha is is_clear


def test_a_size_that_promises_too_much_is_put_right():
    data = WHOLE[:4] + struct.pack("<I", 100_000) + WHOLE[8:]
    picture = read(data)
    assert drawn(picture) == SHOWN
    assert picture.probe.warnings[0].message == "cut short after frame 3"


OPAQUE = WebPFrame(Image.new("RGB", SIZE, "red"))
PART = WebPFrame(Image.new("RGB", (2, 2), "blue"), at=(2, 2))
SOFT = WebPFrame(Image.new("RGBA", SIZE, "#00f8"))


@pytest.mark.parametrize(
    ("frames", "may"),
    [
        ((OPAQUE, OPAQUE), False),
        ((OPAQUE, SOFT), False),
        ((OPAQUE, replace(SOFT, blend=SOURCE)), True),
        ((OPAQUE, replace(OPAQUE, blend=SOURCE)), False),
        ((replace(OPAQUE, dispose=CLEAR), OPAQUE), False),
        ((replace(OPAQUE, dispose=CLEAR), SOFT), True),
        ((replace(OPAQUE, dispose=CLEAR), frame("G")), True),
        ((OPAQUE, replace(OPAQUE, dispose=CLEAR)), False),
        ((OPAQUE, replace(PART, dispose=CLEAR), PART), False),
        ((OPAQUE, replace(PART, dispose=CLEAR), replace(PART, at=(0, 0))), True),
    ],
)
@pytest.mark.parametrize("lossless", [True, False])
def test_only_what_may_become_clear_is_looked_through(
    frames: tuple[WebPFrame, ...], may: bool, lossless: bool
):
    data = write_webp(SIZE, [replace(each, lossless=lossless) for each in frames])
    found, plays = read_frames(data, 10)
    assert (len(found), plays) == (len(frames), 0)
    assert may_become_clear(found) is may
