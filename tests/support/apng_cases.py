"""Animated PNGs whose frames are known, and a matrix of all that their pixels and fields can be."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.media.animation_files import (
    BACKGROUND,
    GREY,
    GREY_ALPHA,
    INDEXED,
    NONE,
    OVER,
    PREVIOUS,
    RGB,
    RGBA,
    SOURCE,
    Chunk,
    PngFrame,
    PngKind,
    apng_chunks,
    chunk,
    fill,
    write_apng,
)
from tests.support.animation_cases import FIRST, LETTERS, SIZE, AnimationCase

RED, GREEN, BLUE, WHITE, CLEAR = (bytes(LETTERS[each]) for each in "RGBW.")
FRAMES = fill(SIZE, RED), fill((2, 2), GREEN), fill((2, 2), BLUE, at=(2, 2))
SHOWN = FIRST, "GGRR/GGRR/RRRR/RRRR", "GGRR/GGRR/RRBB/RRBB"


def apng_cases() -> Iterator[AnimationCase]:
    """Build those whose frames are drawn."""
    yield from _operations()
    yield from _orders()
    yield from _ends()


def _case(name: str, data: bytes, *frames: str, plays: int = 0) -> AnimationCase:
    return AnimationCase(name, "png", data, frames, plays)


def _operations() -> Iterator[AnimationCase]:
    first, second, third = FRAMES
    after = {
        NONE: SHOWN[2],
        BACKGROUND: "..RR/..RR/RRBB/RRBB",
        PREVIOUS: "RRRR/RRRR/RRBB/RRBB",
    }
    for dispose, last in after.items():
        data = write_apng(SIZE, [first, replace(second, dispose=dispose), third])
        yield _case(f"dispose {dispose}", data, *SHOWN[:2], last)
    for dispose in (BACKGROUND, PREVIOUS):
        data = write_apng(SIZE, [replace(first, dispose=dispose), second, third])
        shown = "GG../GG../..../....", "GG../GG../..BB/..BB"
        yield _case(f"first frame's dispose {dispose}", data, FIRST, *shown)
    restored = replace(second, dispose=PREVIOUS)
    yield _case(
        "restored twice",
        write_apng(SIZE, [first, restored, replace(restored, at=(1, 0)), third]),
        FIRST, SHOWN[1], "RGGR/RGGR/RRRR/RRRR", after[PREVIOUS],
    )  # fmt: skip
    hole = fill((2, 2), CLEAR)
    cleared = "..RR/..RR/RRRR/RRRR"
    yield _case("a hole that replaces", write_apng(SIZE, [first, hole]), FIRST, cleared)
    over = replace(hole, blend=OVER)
    yield _case("a hole that is laid over", write_apng(SIZE, [first, over]), FIRST, FIRST)
    delays = zip(FRAMES, ((5, 0), (0, 7), (3, 4)), strict=True)
    timed = write_apng(SIZE, [replace(frame, delay=delay) for frame, delay in delays])
    yield replace(_case("delays", timed, *SHOWN), delays=(50, 0, 750))
    yield _case("plays", write_apng(SIZE, FRAMES, plays=3), *SHOWN, plays=3)
    white = fill(SIZE, WHITE)
    yield _case("another picture", write_apng(SIZE, FRAMES, default=white), *SHOWN)
    small = write_apng(SIZE, FRAMES[1:], default=white)
    yield _case("another picture, small frames", small, *(
        "GG../GG../..../....", "GG../GG../..BB/..BB"
    ))  # fmt: skip


def join(chunks: Sequence[Chunk]) -> bytes:
    """Return a PNG of chunks."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def place(chunks: Sequence[Chunk], kind: bytes, number: int = 0) -> int:
    """Return where a chunk of a kind stands."""
    return [at for at, each in enumerate(chunks) if each[0] == kind][number]


def _orders() -> Iterator[AnimationCase]:
    chunks = apng_chunks(SIZE, FRAMES)
    head, counts, control, *others = chunks
    yield _case("acTL after fcTL", join([head, control, counts, *others]), *SHOWN)
    second = (b"acTL", struct.pack(">II", 2, 7))
    yield _case("acTL twice", join([head, counts, second, control, *others]), *SHOWN)
    fewer = (b"acTL", struct.pack(">II", 2, 0))
    yield _case("fewer frames said", join([head, fewer, control, *others]), *SHOWN[:2])
    text = (b"tEXt", b"Author\0a")
    between = place(chunks, b"fdAT")
    for name, at in (("a frame's data", between), ("frames", between + 1)):
        yield _case(f"text before {name}", join([*chunks[:at], text, *chunks[at:]]), *SHOWN)
    parts = [(b"IDAT", bytes((byte,))) for byte in chunks[place(chunks, b"IDAT")][1]]
    data = join([*chunks[: place(chunks, b"IDAT")], *parts, *chunks[place(chunks, b"IDAT") + 1 :]])
    yield _case("pixels byte by byte", data, *SHOWN)
    damaged = bytearray(join(chunks))
    at = damaged.index(b"fdAT")
    damaged[at + 4 + struct.unpack_from(">I", damaged, at - 4)[0]] ^= 0xFF
    yield _case("a wrong checksum of pixels", bytes(damaged), *SHOWN)
    yield _case("without an end", join(chunks[:-1]), *SHOWN)
    yield _case("without its last checksum", join(chunks[:-1])[:-4], *SHOWN)


