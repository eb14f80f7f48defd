"""JPEG 2000 of every sampling, depth and sign: each pixel as its components say."""

from __future__ import annotations

import pytest
from PIL import Image

from lib.imaging.load import Picture, read_picture
from tests.support.images import LIMITS
from tests.support.jpeg2000 import (
    GREY,
    SRGB,
    SYCC,
    Grid,
    Part,
    codestream,
    color,
    jp2,
)

Size = tuple[int, int]
SIZE = (33, 21)
STEPS = [(2, 1), (2, 2), (1, 2), (4, 1), (4, 4), (3, 2), (1, 1)]
SIZES = [(33, 21), (32, 20), (32, 21), (9, 6)]


def read(data: bytes) -> Picture:
    return read_picture(data, "jpeg2000", LIMITS)


def ramp(size: Size, low: int = 0, high: int = 255, *, across: bool = True) -> Image.Image:
    """Return a ramp from the left to the right, or down."""
    image = Image.new("L", size)
    length = size[0] if across else size[1]
    steps = [low + (high - low) * at // max(1, length - 1) for at in range(length)]
    line = bytes(steps)
    image.putdata(line * size[1] if across else [each for each in steps for _ in range(size[0])])
    return image


def samples_of(size: Size, step: Size, begin: Size) -> Size:
    """Return how many samples lie in a picture (ISO/IEC 15444-1, B-1 and B-2)."""
    across, down = (
        -(-(at + side) // each) - -(-at // each)
        for side, each, at in zip(size, step, begin, strict=True)
    )
    return across, down


def spread(samples: Image.Image, size: Size, step: Size, begin: Size) -> Image.Image:
    """Repeat each sample up to the next one; pixels before the first are like it."""
    found = Image.new("L", size)
    pixels = samples.tobytes()
    first = [-(-at // each) for at, each in zip(begin, step, strict=True)]
    found.putdata(
        [
            pixels[
                max(0, (begin[1] + y) // step[1] - first[1]) * samples.width
                + max(0, (begin[0] + x) // step[0] - first[0])
            ]
            for y in range(size[1])
            for x in range(size[0])
        ]
    )
    return found


def sampled(size: Size, step: Size, grid: Grid) -> tuple[bytes, tuple[Image.Image, ...]]:
    """Return a codestream of three components, and what they are for each pixel."""
    coarse = samples_of(size, step, grid.begin)
    parts = (ramp(size), ramp(coarse, 60, 200, across=False), ramp(coarse, 150, 90))
    stream = codestream(size, [Part(parts[0]), *(Part(each, step) for each in parts[1:])], grid)
    seen = (parts[0], *(spread(each, size, step, grid.begin) for each in parts[1:]))
    return stream, seen


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", STEPS)
def test_chroma_of_fewer_samples(size: Size, step: Size):
    stream, seen = sampled(size, step, Grid(levels=0 if size[0] < 16 else 2))
    picture = read(jp2(size, stream, color(SYCC)))
    assert picture.image.tobytes() == Image.merge("YCbCr", seen).convert("RGB").tobytes()
    assert picture.probe.complete


@pytest.mark.parametrize("step", [(2, 2), (2, 1)])
@pytest.mark.parametrize("begin", [(0, 0), (4, 2), (3, 1), (2, 3), (13, 5)])
@pytest.mark.parametrize("tile_begin", [(0, 0), (2, 2)])
def test_pictures_and_tiles_that_begin_within_the_grid(step: Size, begin: Size, tile_begin: Size):
    if begin[0] < tile_begin[0] or begin[1] < tile_begin[1]:
        begin = tile_begin
    grid = Grid(begin=begin, tile=(16, 8), tile_begin=tile_begin, levels=1)
    stream, seen = sampled(SIZE, step, grid)
    picture = read(jp2(SIZE, stream, color(SYCC)))
    assert picture.image.tobytes() == Image.merge("YCbCr", seen).convert("RGB").tobytes()


@pytest.mark.parametrize("space", [None, SRGB])
def test_coarser_chroma_is_chroma_whatever_the_file_says(space: int | None):
    stream, seen = sampled(SIZE, (2, 2), Grid())
    picture = read(jp2(SIZE, stream, color(space)) if space else stream)
    assert picture.image.tobytes() == Image.merge("YCbCr", seen).convert("RGB").tobytes()


def test_all_components_with_fewer_samples_make_a_smaller_picture():
    parts = [ramp(SIZE), ramp(SIZE, across=False), ramp(SIZE, 200, 20)]
    stream = codestream((66, 42), [Part(each, (2, 2)) for each in parts])
    picture = read(jp2((66, 42), stream, color(SRGB)))
    assert (picture.probe.width, picture.probe.height) == SIZE
    assert picture.image.tobytes() == Image.merge("RGB", parts).tobytes()


def test_opacity_of_fewer_samples():
    coarse = ramp(samples_of(SIZE, (2, 2), (0, 0)))
    parts = [ramp(SIZE), ramp(SIZE, across=False), ramp(SIZE, 200, 20)]
    stream = codestream(SIZE, [*map(Part, parts), Part(coarse, (2, 2))])
    picture = read(jp2(SIZE, stream, color(SRGB)))
    alpha = spread(coarse, SIZE, (2, 2), (0, 0))
    assert picture.image.getchannel("A").tobytes() == alpha.tobytes()


@pytest.mark.parametrize("depth", range(1, 9))
def test_grey_of_few_bits(depth: int):
    most = (1 << depth) - 1
    samples = ramp(SIZE, 0, most)
    picture = read(jp2(SIZE, codestream(SIZE, [Part(samples, depth=depth)]), color(GREY)))
    wanted = bytes(round(value * 255 / most) for value in samples.tobytes())
    assert picture.image.mode == "L"
    assert picture.image.tobytes() == wanted


def deep(samples: Image.Image, depth: int) -> Image.Image:
    """Return samples of 8 bits as such of 9 to 16, the lower bits like the higher ones."""
    return (
        samples.convert("I").point(lambda value: value * ((1 << depth) - 1) / 255).convert("I;16")
    )


@pytest.mark.parametrize("depth", range(9, 17))
@pytest.mark.parametrize("count", [1, 3])
def test_more_than_eight_bits_keep_their_range(depth: int, count: int):
    samples = [ramp(SIZE), ramp(SIZE, across=False), ramp(SIZE, 200, 20)][:count]
    parts = [Part(deep(each, depth), depth=depth) for each in samples]
    picture = read(jp2(SIZE, codestream(SIZE, parts), color(SRGB if count == 3 else GREY)))
    for channel, wanted in zip(picture.image.split(), samples, strict=True):
        pairs = zip(channel.tobytes(), wanted.tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= 1


def test_components_of_different_depths():
    samples = [ramp(SIZE), ramp(SIZE, across=False), ramp(SIZE, 0, 15)]
    parts = [Part(samples[0]), Part(deep(samples[1], 12), depth=12), Part(samples[2], depth=4)]
    picture = read(jp2(SIZE, codestream(SIZE, parts), color(SRGB)))
    red, green, blue = picture.image.split()
    assert red.tobytes() == samples[0].tobytes()
    assert blue.tobytes() == bytes(17 * value for value in samples[2].tobytes())
    pairs = zip(green.tobytes(), samples[1].tobytes(), strict=True)
    assert max(abs(a - b) for a, b in pairs) <= 1


@pytest.mark.parametrize("signed", [(False, True, True), (True, True, True), (True, False, False)])
def test_signed_components(signed: tuple[bool, ...]):
    samples = [ramp(SIZE), ramp(SIZE, across=False), ramp(SIZE, 200, 20)]
    parts = [Part(each, is_signed=sign) for each, sign in zip(samples, signed, strict=True)]
    picture = read(jp2(SIZE, codestream(SIZE, parts), color(SYCC)))
    assert picture.image.tobytes() == Image.merge("YCbCr", samples).convert("RGB").tobytes()


@pytest.mark.parametrize("size", [(1000, 872), (999, 871), (1001, 873)])
def test_half_of_chroma_with_fewer_samples(size: Size):
    stream, seen = sampled(size, (2, 2), Grid())
    data = jp2(size, stream, color(SYCC))
    whole = (
        Image.merge("YCbCr", seen).convert("RGB").resize((200, round(200 * size[1] / size[0])), 3)
    )
    part = read_picture(data, "jpeg2000", LIMITS, widest=200)
    assert (part.probe.width, part.probe.height) == size
    pairs = zip(part.image.tobytes(), whole.tobytes(), strict=True)
    assert max(abs(a - b) for a, b in pairs) <= 6
