"""Frames of animated PNGs: soft edges, every kind of pixels, heads that are right and not."""

from __future__ import annotations

import struct

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.load import Picture, read_picture
from tests.media.animation_files import (
    BACKGROUND,
    GREY,
    GREY_ALPHA,
    INDEXED,
    NONE,
    OVER,
    PREVIOUS,
    PngFrame,
    PngKind,
    apng_chunks,
    fill,
    write_apng,
)
from tests.support.animation_cases import FIRST, SIZE, draw
from tests.support.apng_cases import (
    BLUE,
    CLEAR,
    FRAMES,
    GREEN,
    RED,
    WHITE,
    join,
    place,
)
from tests.support.images import LIMITS

HALF = bytes((30, 30, 220, 128))


def read(data: bytes) -> Picture:
    return read_picture(data, "png", LIMITS)


def last_pixel(data: bytes) -> tuple[int, ...]:
    picture = read(data)
    assert picture.animation
    *_, (image, _) = picture.animation.frames()
    return tuple(image.convert("RGBA").tobytes()[:4])


@pytest.mark.parametrize(
    ("beneath", "above", "seen"),
    [
        # co = (cs × as + cb × ab × (1 − as)) / ao, ao = as + ab × (1 − as)
        (CLEAR, HALF, (30, 30, 220, 128)),
        (WHITE, HALF, (142, 142, 237, 255)),
        (HALF, HALF, (30, 30, 220, 192)),
        (bytes((255, 255, 255, 128)), HALF, (105, 105, 232, 192)),
        (RED, bytes((0, 0, 255, 64)), (191, 0, 64, 255)),
        (HALF, CLEAR, (30, 30, 220, 128)),
        (HALF, bytes((240, 240, 240, 1)), (32, 32, 220, 128)),
    ],
)
def test_soft_pixels_are_laid_over_in_straight_alpha(beneath: bytes, above: bytes, seen: bytes):
    data = write_apng(SIZE, [fill(SIZE, beneath), fill(SIZE, above, blend=OVER)])
    received = last_pixel(data)
    assert all(abs(a - b) <= 1 for a, b in zip(received, seen, strict=True)), received


def test_grey_with_alpha_stays_grey():
    kind = PngKind(GREY_ALPHA)
    frames = [fill(SIZE, b"\xff\xff"), fill(SIZE, b"\0\x80", blend=OVER)]
    picture = read(write_apng(SIZE, frames, kind))
    assert picture.animation
    *_, (image, _) = picture.animation.frames()
    assert (image.mode, image.getpixel((0, 0))) == ("L", 127)


@pytest.mark.parametrize(
    ("value", "seen"), [(0x5555, 85), (0x55D5, 85), (0x55D6, 86), (0xFFFF, 255)]
)
def test_grey_of_16_bits_is_rounded(value: int, seen: int):
    pixel = value.to_bytes(2)
    data = write_apng(SIZE, [fill(SIZE, pixel), fill((1, 1), pixel)], PngKind(GREY, 16))
    assert last_pixel(data) == (seen, seen, seen, 255)


def test_a_palette_with_soft_colours_is_laid_over():
    colors = (b"PLTE", bytes((220, 30, 30, 30, 30, 220)))
    kind = PngKind(INDEXED, 8, (colors, (b"tRNS", b"\xff\x80")))
    data = write_apng(SIZE, [fill(SIZE, b"\0"), fill(SIZE, b"\1", blend=OVER)], kind)
    assert last_pixel(data) == (125, 30, 125, 255)


@pytest.mark.parametrize(
    ("frames", "is_clear"),
    [
        ((fill(SIZE, RED), fill(SIZE, HALF, blend=OVER)), False),
        ((fill(SIZE, RED), fill(SIZE, HALF)), True),
        ((fill(SIZE, RED), fill((1, 1), CLEAR)), True),
        ((fill(SIZE, RED), fill((1, 1), GREEN)), False),
        ((fill(SIZE, RED, dispose=BACKGROUND), fill(SIZE, GREEN)), False),
        ((fill(SIZE, RED, dispose=BACKGROUND), fill((1, 1), GREEN)), True),
        ((fill(SIZE, RED, dispose=PREVIOUS), fill((1, 1), GREEN)), True),
        ((fill(SIZE, RED), fill((1, 1), GREEN, dispose=BACKGROUND)), False),
        ((fill(SIZE, HALF), fill(SIZE, GREEN)), True),
    ],
)
def test_transparency_is_that_of_any_frame(frames: tuple[PngFrame, ...], is_clear: bool):
    assert read(write_apng(SIZE, frames)).probe.has_alpha is is_clear


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"acTL", b"\0\0\0\3"),
        (b"acTL", struct.pack(">II", 0, 0)),
        (b"acTL", struct.pack(">II", 2**31, 0)),
        (b"acTL", b""),
        (b"fcTL", b""),
        (b"fcTL", struct.pack(">5I2H2B", 0, 2, 4, 0, 0, 1, 10, 0, 0)),
        (b"fcTL", struct.pack(">5I2H2B", 0, 4, 4, 1, 0, 1, 10, 0, 0)),
    ],
)
def test_a_head_that_is_not_right_makes_a_still(kind: bytes, content: bytes):
    chunks = apng_chunks(SIZE, FRAMES)
    chunks[place(chunks, kind)] = (kind, content)
    picture = read(join(chunks))
    assert picture.animation is None
    assert draw(picture.image) == FIRST
    assert picture.probe.frames == 1


def test_counts_after_the_pixels_make_no_animation():
    chunks = apng_chunks(SIZE, FRAMES)
    counts = chunks.pop(place(chunks, b"acTL"))
    chunks.insert(place(chunks, b"IDAT") + 1, counts)
    assert read(join(chunks)).animation is None


def test_a_picture_that_is_no_frame_is_what_nobody_sees():
    small = fill((1, 1), BLUE)
    data = write_apng(SIZE, [small] * 2, default=fill(SIZE, WHITE), plays=1)
    picture = read(data)
    assert draw(picture.image) == "B.../..../..../...."
    assert picture.animation
    assert [draw(image)[0] for image, _ in picture.animation.frames()] == ["B", "B"]


def test_one_frame_beside_a_picture_is_the_still():
    picture = read(write_apng(SIZE, [FRAMES[0]], default=fill(SIZE, WHITE)))
    assert picture.animation is None
    assert draw(picture.image) == FIRST


def test_a_picture_without_whole_frames_is_the_still():
    chunks = apng_chunks(SIZE, FRAMES, default=fill(SIZE, WHITE))
    at = place(chunks, b"fcTL")
    picture = read(join([*chunks[: at + 1], (b"IEND", b"")]))
    assert draw(picture.image) == "/".join(["WWWW"] * 4)
    assert picture.probe.warnings[0].message == "cut short: 0 of 3 frames are there"


def test_a_frame_as_large_as_its_bytes_are_not_is_refused():
    side = 5_001
    tiny = fill((1, 1), RED)
    chunks = apng_chunks((side, side), [tiny, tiny], default=tiny)
    with pytest.raises(PermanentError, match="the limit for an animation is 25 MP") as caught:
        read(join(chunks))
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED


def test_disposal_is_of_the_frame_and_not_of_the_next():
    frames = [FRAMES[0], fill((2, 2), GREEN, dispose=NONE), fill((2, 2), BLUE, dispose=PREVIOUS)]
    picture = read(write_apng(SIZE, [*frames, fill((1, 1), RED)]))
    assert picture.animation
    *_, (image, _) = picture.animation.frames()
    assert draw(image) == "RGRR/GGRR/RRRR/RRRR"