def _ends() -> Iterator[AnimationCase]:
    """Those whose second or third frame is not right, where browsers end the animation."""
    chunks = apng_chunks(SIZE, FRAMES)
    third = place(chunks, b"fcTL", 2)
    names = "number", "width", "height", "left", "top", "part", "whole", "dispose", "blend"

    def altered(at: int, **fields: int) -> bytes:
        found = dict(zip(names, struct.unpack(">5I2H2B", chunks[at][1]), strict=True)) | fields
        return join(
            [*chunks[:at], (b"fcTL", struct.pack(">5I2H2B", *found.values())), *chunks[at + 1 :]]
        )

    for field, value in (
        ("left", 3), ("top", 3), ("left", 2**31), ("width", 8), ("width", 0), ("height", 0),
        ("number", 9), ("number", 0), ("dispose", 3), ("blend", 2),
    ):  # fmt: skip
        yield _case(f"third {field} {value}", altered(third, **{field: value}), *SHOWN[:2])
    damaged = bytearray(altered(third))
    damaged[damaged.rindex(b"fcTL") + 4 + 26] ^= 0xFF
    yield _case("a wrong checksum of fcTL", bytes(damaged), *SHOWN[:2])
    without = [each for at, each in enumerate(chunks) if at != third + 1]
    yield _case("a frame without pixels", join(without), *SHOWN[:2])


Pixels = tuple[PngKind, bytes, bytes]
"""A kind, and the samples of two of its pixels."""


def _kinds() -> Iterator[tuple[str, Pixels]]:
    """Yield each colour type and depth: an opaque pixel, and one that is not where there can be."""
    for depth in (1, 2, 4, 8, 16):
        high, low = (1 << depth) - 1, (1 << depth) // 3
        one, other = _samples(high, depth), _samples(low, depth)
        yield f"grey {depth}", (PngKind(GREY, depth), one, other)
        grey_key = (b"tRNS", struct.pack(">H", low))
        yield f"grey {depth} tRNS", (PngKind(GREY, depth, (grey_key,)), one, other)
    for depth in (1, 2, 4, 8):
        colors = (b"PLTE", bytes((30, 30, 220, 220, 30, 30)))
        yield f"palette {depth}", (PngKind(INDEXED, depth, (colors,)), b"\0", b"\1")
        half = (b"tRNS", bytes((255, 128)))
        yield f"palette {depth} tRNS", (PngKind(INDEXED, depth, (colors, half)), b"\0", b"\1")
    for depth in (8, 16):
        one, other = (
            b"".join(_samples(value * ((1 << depth) - 1) // 255, depth) for value in color)
            for color in ((30, 30, 220), (220, 30, 30))
        )
        yield f"RGB {depth}", (PngKind(RGB, depth), one, other)
        key = ((b"tRNS", b"".join(bytes(2 - depth // 8) + other[at : at + depth // 8]
               for at in range(0, len(other), depth // 8))),)  # fmt: skip
        yield f"RGB {depth} tRNS", (PngKind(RGB, depth, key), one, other)
        full, soft, grey = (
            _samples(value * ((1 << depth) - 1) // 255, depth) for value in (255, 128, 90)
        )
        yield f"RGBA {depth}", (PngKind(RGBA, depth), one + full, other + soft)
        yield f"grey alpha {depth}", (PngKind(GREY_ALPHA, depth), full + full, grey + soft)


def _samples(value: int, depth: int) -> bytes:
    return value.to_bytes(2 if depth == 16 else 1, "big")


def _solid(size: tuple[int, int], kind: PngKind, pixel: bytes, **more: object) -> PngFrame:
    if kind.depth >= 8:
        return fill(size, pixel, **more)
    row = int(f"{pixel[0]:0{kind.depth}b}" * size[0], 2)
    row_bytes = kind.row_bytes(size[0])
    row <<= 8 * row_bytes - kind.depth * size[0]
    return replace(PngFrame(size, row.to_bytes(row_bytes, "big") * size[1]), **more)  # type: ignore[arg-type]


def matrix() -> Iterator[tuple[str, bytes]]:
    """Build every kind of pixels with every operation: opaque, other, opaque again."""
    for name, (kind, one, other) in _kinds():
        for dispose in (NONE, BACKGROUND, PREVIOUS):
            for blend in (SOURCE, OVER):
                frames = [
                    _solid((5, 5), kind, one),
                    _solid((3, 4), kind, other, at=(1, 0), dispose=dispose, blend=blend),
                    _solid((3, 3), kind, other, at=(2, 2), blend=blend),
                    _solid((2, 2), kind, one, at=(2, 2), blend=blend),
                ]
                yield f"{name}, dispose {dispose}, blend {blend}", write_apng((5, 5), frames, kind)
